"""Modbus ASCII without I/O: a colon, the message in hexadecimal digits with its LRC, CR LF.

Source: MODBUS over Serial Line V1.02, section 2.5.2. A colon always begins a new frame, whatever stood before it.
Nothing that arrives can raise here.
"""

from dataclasses import dataclass, field

from drivers.modbus.codec import EXCEPTION, Expected, Manners, whole_question
from gatehouse.driver import Found, Question

LONGEST = 513
"""Characters from the colon to the line feed."""
_END = b"\r\n"
_DIGITS = b"0123456789ABCDEFabcdef"


def lrc(message: bytes) -> int:
    """The checksum: with it, all bytes add up to 0."""
    return -sum(message) & 0xFF


def sealed(message: bytes) -> bytes:
    """The frame of a message, which is unit and PDU."""
    return b":" + (message + bytes((lrc(message),))).hex().upper().encode() + _END


@dataclass(slots=True)
class Ascii:
    """Finds the answer to one request on a line."""

    request: bytes
    start: bytes
    """How a good answer begins, unit first, and how long it is with its checksum; both in bytes, not digits."""
    size: int
    exception: bytes
    good: bytes = field(default=b"", init=False)
    """The last good frame: the very same needs no second look."""
    answer: bytes = field(default=b"", init=False)

    def find(self, received: bytes) -> Found | None:
        """Judge all bytes received so far."""
        if received and received == self.good:
            return Found(len(received), self.answer)
        at = received.find(b":")
        if at:
            return Found(at if at > 0 else len(received), why="noise") if received else None
        line, ended, _ = received.partition(b"\n")
        again = line.find(b":", 1)
        if again > 0:
            return Found(again, why=self._broken(line))
        if not ended:
            return self._unfinished(line)
        frame = line + b"\n"
        message = _message(frame)
        if message is None:
            return Found(len(frame), why=self._broken(line))
        return self._judge(frame, message)

    def _judge(self, frame: bytes, message: bytes) -> Found:
        """A sound frame, of whomever."""
        ours = message.startswith(self.start) and len(message) == self.size
        if ours or (message.startswith(self.exception) and len(message) == 4):
            answer = message[1:-1]
            self.good, self.answer = frame, answer
            return Found(len(frame), answer)
        return Found(len(frame), why="echo" if frame.upper() == self.request else "foreign")

    def _unfinished(self, line: bytes) -> Found | None:
        """None while it may become a frame."""
        digits = line[1:].removesuffix(b"\r")
        if digits.strip(_DIGITS) or len(line) >= LONGEST:
            return Found(len(line), why=self._broken(line))
        return None

    def _broken(self, line: bytes) -> str:
        """`crc` for what began as ours, `noise` for what began as nothing."""
        head = line[1:5].upper()
        return (
            "crc"
            if head and any(start.hex().upper().encode().startswith(head) for start in self._starts())
            else "noise"
        )

    def _starts(self) -> tuple[bytes, bytes]:
        return self.start, self.exception


def _message(frame: bytes) -> bytes | None:
    """Unit, PDU and checksum of a frame; None when it is not sound."""
    digits = frame[1:-2]
    if not frame.endswith(_END) or len(digits) % 2 or len(digits) < 6 or len(frame) > LONGEST or digits.strip(_DIGITS):
        return None
    message = bytes.fromhex(digits.decode())
    return None if sum(message) & 0xFF else message


def question(unit: int, pdu: bytes, manners: Manners) -> Question:
    """The question in an ASCII frame."""
    expected = Expected.of(pdu)
    message = bytes((unit,)) + pdu
    finder = Ascii(
        sealed(message), bytes((unit,)) + expected.start, expected.size + 2, bytes((unit, pdu[0] | EXCEPTION))
    )
    return whole_question(finder.request, finder.find, 2 * (expected.size + 2) + 3, manners)
