"""Data units of GB/T 26875.3-2011: what stands in the data of a frame. Type, number of objects, the objects."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum, IntFlag
from types import MappingProxyType
from typing import NamedTuple

from drivers._gb26875_frames import MOST_DATA, FrameError

TEXT = 31
"""Bytes of a component's text, GB 18030."""
_STAMP = 6


class Type(IntEnum):
    """What a data unit is about. 1 to 28 go up to the centre, 61 to 91 down to the device."""

    SYSTEM_STATE, COMPONENT_STATE, ANALOG, OPERATION = 1, 2, 3, 4
    VERSION, SYSTEM_CONFIG, COMPONENT_CONFIG, SYSTEM_TIME = 5, 6, 7, 8
    DEVICE_STATE, DEVICE_OPERATION, DEVICE_VERSION, DEVICE_CONFIG, DEVICE_TIME = 21, 24, 25, 26, 28
    READ_SYSTEM_STATE, READ_COMPONENT_STATE, READ_ANALOG, READ_OPERATION = 61, 62, 63, 64
    READ_VERSION, READ_SYSTEM_CONFIG, READ_COMPONENT_CONFIG, READ_SYSTEM_TIME = 65, 66, 67, 68
    READ_DEVICE_STATE, READ_DEVICE_OPERATION, READ_DEVICE_VERSION = 81, 84, 85
    READ_DEVICE_CONFIG, READ_DEVICE_TIME = 86, 88
    INITIALISE, SYNC_CLOCK, GUARD_CHECK = 89, 90, 91


class State(IntFlag):
    """Bits of a system; those up to DELAYED are a component's too, in which 8 is its supply."""

    NORMAL, FIRE, FAULT, SHIELDED, SUPERVISE, STARTED, FEEDBACK, DELAYED = 1, 2, 4, 8, 16, 32, 64, 128
    MAINS, BATTERY, BUS, MANUAL, CONFIGURED, RESET = 256, 512, 1024, 2048, 4096, 8192


class DeviceState(IntFlag):
    """Bits of the transmission device itself."""

    NORMAL, FIRE, FAULT, MAINS, BATTERY, LINK, LINES = 1, 2, 4, 8, 16, 32, 64


class Did(IntFlag):
    """What somebody did, in bits. ANSWERED: of a transmission device, the guard check; of a system, `confirmed`."""

    RESET, SILENCED, MANUAL_ALARM, CLEARED, SELF_TEST, ANSWERED, TEST = 1, 2, 4, 8, 16, 32, 64


class Object(NamedTuple):
    """One object of a data unit; what its type does not have is 0 or empty."""

    system: int = 0
    address: int = 0
    component: int = 0
    place: int = 0
    """Of a component: zone in the low half, number in the high one."""
    state: int = 0
    quantity: int = 0
    """Type of an analog value."""
    value: int = 0
    """Analog value; who operated; minutes of a guard check; how many are asked for."""
    minor: int = 0
    """Of a version, whose major is `value`."""
    text: str = ""
    stamp: bytes = b""
    """When, as six bytes; empty where none was sent."""


class _Form(NamedTuple):
    layout: str
    fields: tuple[str, ...]
    most: int
    stamped: bool = True


_SYSTEM = ("system", "address")
_COMPONENT = (*_SYSTEM, "component", "place")
_PLACE = (*_SYSTEM, "place")
_FORMS: Mapping[int, _Form] = MappingProxyType({
    Type.SYSTEM_STATE: _Form("<BBH", (*_SYSTEM, "state"), 102),
    Type.COMPONENT_STATE: _Form("<BBBIH31s", (*_COMPONENT, "state", "text"), 22),
    Type.ANALOG: _Form("<BBBIBh", (*_COMPONENT, "quantity", "value"), 63),
    Type.OPERATION: _Form("<BBBB", (*_SYSTEM, "state", "value"), 102),
    Type.VERSION: _Form("<BBBB", (*_SYSTEM, "value", "minor"), 1, stamped=False),
    Type.SYSTEM_CONFIG: _Form("<BB", (*_SYSTEM, "text"), 3, stamped=False),
    Type.COMPONENT_CONFIG: _Form("<BBBI31s", (*_COMPONENT, "text"), 26, stamped=False),
    Type.SYSTEM_TIME: _Form("<BB", _SYSTEM, 1),
    Type.DEVICE_STATE: _Form("<B", ("state",), 1),
    Type.DEVICE_OPERATION: _Form("<BB", ("state", "value"), 127),
    Type.DEVICE_VERSION: _Form("<BB", ("value", "minor"), 1, stamped=False),
    Type.DEVICE_CONFIG: _Form("<", ("text",), 1, stamped=False),
    Type.DEVICE_TIME: _Form("<", (), 1),
    Type.READ_SYSTEM_STATE: _Form("<BB", _SYSTEM, 102, stamped=False),
    Type.READ_COMPONENT_STATE: _Form("<BBI", _PLACE, 22, stamped=False),
    Type.READ_ANALOG: _Form("<BBI", _PLACE, 63, stamped=False),
    Type.READ_OPERATION: _Form("<BBB", (*_SYSTEM, "value"), 1),
    Type.READ_VERSION: _Form("<BB", _SYSTEM, 1, stamped=False),
    Type.READ_SYSTEM_CONFIG: _Form("<BB", _SYSTEM, 3, stamped=False),
    Type.READ_COMPONENT_CONFIG: _Form("<BBI", _PLACE, 26, stamped=False),
    Type.READ_SYSTEM_TIME: _Form("<BB", _SYSTEM, 1, stamped=False),
    Type.READ_DEVICE_STATE: _Form("<B", ("value",), 1, stamped=False),
    Type.READ_DEVICE_OPERATION: _Form("<B", ("value",), 1),
    Type.READ_DEVICE_VERSION: _Form("<B", ("value",), 1, stamped=False),
    Type.READ_DEVICE_CONFIG: _Form("<B", ("value",), 1, stamped=False),
    Type.READ_DEVICE_TIME: _Form("<B", ("value",), 1, stamped=False),
    Type.INITIALISE: _Form("<B", ("value",), 1, stamped=False),
    Type.SYNC_CLOCK: _Form("<", (), 1),
    Type.GUARD_CHECK: _Form("<B", ("value",), 1, stamped=False),
})  # fmt: skip
KNOWN = frozenset(_FORMS)
"""Types that are the standard's."""
_WHOLE = frozenset(range(Type.READ_SYSTEM_STATE, Type.READ_SYSTEM_TIME + 1))
"""Requests that some centres send with one reserved byte 0 instead of objects: all that there is."""
_LONG_TEXT = frozenset({Type.SYSTEM_CONFIG, Type.DEVICE_CONFIG})
"""Types that end in one byte of length and a text."""


def most(kind: int) -> int:
    """Objects of this type that one data unit may hold."""
    return _FORMS[kind].most


def packed(kind: int, objects: Sequence[Object]) -> bytes:
    """A data unit; a request without objects is one for all. ValueError when it cannot be said."""
    form = _FORMS.get(kind)
    if kind in _WHOLE and not objects:
        return bytes((kind, 1, 0))
    if form is None or not 0 < len(objects) <= form.most:
        raise ValueError(f"{len(objects)} objects of type {kind}; a data unit holds 1 to {form.most if form else 0}")
    data = bytes((kind, len(objects))) + b"".join(_one(kind, form, each) for each in objects)
    if len(data) > MOST_DATA:
        raise ValueError(f"a data unit of {len(data)} bytes; the most are {MOST_DATA}")
    return data


def _one(kind: int, form: _Form, each: Object) -> bytes:
    values: list[object] = [getattr(each, name) for name in form.fields]
    tail = b""
    if kind in _LONG_TEXT:
        text = cut(str(values.pop()), 255)
        tail = bytes((len(text),)) + text
    elif form.fields and form.fields[-1] == "text":
        values[-1] = cut(str(values[-1]), TEXT)
    if form.stamped:
        if len(each.stamp) != _STAMP:
            raise ValueError(f"type {int(kind)} needs a time of {_STAMP} bytes, not {each.stamp!r}")
        tail += each.stamp
    try:
        return struct.pack(form.layout, *values) + tail
    except struct.error as error:
        raise ValueError(f"type {int(kind)}: {error}") from error


def parsed(data: bytes) -> tuple[int, tuple[Object, ...]]:
    """Type and objects of a data unit; no objects for a request of all. FrameError when it is not whole or known."""
    if len(data) < 2:
        raise FrameError(f"a data unit of {len(data)} bytes")
    kind, number = data[0], data[1]
    form = _FORMS.get(kind)
    if form is None:
        raise FrameError(f"data units of type {kind} are not known")
    if not 0 < number <= form.most:
        raise FrameError(f"{number} objects of type {kind}; a data unit holds 1 to {form.most}")
    if kind in (Type.SYNC_CLOCK, Type.GUARD_CHECK) and len(data) == 3:
        return kind, (Object(value=data[2]),)
    if kind in _WHOLE and data[1:] == b"\x01\x00":
        return kind, ()
    at, objects = 2, list[Object]()
    for _ in range(number):
        one, at = _read(kind, form, data, at)
        objects.append(one)
    if at != len(data):
        raise FrameError(f"{len(data) - at} bytes behind {number} objects of type {kind}")
    return kind, tuple(objects)


def _read(kind: int, form: _Form, data: bytes, at: int) -> tuple[Object, int]:
    size = struct.calcsize(form.layout)
    try:
        values = dict(zip(form.fields, struct.unpack_from(form.layout, data, at), strict=False))
    except struct.error as error:
        raise FrameError(f"type {kind} ends within an object") from error
    at += size
    if kind in _LONG_TEXT:
        length = data[at] if at < len(data) else 0
        values["text"] = data[at + 1 : at + 1 + length]
        at += 1 + length
    if "text" in values:
        values["text"] = plain(values["text"])
    if form.stamped:
        values["stamp"] = data[at : at + _STAMP]
        at += _STAMP
    if at > len(data):
        raise FrameError(f"type {kind} ends within an object")
    return Object(**values), at


def cut(text: str, limit: int) -> bytes:
    """GB 18030 in so many bytes at most, never half a character."""
    whole = b""
    for character in text:
        more = character.encode("gb18030", "replace")
        if len(whole) + len(more) > limit:
            break
        whole += more
    return whole


def plain(raw: bytes) -> str:
    """A text out of a frame, up to its first 0; what is no GB 18030 shows as such."""
    text = raw.partition(b"\0")[0].decode("gb18030", "replace")
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text).strip()


def place(zone: int, number: int) -> int:
    """A component's address of its two halves."""
    return zone | number << 16


def halves(address: int) -> str:
    """A component's address as people write it: zone-number."""
    return f"{address & 0xFFFF}-{address >> 16}"


def groups(kind: int, objects: Sequence[Object]) -> Iterable[bytes]:
    """As many data units as these objects need."""
    for at in range(0, len(objects), most(kind)):
        yield packed(kind, objects[at : at + most(kind)])
