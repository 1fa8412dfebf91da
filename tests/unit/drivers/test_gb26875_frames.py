"""The published frames, byte for byte; and whatever else a wire may bring."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import _gb26875_frames as codec
from drivers._gb26875_frames import Command, Frame, FrameError
from tests.unit.drivers.gb26875_vectors import FRAMES, by_hand, sealed

SHANGHAI = timezone(timedelta(hours=8))


@pytest.mark.parametrize("name", FRAMES)
def test_published_frames(name: str) -> None:
    """Each is as long as it says, its check is right by hand, and it comes back byte for byte."""
    raw = FRAMES[name]
    assert raw[-3] == by_hand(raw)
    assert len(raw) == 30 + raw[24] + 256 * raw[25]
    frame = codec.parsed(raw)
    assert (frame.sequence, frame.command, frame.data) == (1, raw[26], raw[27:-3])
    assert {frame.source, frame.destination} == {88888, 889}
    assert frame.packed() == raw
    assert codec.find(raw + b"@@") == codec.Piece(len(raw), frame)


def test_an_answer_turns_the_addresses_round() -> None:
    """And keeps the sequence: the published confirmation comes out."""
    raw = FRAMES["mains fault"]
    answer = codec.parsed(raw).answered(Command.CONFIRM, FRAMES["confirm"][6:12])
    assert answer.packed() == FRAMES["confirm"]
    assert codec.parsed(raw).answered(Command.DENY, FRAMES["deny"][6:12]).packed() == FRAMES["deny"]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (FRAMES["mains fault"][:-3] + b"\x43##", "crc"),
        (FRAMES["mains fault"][:-2] + b"#$", "end"),
        (sealed(f"{FRAMES['confirm'][:26].hex()} 07"), "command"),
        (sealed(f"{FRAMES['confirm'][:26].hex()} 80"), "command"),
        (sealed(f"{FRAMES['confirm'][:24].hex()} 01 04 03"), "length"),
    ],
)
def test_what_must_be_denied(raw: bytes, why: str) -> None:
    """Wrong sum, unknown command, too long, wrong end: the head says whom to tell."""
    piece = codec.find(raw)
    assert piece is not None
    assert piece.frame is None
    assert piece.why == why
    assert piece.denied is not None
    assert piece.denied.sequence == 1
    with pytest.raises(FrameError, match=why):
        codec.parsed(raw)


@pytest.mark.parametrize("junk", [b"", b"@", b"xyz", b"@@", FRAMES["smoke"][:40], FRAMES["confirm"][:-3] + b"\x00##"])
def test_the_next_frame_is_found_behind_anything(junk: bytes) -> None:
    """Half a frame swallows none of those behind it."""
    received, found = junk + FRAMES["smoke"], []
    while received and (piece := codec.find(received)):
        found.append(piece.frame)
        received = received[piece.used :]
    assert found[-1] == codec.parsed(FRAMES["smoke"])
    assert not received


def test_half_a_frame_is_waited_for() -> None:
    """At any byte."""
    raw = FRAMES["sync"]
    assert all(codec.find(raw[:at]) is None for at in range(1, len(raw)))


def test_exclusive_or() -> None:
    """One maker's check: of the same bytes, another one."""
    raw = codec.parsed(FRAMES["sync"]).packed("xor")
    check = 0
    for byte in raw[2:-3]:
        check ^= byte
    assert raw[-3] == check
    assert codec.parsed(raw, "xor") == codec.parsed(FRAMES["sync"])
    piece = codec.find(raw)
    assert piece is not None
    assert piece.why == "crc"


def test_times() -> None:
    """On the wall of the site; nonsense is no time."""
    stamp = bytes.fromhex("02 3A 09 1A 09 0C")
    at = codec.instant(stamp, SHANGHAI)
    assert at is not None
    assert at.isoformat() == "2012-09-26T09:58:02+08:00"
    assert codec.stamped(at) == stamp
    assert codec.instant(bytes(6), UTC) is None
    assert codec.instant(b"\x02\x3a\x09\x1f\x02\x0c", UTC) is None, "the 31st of February"
    assert codec.instant(b"\x02\x3a\x09\x01\x02\x64", UTC) is None, "year 100"
    with pytest.raises(ValueError, match="1999"):
        codec.stamped(datetime(1999, 1, 1, tzinfo=UTC))


def test_what_cannot_be_said() -> None:
    """Too much data, an address that is none, a sequence that is none."""
    for wrong in ({"data": bytes(1025)}, {"source": 1 << 48}, {"sequence": 65536}, {"destination": -1}):
        with pytest.raises(ValueError, match=r"\d"):
            Frame(**({"sequence": 0, "command": 2, "source": 1, "destination": 2} | wrong)).packed()


@given(st.binary(max_size=1024), st.integers(0, 65535), st.integers(0, 2**48 - 1), st.sampled_from(Command))
def test_round_trip(data: bytes, sequence: int, address: int, command: Command) -> None:
    """Whatever is said is understood."""
    frame = Frame(sequence=sequence, command=command, source=address, destination=7, data=data)
    assert codec.parsed(frame.packed()) == frame
    assert len(frame.packed()) == 30 + len(data)
    assert frame.packed()[-3] == by_hand(frame.packed())


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(list(FRAMES.values())), st.just(b"@@"))))
def test_any_bytes(parts: list[bytes]) -> None:
    """Nothing raises, nothing stands still, nothing is kept that is longer than a frame."""
    received, calls = b"".join(parts), 0
    most = len(received) + 1
    while received and (piece := codec.find(received)):
        assert 0 < piece.used <= len(received)
        if piece.frame is not None:
            assert piece.frame.packed() == received[: piece.used]
        received, calls = received[piece.used :], calls + 1
        assert calls <= most
    assert len(received) < codec.LONGEST
