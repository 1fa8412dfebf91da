"""Frames are found behind any noise, in any pieces, and only they: the two protocols share a line."""

from hypothesis import example, given
from hypothesis import strategies as st

from drivers._meter_frames import CJT188, DLT645, Finder, sealed
from gatehouse.driver import Found

ASKED = bytes.fromhex("68 61 01 00 00 00 00 68 11 04 33 34 34 35 17 16")
VOLTS = bytes.fromhex("68 61 01 00 00 00 00 68 91 06 33 34 34 35 34 43 10 16")
WATER = bytes.fromhex(
    "68 10 44 33 22 11 00 33 78 81 16 1F 90 00 00 77 66 55 2C 00 77 66 55 2C 31 01 22 11 05 15 20 21 84 13 16"
)
ELSE = bytes.fromhex("68 61 01 00 00 00 00 68 91 08 33 33 34 33 59 33 33 33 8A 16")
MODBUS = bytes.fromhex("01 04 02 09 BF FE D0")


def finder() -> Finder:
    return Finder(DLT645, ASKED, lambda frame: frame == VOLTS, lambda frame: frame.startswith(VOLTS[:8]))


def heard(stream: bytes, piece: int = 10_000) -> tuple[list[bytes], list[str]]:
    """What is found in a stream that arrives in pieces."""
    find, received, answers, junk = finder().find, b"", [], []
    for at in range(0, len(stream), piece):
        received += stream[at : at + piece]
        while received and (found := find(received)) is not None:
            assert 0 < found.used <= len(received)
            received = received[found.used :]
            if found.answer is None:
                junk.append(found.why)
            else:
                answers.append(found.answer)
    return answers, junk


def test_an_answer_behind_any_number_of_wakeup_bytes() -> None:
    for count in (0, 1, 4, 13, 60):
        assert heard(b"\xfe" * count + VOLTS) == ([VOLTS], [])
    assert finder().find(b"\xfe" * 4) is None
    assert heard(b"\xfe" * 300 + VOLTS)[0] == [VOLTS]


def test_everything_is_called_by_its_right_name() -> None:
    assert heard(b"\xfe" * 4 + ASKED + b"\xfe" * 2 + VOLTS) == ([VOLTS], ["echo"])
    assert heard(WATER + ELSE + VOLTS) == ([VOLTS], ["foreign", "foreign"])
    assert heard(VOLTS[:-2] + b"\x11\x16" + VOLTS) == ([VOLTS], ["crc"])
    assert heard(VOLTS[:-1] + b"\x17" + VOLTS) == ([VOLTS], ["crc"])
    assert heard(b"\x00\xff" + VOLTS) == ([VOLTS], ["noise"])
    answers, junk = heard(MODBUS + VOLTS)
    assert (answers, set(junk)) == ([VOLTS], {"noise"})


def test_half_an_answer_does_not_hold_up_a_whole_one() -> None:
    for cut in range(1, len(VOLTS)):
        assert heard(VOLTS[:cut] + VOLTS)[0] == [VOLTS], cut


def test_a_beginning_in_noise_that_promises_a_long_frame_does_not_hold_up_an_answer() -> None:
    promises = bytes.fromhex("68 12 12 12 12 12 12 68 91 C0 12")
    assert finder().find(promises) is None
    assert heard(promises + VOLTS)[0] == [VOLTS]


def test_what_cannot_become_a_frame_is_not_waited_for() -> None:
    assert DLT645.whole(bytes.fromhex("68 61 01 00 00 00 00 67")) == 0
    assert DLT645.whole(bytes.fromhex("68 61 01 00 00 00 00 68 91 C9")) == 0
    assert CJT188.whole(bytes.fromhex("68 10 44 33 22 11 00 33 78 81 65")) == 0
    assert CJT188.whole(WATER[:-1]) == -1
    assert CJT188.whole(WATER + b"\0") == len(WATER)


def test_it_forgets_what_is_too_much() -> None:
    found = finder().find(b"\x68" * 700)
    assert found is not None
    assert found.answer is None
    assert heard(b"\x68" * 5000 + VOLTS)[0] == [VOLTS]


def test_beginnings_without_end_are_thrown_away_in_a_few_steps() -> None:
    """A line that babbles 68 must not keep the others waiting."""
    for flood in (b"\x68" * 640, b"\x68\x00" * 320, b"\x68" + bytes(6)):
        answers, junk = heard(flood + VOLTS)
        assert answers == [VOLTS]
        assert len(junk) < 8
    assert len(heard(b"\x68" * 600, 1)[1]) < 600


def test_a_sealed_frame_is_the_published_one() -> None:
    assert sealed(ASKED[:-2], 4) == b"\xfe" * 4 + ASKED


FRAMES = st.sampled_from([VOLTS, ELSE, WATER, MODBUS, ASKED, b"\xfe" * 4, VOLTS[:9], b"\x68"])
PIECES = st.lists(st.one_of(FRAMES, st.binary(max_size=9)), max_size=12)


@given(pieces=PIECES, size=st.integers(1, 40))
@example(pieces=[b"\x68\x00\x00\x00\x00\x00\x00\x68\x00\xc8", VOLTS], size=1)
def test_in_any_pieces_the_same_answers(pieces: list[bytes], size: int) -> None:
    """All answers that were sent whole are found, once each, whatever stands between them; and nothing else is."""
    stream = b"".join(pieces)
    assert heard(stream, size)[0] == [VOLTS] * stream.count(VOLTS)


@given(st.binary(max_size=600))
def test_rubbish_never_raises_and_never_stands_still(stream: bytes) -> None:
    assert heard(stream)[0] == []


@given(at=st.integers(0, len(VOLTS) - 1), to=st.integers(0, 255))
def test_one_wrong_byte_never_makes_an_answer(at: int, to: int) -> None:
    changed = bytearray(VOLTS)
    changed[at] = to
    find = Finder(DLT645, ASKED, lambda frame: frame.startswith(VOLTS[:8]), lambda frame: True).find
    found = find(bytes(changed))
    assert bytes(changed) == VOLTS or found is None or found.answer is None


def test_the_same_bytes_are_an_answer_to_one_protocol_only() -> None:
    water = Finder(CJT188, b"", lambda frame: True, lambda frame: True)
    assert water.find(WATER) == Found(len(WATER), WATER)
    assert finder().find(WATER) == Found(len(WATER), why="foreign")
    assert water.find(VOLTS) == Found(len(VOLTS), why="foreign")
