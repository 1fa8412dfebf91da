"""A subscriber that takes SIA DC-09: the receiver of an alarm centre, over TCP or UDP.

One message is under way at a time; an ACK with its number moves the cursor. A NAK brings the receiver's clock: messages
are stamped with it from then on. Without an answer the same message is sent again, with the same number.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

import structlog

from daemon.clock import Clock
from daemon.config.subscribers import SiaDc09
from daemon.feeds.carrier import Inquiry, Parcel, Receipt, UnreachableError
from daemon.feeds.carriers.dialling import tried
from daemon.feeds.carriers.one_by_one import OneByOne
from daemon.feeds.carriers.sia_codes import CARRIED, code_of
from daemon.feeds.carriers.sia_frames import KEYS, LONGEST, Reply, Sender, frame, read, stamp

log = structlog.get_logger()

ANSWER = 4.0
"""Seconds that are waited for an answer before the message is sent again; with `TRIES` it is less than 15 s."""
TRIES = 3
CONNECT = 5.0
_SKEW = timedelta(minutes=5)
"""How far the clock in an encrypted ACK may be from ours; an older one may be an ACK that somebody kept."""
_PENDING = 16
_NUMBERS = 9999


def sequence_of(parcel: Parcel) -> int:
    """1 to 9999, out of the event's place in the journal: the same in every repeat, also after a restart."""
    number = parcel.number or int(parcel.id.rpartition("-")[2])
    return (number - 1) % _NUMBERS + 1


class SiaCarrier:
    """One subscriber's receiver."""

    def __init__(self, settings: SiaDc09, secrets: Callable[[str], bytes], clock: Clock) -> None:
        """Nothing is opened yet."""
        self._udp = settings.receiver.startswith("udp:")
        self.address = settings.receiver.partition("://")[2]
        self._settings, self._secrets, self._clock = settings, secrets, clock
        self._ahead = timedelta(0)  # of the receiver's clock before ours
        self._shifted = 0

    def carries(self, kind: str) -> bool:
        """Alarms' beginnings and ends, what is set apart, and cards."""
        return kind in CARRIED

    async def dial(self, beat: Callable[[], None], hear: Callable[[Inquiry], None]) -> "SiaLink":
        """Connect and send an empty message: it works when that is acknowledged."""
        settings = self._settings
        key = None if settings.key is None else _key(self._secrets(settings.key), settings.key)
        sender = Sender(settings.account, settings.prefix, settings.receiver_number, key)
        link = SiaLink(self, await self._wire(), sender, settings)
        await tried(link.supervise(), beat, link.farewell)
        return link

    def complain(self, channel: str, why: str) -> str:
        """A refusal in words, with what would help."""
        return f"{self.address} refused {channel}: {why}; give that alarm another code in codes, or leave its kind out"

    def status(self) -> Mapping[str, Any]:
        """For people and programs on the box."""
        return {
            "transport": "udp" if self._udp else "tcp",
            "encrypted": self._settings.key is not None,
            "clock_ahead": self._ahead.total_seconds(),
            "clock_set": self._shifted,
        }

    def now(self) -> datetime:
        """The receiver's time, as far as it has told us."""
        return self._clock.utc() + self._ahead

    def follow(self, theirs: datetime) -> None:
        """Go by the receiver's clock in what we send to it; our own stays as it is."""
        self._ahead = theirs - self._clock.utc()
        self._shifted += 1
        log.warning("a receiver refused our time", address=self.address, ahead=self._ahead.total_seconds())

    async def _wire(self) -> "Wire":
        host, _, port = self.address.rpartition(":")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT):
                if self._udp:
                    made: Any = await loop.create_datagram_endpoint(Wire, remote_addr=(host.strip("[]"), int(port)))
                else:
                    made = await loop.create_connection(Wire, host.strip("[]"), int(port))
        except TimeoutError:
            raise UnreachableError(f"{self.address}: no connection within {CONNECT:g} s") from None
        except OSError as error:
            raise UnreachableError(f"{self.address}: {error.strerror or error}") from error
        return cast("Wire", made[1])


class SiaLink(OneByOne):
    """The time in which a receiver answers."""

    version = "SIA DC-09"

    def __init__(self, carrier: SiaCarrier, wire: "Wire", sender: Sender, settings: SiaDc09) -> None:
        """Take over a connection that is open."""
        super().__init__()
        self._carrier, self._wire, self._sender, self._settings = carrier, wire, sender, settings
        self._spoken = asyncio.get_running_loop().time()

    def channel(self, parcel: Parcel) -> str:
        """The receiver may know some codes and refuse others."""
        return f"code {code_of(parcel.kind, parcel.view.content, self._settings.codes)}"

    async def send(self, parcel: Parcel) -> Receipt:
        """One event; nothing of it but code, number and name of the place, and when it was."""
        view = parcel.view
        code = code_of(parcel.kind, view.content, self._settings.codes)
        if code is None:
            return Receipt("accepted")
        number = self._settings.numbers.get(view.subject, 0)
        name = f"^{view.subject}^" if view.subject.isascii() and view.subject else ""
        event = f"#{self._sender.account}|Nri{self._settings.area}/{code}{number}{name}]"
        return await self._exchange("SIA-DCS", sequence_of(parcel), f"{event}[H{stamp(parcel.at)}]")

    async def supervise(self) -> Receipt:
        """The empty message, which tells the receiver that we are there, and us that it is."""
        return await self._exchange("NULL", 0, "]")

    async def idle(self) -> None:
        """An empty message when nothing else was said for a while; a lost connection is noticed at once."""
        if self._wire.ended.done():
            self.drop(self._why(self._wire.ended.result()))
        elif asyncio.get_running_loop().time() - self._spoken >= self._settings.heartbeat:
            receipt = await self.supervise()
            if receipt.verdict != "accepted":
                self.drop(receipt.why)

    async def farewell(self) -> None:
        """Hang up."""
        self._wire.close()

    def _why(self, why: str) -> str:
        return f"{self._carrier.address}: {why}"

    async def _exchange(self, token: str, sequence: int, content: str) -> Receipt:
        """Until it is acknowledged or refused; what is no answer to it is passed over, and told at the end."""
        odd = ""
        for _ in range(TRIES):
            self._wire.forget()
            if not self._wire.ended.done():
                self._wire.write(frame(self._sender, token, sequence, content, self._carrier.now()))
            reply, odd = await self._answer(sequence, odd)
            self._spoken = asyncio.get_running_loop().time()
            if reply is None:
                if self._wire.ended.done():
                    return Receipt("lost", self._why(self._wire.ended.result()))
                continue
            if reply.word == "NAK":
                odd = "NAK: it knows account or key otherwise, or does not take the time even by its own clock"
                if reply.at is not None and self._off(reply.at):
                    self._carrier.follow(reply.at)
                continue
            if reply.word == "DUH":
                return Receipt("refused", "DUH: it cannot process this message")
            return Receipt("accepted")
        if odd.startswith("NAK") and token != "NULL":  # noqa: S105 - the name of a message
            return Receipt("refused", odd)
        what = f"the last answer was {odd}" if odd else "no answer"
        return Receipt("lost", self._why(f"{what} to {TRIES} attempts"))

    async def _answer(self, sequence: int, odd: str) -> tuple[Reply | None, str]:
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER):
                while (found := await self._wire.next()) is not None:
                    try:
                        reply = read(found, self._sender.key)
                        self._check(reply, sequence)
                    except ValueError as error:
                        odd = str(error) if found.strip() else odd or "an empty one: it finds our CRC wrong"
                    else:
                        return reply, odd
        if rest := self._wire.rest:
            odd = f"no frame of DC-09: {rest[:40]!r}"
        return None, odd

    def _check(self, reply: Reply, sequence: int) -> None:
        """ValueError when it is not the answer to this message, or might come from somebody else."""
        if reply.word == "NAK":
            return
        if reply.sequence != sequence:
            raise ValueError(f"an answer to message {reply.sequence:04d}, not to {sequence:04d}")
        if self._sender.key is None or reply.word == "DUH":
            return
        if not reply.encrypted:
            raise ValueError("an acknowledgement in clear to an encrypted message; anybody can write that")
        if reply.at is None or abs(reply.at - self._carrier.now()) > _SKEW:
            told = "no time" if reply.at is None else f"the time {reply.at:%Y-%m-%d %H:%M:%S}"
            raise ValueError(f"an acknowledgement with {told}; set the receiver's clock, it must be GMT")

    def _off(self, theirs: datetime) -> bool:
        return abs(theirs - self._carrier.now()) >= timedelta(seconds=2)


class Wire(asyncio.Protocol, asyncio.DatagramProtocol):
    """Bytes to and from the receiver, cut into frames; what it says in excess is left out."""

    def __init__(self) -> None:
        """Not open yet."""
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.rest = b""
        """What came and has no end yet."""
        self._frames: deque[bytes] = deque(maxlen=_PENDING)
        self._stir = asyncio.Event()
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Over."""
        self._end(str(exc) if exc else "it hung up")

    def error_received(self, exc: Exception) -> None:
        """UDP: the other machine says that nobody listens; it may be a moment only, so the time limit decides."""

    def data_received(self, data: bytes) -> None:
        """TCP: pieces of frames."""
        *whole, self.rest = (self.rest + data[:65536]).split(b"\r")
        self.rest = self.rest[-LONGEST:]
        for found in whole:
            self._take(found)

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ANN401 - as asyncio has it
        """UDP: one frame."""
        self._take(data)

    def write(self, data: bytes) -> None:
        """Send one frame."""
        if self._transport.is_closing():
            return
        if hasattr(self._transport, "sendto"):
            self._transport.sendto(data)
        else:
            self._transport.write(data)

    async def next(self) -> bytes | None:
        """The next frame; None when the connection is over."""
        while not self._frames and not self.ended.done():
            self._stir.clear()
            await self._stir.wait()
        return self._frames.popleft() if self._frames else None

    def forget(self) -> None:
        """Drop what came unasked: the next answer is to what is written now."""
        self.rest = b""
        self._frames.clear()

    def close(self) -> None:
        """Hang up."""
        self._end("closed")
        if self._transport is not None:
            self._transport.abort()

    def _take(self, found: bytes) -> None:
        self._frames.append(found.rpartition(b"\n")[2][:LONGEST])
        self._stir.set()

    def _end(self, why: str) -> None:
        if not self.ended.done():
            self.ended.set_result(why)
            self._stir.set()


def _key(secret: bytes, name: str) -> bytes:
    """As it stands, or `hex:` and its digits."""
    key = secret.strip(b"\r\n")
    if key.startswith(b"hex:"):
        try:
            key = bytes.fromhex(key[4:].decode("ascii"))
        except ValueError:
            raise UnreachableError(f"the secret {name} begins with hex: and goes on with no such digits") from None
    if len(key) not in KEYS:
        raise UnreachableError(
            f"the secret {name} has {len(key)} bytes; an AES key has 16, 24 or 32: write them as they are, or as "
            "hex: and twice as many digits"
        )
    return key
