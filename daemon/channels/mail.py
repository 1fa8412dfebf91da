"""Mail by SMTP (RFC 5321, 3207, 4954), spoken here because only so it is known whether a lost connection came before or
after the letter: `smtplib` would need a thread that nobody can stop."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.names import Names
from daemon.channels.secret_text import SecretText
from daemon.channels.sender import Fate, SendError
from daemon.channels.text import cut, quoted
from daemon.channels.web import reason, silent, trusted
from daemon.clock import Clock
from daemon.config.channels.mail import ADDRESS
from gatehouse.alarms import Severity

Safety = Literal["tls", "starttls", "none"]
ROOM = 20_000
_MOST_LINES = 100
_UNDELIVERABLE = "the mail server does not take this recipient"


@dataclass(slots=True)
class Mailbox:
    """One account on one mail server; the recipient's address is a mail address."""

    host: str
    port: int
    safety: Safety
    sender: str
    user: str | None
    password: SecretText | None
    limit: float
    clock: Clock
    names: Names
    ca: SecretText | None = None
    room: int = ROOM

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        """SENT: the mail server took the letter; whether it arrives, or is read, is not known."""
        if not ADDRESS.match(recipient.address):
            raise SendError(Fate.REFUSED, "the recipient's address is no mail address", channel=False)
        letter = self._letter(message, recipient)
        async with self._talk() as talk:
            await talk.say(f"MAIL FROM:<{self.sender}>", 250, "the mail server does not take this sender")
            await talk.say(f"RCPT TO:<{recipient.address}>", 250, _UNDELIVERABLE, channel=False)
            await talk.say("DATA", 354, "the mail server does not take a letter")
            talk.posted = True
            await talk.letter(letter)
        return ReceiptState.SENT

    async def probe(self) -> None:
        """Log in, and go again."""
        async with self._talk():
            pass

    async def close(self) -> None:
        """Nothing is kept open."""

    @asynccontextmanager
    async def _talk(self) -> AsyncIterator["_Talk"]:
        talk: _Talk | None = None
        try:
            async with asyncio.timeout(self.limit):
                tls = trusted(self.ca) if self.safety == "tls" else None
                reader, writer = await self.names.dial(self.host, self.port, tls)
                talk = _Talk(reader, writer)
                await self._enter(talk)
                yield talk
                with suppress(OSError):
                    writer.write(b"QUIT\r\n")
                    await writer.drain()
        except TimeoutError:
            raise silent(self.limit, begun=talk is not None and talk.posted) from None
        except (OSError, asyncio.IncompleteReadError) as error:
            if talk is not None and talk.posted:
                why = "the connection broke before an answer came; it may have arrived"
                raise SendError(Fate.UNKNOWN, why) from None
            raise SendError(Fate.UNREACHED, f"not reached: {reason(error)}") from None
        finally:
            if talk is not None:
                talk.writer.transport.abort()  # a polite end could wait for ever

    async def _enter(self, talk: "_Talk") -> None:
        await talk.hear(220, "the mail server is not ready")
        can = await talk.hello()
        if self.safety == "starttls":
            if "STARTTLS" not in can:
                raise SendError(Fate.REFUSED, "the mail server offers no TLS at this port")
            await talk.say("STARTTLS", 220, "the mail server refuses TLS")
            await talk.writer.start_tls(trusted(self.ca), server_hostname=self.host)
            can = await talk.hello()
        if self.user is not None and self.password is not None:
            await self._login(talk, can, self.user, self.password())

    @staticmethod
    async def _login(talk: "_Talk", can: dict[str, str], user: str, password: str) -> None:
        why, ways = "the mail server does not take the user or password", can.get("AUTH", "").split()
        if "PLAIN" in ways or "LOGIN" not in ways:
            await talk.say(f"AUTH PLAIN {_coded(f'{chr(0)}{user}{chr(0)}{password}')}", 235, why)
            return
        await talk.say("AUTH LOGIN", 334, why)
        await talk.say(_coded(user), 334, why)
        await talk.say(_coded(password), 235, why)

    def _letter(self, message: Message, recipient: Recipient) -> bytes:
        letter = EmailMessage()
        letter["From"], letter["To"] = self.sender, recipient.address
        letter["Subject"] = cut(" ".join(message.title.split()), 200)
        letter["Date"] = format_datetime(self.clock.utc())
        mark = hashlib.sha256(f"{message.key}\n{recipient.address}".encode()).hexdigest()[:32]
        letter["Message-ID"] = f"<{mark}@{self.sender.rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"
        if message.severity is Severity.P1:
            letter["Importance"], letter["X-Priority"] = "high", "1"
        letter.set_content(cut(message.text or message.title, self.room), cte="base64")
        return letter.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class _Talk:
    """Lines with a mail server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self.posted = False
        """The letter was begun: from here on it may have arrived."""

    async def hello(self) -> dict[str, str]:
        """What the server can do."""
        lines = await self.say("EHLO gatehouse", 250, "the mail server does not greet")
        return {line.partition(" ")[0].upper(): line.partition(" ")[2].upper() for line in lines[1:]}

    async def say(self, line: str, right: int, why: str, *, channel: bool = True) -> list[str]:
        """The lines of the answer, when it begins with the right number. SendError."""
        self.writer.write(line.encode() + b"\r\n")
        await self.writer.drain()
        return await self.hear(right, why, channel=channel)

    async def letter(self, letter: bytes) -> None:
        """The letter itself; SendError unless it is taken."""
        stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in letter.split(b"\r\n"))
        self.writer.write(stuffed.removesuffix(b"\r\n") + b"\r\n.\r\n")
        await self.writer.drain()
        await self.hear(250, "the mail server does not take the letter", channel=False)

    async def hear(self, right: int, why: str, *, channel: bool = True) -> list[str]:
        """An answer of one line or several."""
        lines: list[str] = []
        while len(lines) < _MOST_LINES:
            try:
                line = (await self._reader.readuntil(b"\n")).decode(errors="replace").rstrip("\r\n")
            except (asyncio.LimitOverrunError, ValueError):
                raise SendError(Fate.AGAIN, "what answers there is no mail server") from None
            if not line[:3].isdigit():
                raise SendError(Fate.AGAIN, "what answers there is no mail server")
            lines.append(line[4:])
            if line[3:4] != "-":
                return _right(int(line[:3]), lines, right, why, channel=channel)
        raise SendError(Fate.AGAIN, "what answers there is no mail server")


def _right(code: int, lines: list[str], right: int, why: str, *, channel: bool) -> list[str]:
    if code == right or (right == 250 and code == 251):
        return lines
    fate = Fate.REFUSED if 500 <= code < 600 else Fate.AGAIN
    said = quoted(lines[0])
    raise SendError(fate, f"{why}: {code} {said}" if said else f"{why}: {code}", channel=channel)
