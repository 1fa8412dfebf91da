"""What stands in the published frames, limits, and texts that end within a character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import _gb26875_units as units
from drivers._gb26875_frames import MOST_DATA, FrameError
from drivers._gb26875_units import DeviceState, Did, Object, State, Type
from tests.unit.drivers.gb26875_vectors import FRAMES, TIME

STAMP = bytes.fromhex(TIME)
SAID = {
    "mains fault": (Type.DEVICE_STATE, Object(state=DeviceState.MAINS, stamp=STAMP)),
    "guard answered": (Type.DEVICE_OPERATION, Object(state=Did.ANSWERED, value=1, stamp=STAMP)),
    "version": (Type.DEVICE_VERSION, Object(value=1, minor=1)),
    "device time": (Type.DEVICE_TIME, Object(stamp=STAMP)),
    "read state": (Type.READ_DEVICE_STATE, Object()),
    "initialise": (Type.INITIALISE, Object()),
    "sync": (Type.SYNC_CLOCK, Object(stamp=STAMP)),
    "guard check": (Type.GUARD_CHECK, Object(value=10)),
}


@pytest.mark.parametrize("name", SAID)
def test_published_units(name: str) -> None:
    """Both ways."""
    kind, one = SAID[name]
    data = FRAMES[name][27:-3]
    assert units.parsed(data) == (kind, (one,))
    assert units.packed(kind, [one]) == data


def test_the_published_smoke_alarm() -> None:
    """System 1, address 1, a smoke head, number 2 in zone 10, fire; its text is thirty spaces."""
    data = FRAMES["smoke"][27:-3]
    place = units.place(10, 2)
    assert place.to_bytes(4, "little") == bytes.fromhex("0A 00 02 00")
    assert units.halves(place) == "10-2"
    smoke = Object(system=1, address=1, component=40, place=place, state=State.FIRE, text=" " * 30, stamp=STAMP)
    assert units.packed(Type.COMPONENT_STATE, [smoke]) == data
    assert units.parsed(data) == (Type.COMPONENT_STATE, (smoke._replace(text=""),))


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("12栋3层", b"12" + bytes.fromhex("B6B0") + b"3" + bytes.fromhex("B2E3")),
        ("火" * 16, bytes.fromhex("BBF0") * 15),
        ("火" * 15 + "a", bytes.fromhex("BBF0") * 15 + b"a"),
        ("𠀀" * 8, bytes.fromhex("95328236") * 7),
        ("", b""),
    ],
)
def test_texts_are_cut_at_a_character(text: str, raw: bytes) -> None:
    """31 bytes hold fifteen characters of two bytes, or seven of four."""
    assert units.cut(text, units.TEXT) == raw
    assert units.plain(raw + bytes(3) + b"junk") == text[: len(units.plain(raw))]


def test_broken_text_does_not_hide_a_fire() -> None:
    """Half a character, a control character: shown as such."""
    assert units.plain(b"\xb6\x07\xff\0") == "\ufffd\ufffd\ufffd"


@pytest.mark.parametrize(
    ("kind", "most"), [(1, 102), (2, 22), (3, 63), (4, 102), (7, 26), (24, 127), (61, 102), (67, 26)]
)
def test_the_standards_limits(kind: int, most: int) -> None:
    """So many objects fit, in no more than 1024 bytes, and one more is refused both ways."""
    one = Object(stamp=STAMP)
    data = units.packed(kind, [one] * most)
    assert len(data) <= MOST_DATA
    assert len(units.parsed(data)[1]) == most
    with pytest.raises(ValueError, match="holds 1 to"):
        units.packed(kind, [one] * (most + 1))
    with pytest.raises(FrameError, match="holds 1 to"):
        units.parsed(bytes((kind, most + 1)) + data[2:])
    assert [len(part) > 2 for part in units.groups(kind, [one] * (most + 1))] == [True, True]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "0 bytes"),
        ("63 01 00", "type 99"),
        ("01 00", "0 objects"),
        ("01 01 00 00 00 00", "ends within"),
        ("01 02 00 00 00 00 02 3A 09 1A 09 0C", "ends within"),
        ("51 01 00 00", "1 bytes behind"),
        ("06 01 01 01 09 41", "ends within"),
    ],
)
def test_what_is_no_unit(data: str, why: str) -> None:
    """Too short, too long, not known."""
    with pytest.raises(FrameError, match=why):
        units.parsed(bytes.fromhex(data))


def test_long_texts_and_reserved_bytes() -> None:
    """Configurations carry a length; clock and guard check may come with the standard's one byte 0."""
    two = [Object(system=1, address=1, text="主机"), Object(system=1, address=2, text="")]
    data = units.packed(Type.SYSTEM_CONFIG, two)
    assert data == bytes.fromhex("06 02 01 01 04 D6F7 BBFA 01 02 00")
    assert units.parsed(data) == (Type.SYSTEM_CONFIG, tuple(two))
    assert units.parsed(bytes.fromhex("5A 01 00")) == (Type.SYNC_CLOCK, (Object(),))


@pytest.mark.parametrize("wrong", [Object(system=256, stamp=STAMP), Object(), Object(state=-1, stamp=STAMP)])
def test_what_cannot_be_said(wrong: Object) -> None:
    """Out of its bytes, or without a time."""
    with pytest.raises(ValueError, match="type 1"):
        units.packed(Type.SYSTEM_STATE, [wrong])


@pytest.mark.parametrize("kind", range(61, 69))
def test_a_request_with_one_reserved_byte_is_one_for_all(kind: int) -> None:
    """Most requests of the field carry one byte 0 and no objects."""
    assert units.parsed(bytes((kind, 1, 0))) == (kind, ())
    assert units.packed(kind, []) == bytes((kind, 1, 0))
    with pytest.raises(FrameError):
        units.parsed(bytes((kind, 1, 7)))


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """A unit or FrameError; a unit that is understood can be said again, as far as its texts can."""
    try:
        kind, objects = units.parsed(data)
    except FrameError:
        return
    if all("\ufffd" not in each.text and (each.stamp or kind != Type.SYNC_CLOCK) for each in objects):
        assert units.parsed(units.packed(kind, objects)) == (kind, objects)
