"""An export as JSON Lines: what it is, a line for each event, and at the end what it can be checked by."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, BinaryIO

import msgspec

_encode = msgspec.json.Encoder(enc_hook=str).encode


def write(file: BinaryIO, head: Mapping[str, Any], lines: Iterable[Mapping[str, Any]], end: Mapping[str, Any]) -> int:
    """Write all of it; how many events there were. OSError."""
    digest, count = sha256(), 0

    def put(document: Mapping[str, Any]) -> None:
        raw = _encode(document) + b"\n"
        digest.update(raw)
        file.write(raw)

    put(head)
    for line in lines:
        put(line)
        count += 1
    file.write(_encode({"end": {"lines": count, **end, "sha256": digest.hexdigest()}}) + b"\n")
    return count
