"""A guard's phone as a program: one MQTT connection, cards in, signed commands out. It needs nothing of the daemon."""

import base64
import json
import os
import queue
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

VALID = 120
"""Seconds for which a command is good."""
KEEPALIVE = 15
LARGEST = 131_072
"""Bytes of a message that is looked at."""
_WAITING = 1000


class PhoneError(Exception):
    """It cannot work so; the text says why and what to do, in both languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where the broker is, and as whom to speak to it."""

    broker: str
    user: str = ""
    password: str = ""
    ca: Path | None = None
    certificate: Path | None = None
    """Certificate and key in one file (PEM)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One message, or news of the connection: topic `link`."""

    topic: str
    body: dict[str, Any]


def make_key(file: Path) -> str:
    """A new private key in a file that only its owner reads; the public one, as the site file wants it."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise PhoneError(f"{file}：写不了私钥，{error.strerror}。 The private key cannot be written there.") from error
    with os.fdopen(handle, "wb") as writing:
        writing.write(pem)
    return public(key)


def read_key(file: Path) -> Ed25519PrivateKey:
    """The private key of a file. PhoneError."""
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise PhoneError(
            f"{file}：不是可用的私钥（{error}）；先运行 gatehouse patrol key {file}。 "
            "No usable private key; make one first."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise PhoneError(f"{file}：不是 Ed25519 私钥。 It is no Ed25519 key.")
    return key


def public(key: Ed25519PrivateKey) -> str:
    """The public key in base64, 44 characters."""
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def sign(key: Ed25519PrivateKey, content: dict[str, Any]) -> str:
    """A compact JWS."""
    parts = [json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode()
             for part in ({"alg": "EdDSA"}, content)]  # fmt: skip
    signed = ".".join(map(_urlsafe, parts))
    return f"{signed}.{_urlsafe(key.sign(signed.encode()))}"


def _urlsafe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Phone:
    """One guard's. `heard` fills while it is open; bounded, the oldest goes first."""

    def __init__(self, site: str, guard: str, key: Ed25519PrivateKey, way: Way, now: Callable[[], datetime]) -> None:
        """Nothing is opened yet."""
        self.site, self.guard, self.way = site, guard, way
        self.heard: queue.Queue[Heard] = queue.Queue()
        self._key, self._now = key, now
        self._root = f"gatehouse/v1/{site}/patrol"
        self._mine = {f"{self._root}/status": "status"} | {
            f"{self._root}/{guard}/{topic}": topic for topic in ("state", "cards", "replies")
        }
        self._client = self._make()

    def open(self) -> None:
        """Connect, and go on for ever in a thread; PhoneError when the first try fails."""
        url = urlsplit(self.way.broker)
        if url.scheme not in {"mqtt", "mqtts"} or not url.hostname:
            raise PhoneError(f"{self.way.broker}：应写 mqtts://主机:端口。 Write mqtts://host:port.")
        try:
            self._client.connect(url.hostname, url.port or (8883 if url.scheme == "mqtts" else 1883), KEEPALIVE)
        except (OSError, ValueError) as error:
            raise PhoneError(f"{self.way.broker}：连不上，{error}。 Cannot connect.") from error
        self._client.loop_start()

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, do: str, **more: str) -> str:
        """Send a command, signed, good for a short time; its id."""
        now, identity = self._now(), secrets.token_hex(8)
        content = {
            "id": identity, "site": self.site, "guard": self.guard, "do": do, "at": now.isoformat(),
            "expires": (now + timedelta(seconds=VALID)).isoformat(),
        } | {name: value for name, value in more.items() if value}  # fmt: skip
        self._client.publish(f"{self._root}/{self.guard}/commands", sign(self._key, content), qos=1)
        return identity

    def _make(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2, f"patrol-{self.site}-{self.guard}", protocol=MQTTProtocolVersion.MQTTv311
        )
        if self.way.user:
            client.username_pw_set(self.way.user, self.way.password)
        if self.way.broker.startswith("mqtts://"):
            pem = str(self.way.certificate) if self.way.certificate else None
            try:
                client.tls_set(str(self.way.ca) if self.way.ca else None, pem, pem)
            except (OSError, ValueError) as error:
                raise PhoneError(f"证书不可用：{error}。 The certificates cannot be used.") from error
        client.reconnect_delay_set(1, 15)
        client.max_queued_messages_set(200)
        client.on_connect, client.on_disconnect, client.on_message = self._connected, self._gone, self._message
        return client

    # In paho's thread

    def _connected(
        self, client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _more: Properties | None
    ) -> None:
        self._put("link", {"up": not reason.is_failure, "why": str(reason)})
        client.subscribe([(topic, 1) for topic in self._mine])

    def _gone(self, _client: object, _data: object, _flags: object, reason: ReasonCode, _more: object) -> None:
        self._put("link", {"up": False, "why": str(reason)})

    def _message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        topic = self._mine.get(message.topic, "")  # a broker may send what nobody asked for (seen: amqtt)
        if not topic or len(message.payload) > LARGEST:
            return
        try:
            body = json.loads(message.payload)
        except (ValueError, RecursionError):
            return  # a broker's own, or a stranger's
        if isinstance(body, dict) and not (topic == "cards" and message.retain):  # what was kept is nobody's call now
            self._put(topic, body)

    def _put(self, topic: str, body: dict[str, Any]) -> None:
        if self.heard.qsize() >= _WAITING:
            with suppress(queue.Empty):  # somebody has just taken one
                self.heard.get_nowait()
        self.heard.put(Heard(topic, body))


def utc() -> datetime:
    """Now."""
    return datetime.now(UTC)
