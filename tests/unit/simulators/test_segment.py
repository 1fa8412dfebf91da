import pytest

from simulators.clock import HandClock
from simulators.segment import Pace, Segment


class Ends:
    """Both ends of a wire, and when each byte arrived there."""

    def __init__(self, clock: HandClock, pace: Pace) -> None:
        self.frames: list[tuple[float, bytes]] = []
        self.bytes: list[tuple[float, int]] = []
        self.start = clock.now()
        self.wire = Segment(
            clock,
            pace,
            lambda frame: self.frames.append((clock.now() - self.start, frame)),
            lambda data: self.bytes.extend((clock.now() - self.start, byte) for byte in data),
        )

    @property
    def heard(self) -> bytes:
        return bytes(byte for _, byte in self.bytes)


@pytest.mark.parametrize(
    ("baud", "form", "bits"),
    [(9600, "8N1", 10), (9600, "8E1", 11), (1200, "8N2", 11), (115200, "8O1", 11), (300, "7E1", 10), (9600, "8E2", 12)],
)
def test_a_character_takes_its_bits(baud: int, form: str, bits: int) -> None:
    assert Pace(baud, form).character == pytest.approx(bits / baud)


def test_a_request_is_heard_when_its_last_character_and_the_silence_are_over(clock: HandClock) -> None:
    ends = Ends(clock, Pace(9600))
    ends.wire.from_host(bytes(8))
    clock.advance(1)
    ((when, frame),) = ends.frames
    assert frame == bytes(8)
    assert when == pytest.approx(8 * 10 / 9600 + 3.5 * 11 / 9600)


def test_pieces_of_a_request_become_one_frame_and_a_pause_makes_two(clock: HandClock) -> None:
    ends = Ends(clock, Pace(9600))
    ends.wire.from_host(b"ab")
    clock.advance(0.003)
    ends.wire.from_host(b"cd")
    clock.advance(0.02)
    ends.wire.from_host(b"ef")
    clock.advance(0.02)
    assert [frame for _, frame in ends.frames] == [b"abcd", b"ef"]


def test_an_answer_arrives_character_by_character(clock: HandClock) -> None:
    ends = Ends(clock, Pace(9600))
    ends.wire.from_unit(b"0123456789", clock.now() + 0.005)
    clock.advance(1)
    assert ends.heard == b"0123456789"
    times = [when for when, _ in ends.bytes]
    assert times == pytest.approx([0.005 + n * 10 / 9600 for n in range(1, 11)])


def test_a_fast_line_hands_over_in_small_chunks_and_ends_on_time(clock: HandClock) -> None:
    ends = Ends(clock, Pace(115200))
    ends.wire.from_unit(bytes(100), clock.now())
    clock.advance(1)
    times = [when for when, _ in ends.bytes]
    assert times[-1] == pytest.approx(100 * 10 / 115200)
    assert len(set(times)) == 10  # eleven characters at a time


def test_without_pace_an_answer_takes_no_time(clock: HandClock) -> None:
    ends = Ends(clock, Pace(1200, real=False))
    ends.wire.from_unit(bytes(200), clock.now())
    clock.advance(0)
    assert len(ends.bytes) == 200


def test_a_host_that_speaks_into_an_answer_hears_and_says_nonsense(clock: HandClock) -> None:
    ends = Ends(clock, Pace(9600))
    ends.wire.from_unit(b"answer", clock.now())
    clock.advance(0.0025)
    ends.wire.from_host(b"request!")
    clock.advance(1)
    assert ends.wire.collisions == 1
    assert ends.heard[:2] == b"an"
    assert ends.heard != b"answer"
    assert len(ends.heard) == 6
    assert [frame for _, frame in ends.frames] != [b"request!"]


def test_a_late_answer_that_begins_inside_a_request_spoils_both(clock: HandClock) -> None:
    ends = Ends(clock, Pace(9600))
    ends.wire.from_unit(b"late", clock.now() + 0.004)
    ends.wire.from_host(b"request!")
    clock.advance(1)
    assert ends.wire.collisions == 1
    assert ends.heard != b"late"
    assert ends.frames[0][1] != b"request!"


def test_speaking_one_after_the_other_is_no_collision(clock: HandClock) -> None:
    ends = Ends(clock, Pace(9600))
    for _ in range(3):
        ends.wire.from_host(b"request!")
        clock.advance(0.012)
        ends.wire.from_unit(b"answer", clock.now())
        clock.advance(0.02)
    assert ends.wire.collisions == 0
    assert ends.heard == b"answer" * 3


def test_a_frame_without_end_is_bounded(clock: HandClock) -> None:
    ends = Ends(clock, Pace(9600))
    for _ in range(100):
        ends.wire.from_host(bytes(200))
    clock.advance(60)
    assert len(ends.frames[0][1]) <= 4096 + 200


def test_unplugging_forgets_what_was_under_way(clock: HandClock) -> None:
    ends = Ends(clock, Pace(9600))
    ends.wire.from_host(b"request!")
    ends.wire.from_unit(b"answer", clock.now() + 0.5)
    ends.wire.clear()
    clock.advance(2)
    assert not ends.frames
    assert not ends.bytes
