"""How one line of the journal hangs on the one before it.

hash of line n = SHA-256(hash of line n-1 || n, 8 bytes || length of body, 4 bytes || body), big-endian. The hash before
line 1 is that of the journal's epoch.
"""

import struct
from hashlib import sha256

_NUMBERS = struct.Struct(">QI")


def genesis(epoch: str) -> bytes:
    """The hash before the first line."""
    return sha256(b"gatehouse journal 1 " + epoch.encode()).digest()


def link(before: bytes, number: int, body: bytes) -> bytes:
    """The hash of a line."""
    return sha256(before + _NUMBERS.pack(number, len(body)) + body).digest()
