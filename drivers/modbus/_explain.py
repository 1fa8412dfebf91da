"""Modbus frames, and the place of each channel in an answer, in words for a technician."""

from collections.abc import Callable, Iterable

from drivers.modbus._points import Channel
from drivers.modbus.codec import READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT, checked, crc
from gatehouse.driver import DriverError

_TABLES = {
    READ_COILS: "coils",
    READ_DISCRETE: "discrete inputs",
    READ_HOLDING: "holding registers",
    READ_INPUT: "input registers",
}
_BITS = (READ_COILS, READ_DISCRETE)
_SHOWN = 24
"""Registers or bytes of bits that one line of text shows."""


def explain(frame: bytes) -> str:
    """A frame of either direction, RTU, ASCII or TCP, in one line; what is wrong with one that is not whole."""
    if not frame:
        return ""
    for dress in (_ascii, _tcp, _rtu):
        undressed = dress(frame)
        if undressed is not None:
            unit, pdu, fault = undressed
            return f"unit {unit}: {fault or _pdu(pdu)}"
    return f"{len(frame)} bytes that are no Modbus frame"


def _rtu(frame: bytes) -> tuple[int, bytes, str] | None:
    if len(frame) < 4:
        return None
    if crc(frame) == 0:
        return frame[0], frame[1:-2], ""
    if frame[1] & 0x7F not in _PDUS:
        return None
    right = crc(frame[:-2]).to_bytes(2, "little").hex(" ").upper()
    return frame[0], b"", f"checksum is {frame[-2:].hex(' ').upper()}, right would be {right}: broken, or not whole"


def _ascii(frame: bytes) -> tuple[int, bytes, str] | None:
    if not frame.startswith(b":"):
        return None
    try:
        raw = bytes.fromhex(frame[1:].strip().decode("ascii"))
    except ValueError:
        return None
    if len(raw) < 3:
        return None
    fault = "checksum is wrong: broken, or not whole" if sum(raw) & 0xFF else ""
    return raw[0], raw[1:-1], fault


def _tcp(frame: bytes) -> tuple[int, bytes, str] | None:
    if len(frame) < 8 or frame[2:4] != b"\0\0" or int.from_bytes(frame[4:6], "big") != len(frame) - 6:
        return None
    return frame[6], frame[7:], ""


def _pdu(pdu: bytes) -> str:
    if pdu[0] & 0x80 and len(pdu) == 2:
        try:
            checked(pdu)
        except DriverError as error:
            return str(error)
    told = _PDUS.get(pdu[0], _strange)
    return told(pdu)


def _strange(pdu: bytes) -> str:
    return f"function {pdu[0]}, {pdu[1:].hex(' ').upper() or 'no data'}"


def _read(pdu: bytes) -> str:
    """A request has five bytes; so has an answer of three bytes of bits, but no request asks for so many."""
    function, count = pdu[0], int.from_bytes(pdu[3:5], "big")
    if len(pdu) == 5 and not (pdu[1] == 3 and count > 2000):
        return f"read {count} {_TABLES[function]} from {_place(pdu[1:3])}"
    if len(pdu) < 2 or pdu[1] != len(pdu) - 2:
        return _strange(pdu)
    data = pdu[2:]
    if function in _BITS:
        bits = " ".join(f"{byte:08b}"[::-1] for byte in data[:_SHOWN])
        return f"{8 * len(data)} bits, lowest first: {bits}{_more(len(data))}"
    return f"{len(data) // 2} registers: {_words(data)}"


def _words(data: bytes) -> str:
    words = [data[at : at + 2].hex().upper() for at in range(0, len(data), 2)]
    return " ".join(words[:_SHOWN]) + _more(len(words))


def _more(count: int) -> str:
    return f" … +{count - _SHOWN}" if count > _SHOWN else ""


def _place(address: bytes) -> str:
    number = int.from_bytes(address, "big")
    return f"{number} (0x{number:04X})"


def _write_one(pdu: bytes) -> str:
    if len(pdu) != 5:
        return _strange(pdu)
    value = int.from_bytes(pdu[3:5], "big")
    if pdu[0] == 6:
        return f"set register {_place(pdu[1:3])} to {value}"
    word = {0xFF00: "on", 0: "off"}.get(value, f"0x{value:04X}")
    return f"set coil {_place(pdu[1:3])} to {word}"


def _write_many(pdu: bytes) -> str:
    kind, count = ("coils" if pdu[0] == 15 else "registers"), int.from_bytes(pdu[3:5], "big")
    if len(pdu) == 5:
        return f"{count} {kind} are set from {_place(pdu[1:3])}"
    if len(pdu) < 6 or pdu[5] != len(pdu) - 6:
        return _strange(pdu)
    data = pdu[6:]
    shown = _words(data) if pdu[0] == 16 else " ".join(f"{byte:08b}"[::-1] for byte in data[:_SHOWN])
    return f"set {count} {kind} from {_place(pdu[1:3])}: {shown}"


_PDUS: dict[int, Callable[[bytes], str]] = {
    READ_COILS: _read,
    READ_DISCRETE: _read,
    READ_HOLDING: _read,
    READ_INPUT: _read,
    5: _write_one,
    6: _write_one,
    15: _write_many,
    16: _write_many,
}


def places(pdu: bytes, answer: bytes, channels: Iterable[Channel]) -> dict[str, str]:
    """What a read brought for each channel, as it stood in the answer: `0x0034: 4366 0000`, `0x0005: 1`."""
    if not answer or answer[0] & 0x80:
        return {}
    start, data, found = int.from_bytes(pdu[1:3], "big"), answer[2:], {}
    for channel in channels:
        at = channel.address - start
        if pdu[0] in _BITS:
            shown = str(data[at >> 3] >> (at & 7) & 1) if at >> 3 < len(data) else ""
        else:
            shown = _words(data[2 * at : 2 * (at + channel.end - channel.address)])
        if shown:
            found[channel.name] = f"0x{channel.address:04X}: {shown}"
    return found
