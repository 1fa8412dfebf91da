"""A guard's command as it comes: a compact JWS (RFC 7515) signed with Ed25519 (RFC 8037), read and proven. Pure.

What is signed is the text that was sent, so nobody has to agree on how JSON is written.
"""

import base64
import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOPIC = "patrol"
"""Of all phones, under the site's own branch."""
LARGEST = 4096
"""Bytes of a whole command."""
_PART = re.compile(r"[A-Za-z0-9_-]+\Z")
_KEY_BYTES = 32

Verb = Literal["take", "acknowledge", "on_site", "true", "false", "help", "delivered", "read"]


class RefusedCommandError(Exception):
    """It is not obeyed; `why` is a code of `wordings.WHY`, `id` the command's own where it can be believed."""

    def __init__(self, why: str, identity: str = "") -> None:
        super().__init__(why)
        self.why, self.id = why, identity


class _Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    alg: str
    typ: str = ""
    kid: str = ""


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a guard wants. Names as they are sent."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:-]{8,64}\Z")]
    """Another one for each command."""
    site: Annotated[str, msgspec.Meta(max_length=64)]
    guard: Annotated[str, msgspec.Meta(max_length=64)]
    do: Verb
    at: datetime
    """When it was given, by the phone's clock; RFC 3339 with a zone."""
    expires: datetime
    occurrence: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """Of the alarm that it is about; `help` may be about none."""
    cause: Annotated[str, msgspec.Meta(max_length=40)] = ""
    """Of a false alarm: a word out of the `causes` of the state."""
    note: Annotated[str, msgspec.Meta(max_length=200)] = ""
    key: Annotated[str, msgspec.Meta(max_length=256)] = ""
    """Of the message that was delivered or read."""


def public_key(text: str) -> bytes:
    """The 32 bytes of a phone's public key, out of its base64. ValueError when it is none."""
    raw = base64.b64decode(text, validate=True)
    if len(raw) != _KEY_BYTES:
        raise ValueError(f"{len(raw)} bytes")
    _verifier(raw)
    return raw


def read(body: bytes, keys: Iterable[bytes]) -> Command:
    """The command, once its signature fits one of the keys. RefusedCommandError."""
    if len(body) > LARGEST:
        raise RefusedCommandError("too_large")
    parts = body.decode("ascii", "replace").strip().split(".")
    if len(parts) != 3 or not all(map(_PART.match, parts)):
        raise RefusedCommandError("unsigned")
    try:
        header, payload, signature = map(_bytes, parts)
        its = msgspec.json.decode(header, type=_Header, strict=True)
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise RefusedCommandError("unsigned") from None
    if its.alg != "EdDSA":
        raise RefusedCommandError("algorithm")
    signed = f"{parts[0]}.{parts[1]}".encode()
    if not any(_fits(key, signature, signed) for key in keys):
        raise RefusedCommandError("signature")
    return _content(payload)


def _content(payload: bytes) -> Command:
    try:
        command = msgspec.json.decode(payload, type=Command, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RefusedCommandError("form") from None
    if command.at.tzinfo is None or command.expires.tzinfo is None:
        raise RefusedCommandError("form", command.id)
    return command


def _fits(key: bytes, signature: bytes, signed: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see `_verifier`

    try:
        _verifier(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _verifier(key: bytes) -> "Ed25519PublicKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - 8 MB, for sites that have phones
        Ed25519PublicKey,
    )

    return Ed25519PublicKey.from_public_bytes(key)


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
