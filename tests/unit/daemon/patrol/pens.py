"""Signatures made by hand, without the code under test."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def urlsafe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Pen:
    """One phone's key."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes_raw()
        self.text = base64.b64encode(self.public).decode()

    def sign(self, content: object, header: object = None) -> bytes:
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        signed = f"{urlsafe(json.dumps({'alg': 'EdDSA'} if header is None else header).encode())}.{urlsafe(payload)}"
        return f"{signed}.{urlsafe(self._key.sign(signed.encode()))}".encode()


def order(do: str = "take", *, at: datetime = NOW, good: float = 120, **more: Any) -> dict[str, Any]:
    content = {"id": "12345678", "site": "small", "guard": "li", "do": do, "at": at.isoformat(),
               "expires": (at + timedelta(seconds=good)).isoformat()}  # fmt: skip
    return content | more
