"""Frames of ANSI/SIA DC-09: CRC, length, AES-CBC; made and read without a socket.

Sources: ANSI/SIA DC-09-2013 (draft for public review, sections 5.5.2 and 5.5.3), and two programs by other hands:
dc09_spt (a transmitter, Apache 2.0) and pysiaalarm 3.2 (a receiver, MIT). Not tried with a bought receiver.
"""

import re
import secrets
import string
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

LONGEST = 1024
"""Bytes of a receiver's answer that are looked at; ours are a tenth of it."""
KEYS = (16, 24, 32)
_NO_VECTOR = bytes(16)
_PADDING = string.ascii_letters + string.digits
_FRAME = re.compile(rb"([0-9A-Fa-f]{4})(0[0-9A-Fa-f]{3})(\".*)", re.DOTALL)
_ANSWER = re.compile(rb'"(\*?)(ACK|NAK|DUH|RSP)"([0-9]{4})[^\[]{0,48}\[(.*)', re.DOTALL)
"""Receiver, line and account are not compared: pysiaalarm writes `None` where we sent no receiver."""
_STAMP = re.compile(r"_([0-2][0-9]:[0-5][0-9]:[0-6][0-9],[01][0-9]-[0-3][0-9]-[0-9]{4})\Z")
_STAMP_FORM = "%H:%M:%S,%m-%d-%Y"


def crc(data: bytes) -> int:
    """CRC-16 with the polynomial A001, begun with 0."""
    found = 0
    for byte in data:
        found ^= byte
        for _ in range(8):
            found = (found >> 1) ^ (0xA001 if found & 1 else 0)
    return found


def stamp(at: datetime) -> str:
    """A point in time as frames write it: GMT."""
    return at.astimezone(UTC).strftime(_STAMP_FORM)


class Sender(NamedTuple):
    """Who we are to the receiver."""

    account: str
    line: str
    receiver: str | None
    key: bytes | None


def frame(sender: Sender, token: str, sequence: int, content: str, at: datetime) -> bytes:
    """One message. `content` is what stands between the brackets and further bracketed blocks: `#1234|NFA1][H…]`;
    the empty message has `]`. It is stamped with `at`, encrypted where there is a key."""
    receiver = "" if sender.receiver is None else f"R{sender.receiver}"
    head = f"{sequence:04d}{receiver}L{sender.line}#{sender.account}["
    closed = f"{content}_{stamp(at)}"
    sealed = None if sender.key is None else _encrypted(sender.key, closed)
    body = f'"{token}"{head}{closed}' if sealed is None else f'"*{token}"{head}{sealed}'
    raw = body.encode("ascii")
    return b"\n%04X%04X%b\r" % (crc(raw), len(raw), raw)


class Reply(NamedTuple):
    """What a receiver said."""

    word: str
    """ACK, NAK, DUH or RSP."""
    sequence: int
    encrypted: bool
    at: datetime | None
    """Its clock."""


def read(found: bytes, key: bytes | None) -> Reply:
    """An answer between its line feed and its carriage return; ValueError says what is wrong with it."""
    framed = _FRAME.fullmatch(found[:LONGEST].strip(b"\r\n"))
    if framed is None:
        raise ValueError(f"no frame of DC-09: {found[:40]!r}")
    sum_, length, body = int(framed[1], 16), int(framed[2], 16), framed[3]
    if len(body) != length:
        raise ValueError(f"{len(body)} characters, and {length} announced")
    if crc(body) != sum_:
        raise ValueError(f"CRC {crc(body):04X}, and {sum_:04X} announced")
    answer = _ANSWER.fullmatch(body)
    if answer is None:
        raise ValueError(f"no answer of DC-09: {body[:40]!r}")
    encrypted = answer[1] == b"*"
    rest = _decrypted(key, answer[4]) if encrypted else answer[4].decode("ascii", "replace")
    return Reply(answer[2].decode(), int(answer[3]), encrypted, _stamped(rest))


def _encrypted(key: bytes, closed: str) -> str:
    text = "|" + closed
    padding = "".join(secrets.choice(_PADDING) for _ in range(16 - len(text) % 16))
    encryptor = Cipher(AES(key), CBC(_NO_VECTOR)).encryptor()
    return (encryptor.update((padding + text).encode("ascii")) + encryptor.finalize()).hex().upper()


def _decrypted(key: bytes | None, digits: bytes) -> str:
    if key is None:
        raise ValueError("an encrypted answer to what was not encrypted")
    try:
        sealed = bytes.fromhex(digits.decode("ascii"))
        decryptor = Cipher(AES(key), CBC(_NO_VECTOR)).decryptor()
        text = (decryptor.update(sealed) + decryptor.finalize()).decode("ascii")
    except ValueError as error:
        raise ValueError("it cannot be decrypted with our key") from error
    if "]" not in text:
        raise ValueError("it cannot be decrypted with our key")
    return text


def _stamped(rest: str) -> datetime | None:
    found = _STAMP.search(rest.rstrip())
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], _STAMP_FORM).replace(tzinfo=UTC)
    except ValueError:
        return None
