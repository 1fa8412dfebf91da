"""One question and its answer on a wire that several devices share: silence, echo, time limit, quarantine.

RTU has no transaction number. Only time can tell a late answer from the next one, so after a miss nobody speaks until
the device's worst answer time is over, and what arrives meanwhile is thrown away.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Literal

from daemon.clock import Clock
from daemon.commands import Permit, always
from daemon.field.instants import ExactTimer, Timer
from daemon.field.lag import Lag
from daemon.field.matter import Matter, NoAnswerError, NotPermittedError, PluginFaultError
from daemon.field.trace import Ring
from daemon.field.transport import Wire
from gatehouse.driver import Found, Question

_SLACK = 0.02
"""Seconds for the operating system and a USB adapter's 16 ms timer."""
_GUARD = 0.02
"""Silence before a question that the last answer, come a second time out of an adapter's buffer, would answer too."""
_BABBLE = 0.5
"""Seconds for which a wire may be noisy before an exchange on it is given up."""
_LOOK = 0.001
"""Seconds for a last look: a loop that is late itself finds the time over before it finds the answer that is there."""
_KINDS = 3
"""Of what was heard instead of an answer are told; a flood has hundreds."""
_MOST = 4096
"""Bytes kept at most while an answer is looked for."""


class Exchanges:
    """One exchange at a time on one open wire: it waits for silence, is sent, and ends with an answer or without."""

    def __init__(  # noqa: PLR0917 - what is to be known of a wire
        self,
        clock: Clock,
        kind: Literal["serial", "tcp"],
        baud: int,
        bits: int,
        ring: Ring | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """`bits` of one character. On TCP the same arithmetic allows for the serial side of a gateway. `failed` is told
        what those raise who were told of an end: it would be lost in the loop otherwise."""
        self.now = clock.monotonic
        self._failed = failed or _raise
        self.ring = ring or Ring(clock)
        self._character = bits / baud
        self.stream = kind == "serial"
        """Bare bytes, where a late answer can pass as the next one."""
        self._silence = (3.5 * self._character if baud <= 19200 else 0.00175) if self.stream else 0.0
        self.echo: bool | None = None if self.stream else False
        """Whether the adapter hands our own bytes back; None until the first exchange has shown it."""
        self.tally: Counter[str] = Counter()
        """What was heard while nobody was asked."""
        self.busy = False
        """An exchange is under way, or waits for silence."""
        self.sent = self.answered = clock.monotonic()
        """When the last request went out; when something was last answered, or the wire was opened."""
        self.frame = b""
        """The last good answer as it came, if nothing else came with it."""
        self.rest = 0.0
        """Seconds in which an answer to what was missed last may still come."""
        self._lag = None if self.stream else Lag()
        self._wire: Wire | None = None
        self._lost = "not open"
        self._silent = ExactTimer(clock, self._try, self._failed)
        self._late = Timer(clock, self._give_up, self._failed)
        self._asking = False
        self._known: bytes | None = None
        """What the answer will be if nothing has changed; `_expected` once it is asked for."""
        self._expected: bytes | None = None
        self._received = self._after = b""
        """What came since the request; what came after the answer, in the silence."""
        self._mirror = self._echoed = False
        self._noted, self._looked = True, False
        """What was asked is in the trace; its time is over, but for a last look."""
        self._junk: list[str] = []
        self._request = b""
        """What the last good answer was to."""
        self.hinted: Callable[[str, float], None] = lambda _device, _now: None
        """Told of whom something was heard, and when, that may be its late answer."""
        self.quarantine = float("-inf")
        """Until when nobody is asked: even a late answer may still come."""
        self._held = self._missed = self._heard = float("-inf")
        """Until when the answer that was missed last may still come though others are asked; when that was."""
        self._missing: Matter | None = None
        self._matter = self._asked = Matter(self.tally, ("", ""), lambda *_: None)

    def attach(self, wire: Wire) -> None:
        """A wire was opened; nothing is known of it yet."""
        self._wire, self._lost, self._received = wire, "", b""
        self.answered = self._heard = self.now()
        self.echo = None if self.stream else False
        if self._lag is not None:
            self._lag.attach()

    def end(self, why: str) -> None:
        """The wire is gone, or to be left; the exchange on it fails."""
        self._lost = why
        self._silent.close()
        self._late.close()
        if self.busy:
            self._finish(ConnectionError(why))

    def hush(self, now: float) -> None:
        """Speak to nobody until not even a late answer to what was missed last can come."""
        if self.stream:
            self.quarantine = max(self.quarantine, now + self.rest)

    def standstill(self, now: float) -> float:
        """Seconds in which no read is made, since a late answer may still come."""
        return max(0.0, self.quarantine - now) if self.stream else 0.0

    def wire_time(self, size: int) -> float:
        """Seconds that so many bytes take."""
        return size * self._character

    @property
    def carried(self) -> float:
        """Seconds that the bytes of the last good exchange took."""
        return self.wire_time(len(self._request) + len(self.frame))

    async def ask(
        self,
        question: Question,
        counts: "Counter[str]",
        permit: Permit = always,
        *,
        short: bool = False,
        urgent: bool = False,
    ) -> bytes:
        """The answer; raises what `start` tells."""
        came: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def done(answer: bytes, error: Exception | None) -> None:
            if came.done():
                return
            if error is not None:
                came.set_exception(error)
            else:
                came.set_result(answer)

        matter = Matter(counts, ("", ""), done, permit, short=short, urgent=urgent)
        self.start(question, matter, self.now())
        return await came

    def start(self, question: Question, matter: Matter, now: float, expected: bytes | None = None) -> None:
        """Ask as soon as the wire is silent. `matter.done` is told the answer, or NoAnswerError, NotPermittedError,
        PluginFaultError, or ConnectionError when the wire is gone; perhaps before this returns. `expected`: bytes that
        are known to be a good answer to this very request."""
        self.busy = True
        self._question, self._matter, self._known = question, matter, expected
        if self.stream:
            try:
                self._pause = max(self._silence, _GUARD) if self._mistakable(question) else self._silence
            except PluginFaultError as fault:
                self._finish(fault)
                return
            self._limit = max(now, self.quarantine) + _BABBLE
            self._try(now)
        elif matter.permit is not None or self._lost:
            self._pause, self._limit = 0.0, max(now, self.quarantine) + _BABBLE
            self._try(now)
        else:
            self._send(now)

    def _try(self, now: float) -> None:
        """Send, or wait for the end of the quarantine and for 3.5 characters of silence."""
        if not self.busy or self._asking:
            return
        if self._lost:
            self._finish(ConnectionError(self._lost))
            return
        matter, free = self._matter, max(self.quarantine, self._heard + self._pause)
        if now < free and (now <= self._limit or not matter.urgent):
            # A board may hear an urgent one through the noise; a door that is to free people is worth the try.
            if now > self._limit:
                self._finish(NoAnswerError("the line is never silent: something on it talks all the time"))
            else:
                self._silent.set(free)
            return
        if matter.permit is not None and (refusal := matter.permit()):
            self._finish(NotPermittedError(refusal))
            return
        self._send(now)

    def _send(self, now: float) -> None:
        question, matter = self._question, self._matter
        self._asked, self._expected, self.rest = matter, self._known, 0.0
        self._noted = self._looked = False
        self._received = self._after = b""
        if self._junk:
            self._junk = []
        if self.stream:
            self._echoed = False
            try:
                self._mirror = self.echo is not False and self._answers_itself(question)
            except PluginFaultError as fault:
                self._finish(fault)
                return
            if self._mirror:
                self._expected = None  # the echo would be the very bytes
        request = question.request
        self.sent, self._asking = now, True
        try:
            self._wire.send(request)  # type: ignore[union-attr] # it is there, or `_lost` would say why not
        except ConnectionError as error:
            if self.busy:  # else the wire has told its end itself
                self._finish(error)
            return
        patience = question.patience if matter.patience is None else matter.patience
        if self._lag is not None:
            patience = self._lag.patience(patience, now)
        self._patience = patience
        if not self.stream and now < self._held and self.answered < self._missed:
            patience += self._held - now  # the gateway takes it up when it has done with the one before
        self._late.set(now + self._character * (len(request) + question.expected) + patience + _SLACK)

    def hear(self, data: bytes) -> None:
        """Bytes came. Nearly always they are the very answer that came the last time."""
        now = self._heard = self.now()
        try:
            if data == self._expected and not self._received and (told := self._matter.same) is not None:
                self.answered = now
                self.busy = self._asking = False
                self._expected, self._noted = None, True
                request = self._question.request
                self.ring.exchange(self._matter.whom, self.sent, request, now, data)
                if self.stream:
                    self._request, self.frame = request, data
                told(now)
            elif self._asking:
                self._judge(data)
            else:
                self._unasked(data, now)
        except Exception as mistake:  # noqa: BLE001 - handed on to whoever owns the line
            self._failed(mistake)

    def _judge(self, data: bytes) -> None:
        """Find the answer in what has come."""
        self._expected = None
        received = self._received = self._received + data if self._received else data
        if len(received) > _MOST:
            self._asked.counts["noise"] += 1
            self._received = received[-_MOST // 2 :]
        while self._received and self._asking and self._take():
            pass

    def _unasked(self, data: bytes, now: float) -> None:
        """Bytes while nobody is asked: late, or the last answer once more, or from nobody knows where."""
        if self._lag is not None:
            self._lag.heard(data, now)
        kind = "late" if now < self.quarantine else "stray"
        self.tally[kind] += len(data)
        self._note(kind, data, now)
        if kind == "late":
            self._asked.counts["late"] += not self._after
        self._after = (self._after + data)[-_MOST:]
        if kind == "stray":
            if self._after == self.frame:
                self._asked.counts["doubled"] += 1
            self._hint()

    def _hint(self) -> None:
        """Something was heard that may be the late answer of who was missed last, or its ruins."""
        if self._missing is not None and self._heard < self._held:
            self._missing.counts["hints"] += 1
            self.hinted(self._missing.whom[0], self._heard)

    def _note(self, kind: str, data: bytes, now: float, asked: Matter | None = None) -> None:
        self._note_sent()
        device, what = (asked or self._asked).whom
        self.ring.note(kind, device, data, now, what)

    def _note_sent(self) -> None:
        if not self._noted:
            self._noted = True
            device, what = self._asked.whom
            self.ring.note("sent", device, self._question.request, self.sent, what)

    def _take(self) -> bool:
        """Judge what was received; False while more is needed."""
        question, received = self._question, self._received
        try:
            found = self._find_echo(question) if self._mirror else question.find(received)
        except Exception as error:  # noqa: BLE001 - the edge of a plug-in
            self._finish(PluginFaultError(f"{type(error).__name__} in find: {error}"))
            return False
        if found is None:
            return False
        used = found.used
        if found.answer is not None:
            frame, self._received = received[:used], received[used:]
            self._answered(question, frame, found.answer)
            return False
        frame, self._received = received[:used], received[max(1, used) :]
        why, asked = found.why, self._asked
        if self._lag is not None and why == "foreign":
            self._lag.heard(frame, self._heard)
        elif self._lag is not None and why == "silent" and self._heard - self.sent > question.patience:
            self._lag.took(self._heard - self.sent, self._heard)
        if why == "foreign" and not self.stream and self._missing is not None and self._heard < self._held:
            why, asked, self._missing = "late", self._missing, None  # who was missed answers while the next is asked
        asked.counts[why] += 1
        self._note(why, frame, self._heard, asked)
        if found.why == "echo":
            self.echo = self._echoed = True
        elif found.why == "silent":
            self._finish(NoAnswerError("no answer: the gateway says that nobody answers it"))
        else:
            if len(self._junk) < _KINDS and (said := found.said or found.why) not in self._junk:
                self._junk.append(said)
            self._hint()
        return True

    def _answered(self, question: Question, frame: bytes, answer: bytes) -> None:
        now = self.answered = self._heard
        if self._noted:
            self._note("answer", frame, now)
        else:
            self._noted = True
            self.ring.exchange(self._asked.whom, self.sent, question.request, now, frame)
        self._request, self.frame = question.request, frame
        if self.stream and not self._junk and not self._echoed:
            # A clean exchange without an echo: there is none, unless there was one before; then look once more.
            self.echo = None if self.echo else False
        self.busy = self._asking = False
        if self._received:
            self._unasked(self._received, now)
            self._received = b""
        self._asked.done(answer, None)

    def _find_echo(self, question: Question) -> Found | None:
        """Where an answer may be a mirror of the request, the first such frame on an echoing wire is the echo."""
        at = self._received.find(question.request)
        if at < 0:
            return None
        self._mirror = False
        return Found(at + len(question.request), why="echo")

    def _finish(self, error: Exception) -> None:
        self._note_sent()
        self.busy = self._asking = False
        self._expected, self._received = None, b""
        self._matter.done(b"", error)

    def _give_up(self, now: float) -> None:
        if not self._asking:
            return
        if not self._looked:
            self._looked = True
            self._late.set(now + _LOOK)
            return
        question = self._question
        self.rest = max(0.0, question.worst - self._patience)
        if self._lag is not None:
            self._lag.missed(question, self.sent)
        if not self._asked.short:
            self.quarantine = now + self.rest
        if self._received:
            self._hint()
        if not self.stream or self._asked.short:
            self._missed, self._held, self._missing = now, now + self.rest, self._asked
        if self.echo is None and not self._junk and not self._received:
            self.echo = False  # an echo comes even when the device is dead
        if self._received:
            self._asked.counts["half"] += 1
            self._note("half", self._received, now)
            self._junk.append(f"half an answer ({self._received[:32].hex(' ')})")
        heard = f", only {', '.join(sorted(self._junk))}" if self._junk else ""
        self._note("miss", b"", now)
        self._finish(NoAnswerError(f"no answer{heard}"))

    def _mistakable(self, question: Question) -> bool:
        """The last answer was to something else, and yet would pass as the answer to this."""
        frame = self.frame
        return bool(frame) and self._request != question.request and self._passes(question, frame)

    def _answers_itself(self, question: Question) -> bool:
        """A good answer may be the very bytes of the request, as with writes of one coil or register."""
        return len(question.request) == question.expected and self._passes(question, question.request)

    @staticmethod
    def _passes(question: Question, received: bytes) -> bool:
        """It would take these bytes for its answer."""
        try:
            found = question.find(received)
        except Exception as error:
            raise PluginFaultError(f"{type(error).__name__} in find: {error}") from error
        return found is not None and found.answer is not None


def _raise(error: Exception) -> None:
    raise error
