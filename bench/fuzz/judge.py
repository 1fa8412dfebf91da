"""Independent verdicts on what a parser took for an answer: other people's checksums, our own reading of the standards.

Each says what is wrong with an accepted frame, or nothing. None of the code under test is used here.
"""

from dlt645 import DLT645Protocol  # type: ignore[import-untyped]
from pymodbus.framer import FramerAscii, FramerRTU

_WRITES = (5, 6, 15, 16)


def modbus(request: bytes, pdu: bytes) -> str:
    """Whether a PDU answers a request PDU: function, length, echo. MODBUS Application Protocol V1.1b3."""
    function = request[0]
    if not pdu or pdu[0] & 0x7F != function:
        return "another function"
    if pdu[0] & 0x80:
        return "" if len(pdu) == 2 else "an exception of another length"
    if function in _WRITES:
        whole = request[:5]
        return "" if pdu == whole else "no echo of what was written"
    count = request[3] << 8 | request[4]
    size = (count + 7) // 8 if function in (1, 2) else 2 * count
    if len(pdu) < 2 or pdu[1] != size:
        return "another count of bytes"
    return "" if len(pdu) == 2 + size else "another length"


def rtu(request: bytes, frame: bytes, answer: bytes) -> str:
    """An RTU frame; the checksum is pymodbus's."""
    if len(frame) < 5:
        return "too short"
    if frame[0] != request[0]:
        return "another unit"
    if FramerRTU.compute_CRC(frame[:-2]) != int.from_bytes(frame[-2:], "big"):
        return "a wrong checksum"
    return modbus(request[1:-2], frame[1:-2]) or ("" if answer == frame[1:-2] else "not what the frame says")


def tcp(request: bytes, frame: bytes, answer: bytes) -> str:
    """A Modbus TCP packet."""
    if len(frame) < 9:
        return "too short"
    if frame[:2] != request[:2]:
        return "another transaction"
    if frame[2] or frame[3]:
        return "another protocol"
    if frame[4] << 8 | frame[5] != len(frame) - 6:
        return "another length than its header says"
    if frame[6] != request[6]:
        return "another unit"
    return modbus(request[7:], frame[7:]) or ("" if answer == frame[7:] else "not what the packet says")


def ascii(request: bytes, frame: bytes, answer: bytes) -> str:  # noqa: A001 - the framing's name
    """A Modbus ASCII frame; the checksum is pymodbus's."""
    if frame[:1] != b":" or frame[-2:] != b"\r\n":
        return "no colon or no end"
    try:
        message = bytes(int(frame[at : at + 2], 16) for at in range(1, len(frame) - 2, 2))
    except ValueError:
        return "no hexadecimal digits"
    asked = bytes.fromhex(request[1:-2].decode())
    if len(message) < 4 or message[0] != asked[0]:
        return "another unit"
    if FramerAscii.compute_LRC(message[:-1]) != message[-1]:
        return "a wrong checksum"
    return modbus(asked[1:-1], message[1:-1]) or ("" if answer == message[1:-1] else "not what the frame says")


def dlt645(request: bytes, frame: bytes, answer: bytes) -> str:
    """A DL/T 645 frame, read by the package dlt645; `request` without FE."""
    try:
        read = DLT645Protocol.deserialize(frame)
    except ValueError as error:
        return f"{error}"
    if frame.lstrip(b"\xfe") != answer or len(answer) != 12 + len(read.data):
        return "not what the frame says"
    if request[1:7] != b"\xaa" * 6 and answer[1:7] != request[1:7]:
        return "another meter"
    data = bytes(byte - 0x33 & 0xFF for byte in answer[10:-2])
    wanted = bytes(byte - 0x33 & 0xFF for byte in request[10:14])
    if answer[8] == 0xD1:
        return "" if len(data) == 1 else "a refusal of another length"
    if answer[8] not in (0x91, 0xB1):
        return "another function"
    return "" if data[:4] == wanted else "another value"


def cjt188(request: bytes, frame: bytes, answer: bytes) -> str:
    """A CJ/T 188 frame; `request` without FE."""
    body = frame.lstrip(b"\xfe")
    if body != answer or len(body) < 13 or body[0] != 0x68 or body[-1] != 0x16 or len(body) != 13 + body[10]:
        return "no frame"
    if sum(body[:-2]) % 256 != body[-2]:
        return "a wrong checksum"
    if body[2:9] != request[2:9] or body[1] // 16 != request[1] // 16:
        return "another meter"
    if body[9] == 0xC1:
        return ""
    right = body[9] in (0x81, 0xA1) and body[11:13] == request[11:13]
    return "" if right else "another function or value"


def rdm6300(frame: bytes) -> str:
    """The number of the card of a frame; empty when it is none."""
    if len(frame) != 14 or frame[0] != 2 or frame[13] != 3:
        return ""
    try:
        digits = [int(frame[at : at + 1], 16) for at in range(1, 13)]
    except ValueError:
        return ""
    whole = [16 * high + low for high, low in zip(digits[::2], digits[1::2], strict=True)]
    check = 0
    for part in whole[:5]:
        check ^= part
    return f"{int(frame[3:11], 16):010}" if check == whole[5] else ""
