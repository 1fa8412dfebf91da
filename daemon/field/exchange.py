"""One question and its answer on a wire that several devices share: silence, echo, time limit, quarantine.

RTU has no transaction number. Only time can tell a late answer from the next one, so after a miss nobody speaks until
the device's worst answer time is over, and what arrives meanwhile is thrown away.
"""

import asyncio
from collections import Counter
from typing import Literal

from daemon.clock import Clock
from daemon.commands import Permit, always
from daemon.field.trace import Ring
from daemon.field.transport import Wire
from gatehouse.driver import Found, Question

_SLACK = 0.02
"""Seconds for the operating system and a USB adapter's 16 ms timer."""
_GUARD = 0.02
"""Silence before a question that the last answer, come a second time out of an adapter's buffer, would answer too."""
_BABBLE = 0.5
"""Seconds for which a wire may be noisy before an exchange on it is given up."""
_MOST = 4096
"""Bytes kept at most while an answer is looked for."""


class NoAnswerError(Exception):
    """The device did not answer in time; the text says what was heard instead."""


class NotPermittedError(Exception):
    """The order may not be sent any more; the text says why."""


class PluginFaultError(Exception):
    """A driver raised what it should not."""


class Exchanges:
    """One exchange at a time on one open wire."""

    def __init__(
        self, clock: Clock, kind: Literal["serial", "tcp"], baud: int, bits: int, ring: Ring | None = None
    ) -> None:
        """`bits` of one character. On TCP the same arithmetic allows for the serial side of a gateway."""
        self._clock = clock
        self._ring = ring or Ring(clock)
        self._character = bits / baud
        self.stream = kind == "serial"
        """Bare bytes, where a late answer can pass as the next one."""
        self.sent = clock.monotonic()
        """When the last request went out."""
        self._silence = (3.5 * self._character if baud <= 19200 else 0.00175) if self.stream else 0.0
        self.echo: bool | None = None if self.stream else False
        """Whether the adapter hands our own bytes back; None until the first exchange has shown it."""
        self.tally: Counter[str] = Counter()
        """What was heard while nobody was asked."""
        self.answered = clock.monotonic()
        """When something was last answered, or the wire was opened."""
        self._wire: Wire | None = None
        self._lost = ""
        self._asked: Question | None = None
        self._done: asyncio.Future[bytes] | None = None
        self._received = b""
        self._counts: Counter[str] = self.tally
        self._mirror = False
        self._echoed = False
        self._junk: list[str] = []
        self._answer: tuple[bytes, bytes] = (b"", b"")
        self._after = b""
        """What came since, in the silence."""
        self._whom = ("", "")
        self._heard = float("-inf")
        self._quarantine = float("-inf")

    def attach(self, wire: Wire) -> None:
        """A wire was opened; nothing is known of it yet."""
        self._wire, self._lost, self._received = wire, "", b""
        self.answered = self._heard = self._clock.monotonic()
        self.echo = None if self.stream else False

    def end(self, why: str) -> None:
        """The wire is gone; the exchange on it fails."""
        self._lost = why
        if self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionError(why))

    def wire_time(self, size: int) -> float:
        """Seconds that so many bytes take."""
        return size * self._character

    def cost(self, question: Question) -> float:
        """Seconds of the line that a good exchange takes, without the device's own time."""
        return self.wire_time(len(question.request) + question.expected) + 2 * self._silence

    async def ask(
        self,
        question: Question,
        counts: "Counter[str]",
        permit: Permit = always,
        *,
        whom: tuple[str, str] = ("", ""),
        short: bool = False,
        urgent: bool = False,
    ) -> bytes:
        """The answer. NoAnswerError, NotPermittedError, PluginFaultError, or ConnectionError when the wire is gone.

        `counts`: of the device; `whom`: its name, and what it is asked, for the trace.
        `short`: for a device known to be silent; the caller leaves it alone long enough instead of the whole line.
        `urgent`: on a wire that is never silent it is sent all the same."""
        await self._quiet(question, urgent=urgent)
        refusal = permit()
        if refusal:
            raise NotPermittedError(refusal)
        loop = asyncio.get_running_loop()
        self._received, self._counts, self._echoed, self._junk = b"", counts, False, []
        self._whom, self._after = whom, b""
        self._mirror = self.echo is not False and self._answers_itself(question)
        done: asyncio.Future[bytes] = loop.create_future()
        self._done, self._asked = done, question
        answering = self.wire_time(len(question.request) + question.expected)
        timer = loop.call_later(answering + question.patience + _SLACK, self._give_up, done)
        try:
            self._send(question.request)
            answer = await done
        except NoAnswerError:
            if not short:
                self._quarantine = self._clock.monotonic() + question.worst - question.patience
            if self.echo is None and not self._junk and not self._received:
                self.echo = False  # an echo comes even when the device is dead
            raise
        finally:
            timer.cancel()
            self._asked = None
        self.answered = self._clock.monotonic()
        if self.stream and not self._junk and not self._echoed:
            self._learn_no_echo()
        return answer

    def _learn_no_echo(self) -> None:
        """A clean exchange without an echo: there is none, unless there was one before; then look once more."""
        self.echo = None if self.echo else False

    def hear(self, data: bytes) -> None:
        """Bytes came."""
        now = self._clock.monotonic()
        self._heard = now
        if self._asked is None:
            self._unasked(data, now)
            return
        self._received += data
        if len(self._received) > _MOST:
            self._counts["noise"] += 1
            self._received = self._received[-_MOST // 2 :]
        while self._received and self._asked is not None:
            if not self._take(self._asked):
                return

    def _unasked(self, data: bytes, now: float) -> None:
        """Bytes while nobody is asked: late, or the last answer once more, or from nobody knows where."""
        kind = "late" if now < self._quarantine else "stray"
        self.tally[kind] += len(data)
        self._note(kind, data)
        if kind == "late":
            self._counts["late"] += not self._after
        self._after = (self._after + data)[-_MOST:]
        if kind == "stray" and self._after == self._answer[1]:
            self._counts["doubled"] += 1

    def _note(self, kind: str, data: bytes) -> None:
        device, what = self._whom
        self._ring.note(kind, device, data, self._clock.monotonic(), what)

    def _take(self, question: Question) -> bool:
        """Judge what was received; False while more is needed."""
        try:
            found = self._find(question)
        except PluginFaultError as fault:
            self._finish(fault)
            return False
        if found is None:
            return False
        frame, self._received = self._received[: found.used], self._received[max(1, found.used) :]
        if found.answer is not None:
            self._answer = question.request, frame
            self._note("answer", frame)
            self._finish(found.answer)
            return False
        self._counts[found.why] += 1
        self._note(found.why, frame)
        if found.why == "echo":
            self.echo = self._echoed = True
        else:
            self._junk.append(found.why)
        return True

    def _find(self, question: Question) -> Found | None:
        """Where an answer may be a mirror of the request, the first such frame on an echoing wire is the echo."""
        if not self._mirror:
            return self._guarded_find(question, self._received)
        at = self._received.find(question.request)
        if at < 0:
            return None
        self._mirror = False
        return Found(at + len(question.request), why="echo")

    def _finish(self, result: bytes | Exception) -> None:
        self._asked = None
        if self._received:
            self._unasked(self._received, self._clock.monotonic())
            self._received = b""
        if self._done is None or self._done.done():
            return
        if isinstance(result, Exception):
            self._done.set_exception(result)
        else:
            self._done.set_result(result)

    def _give_up(self, done: "asyncio.Future[bytes]") -> None:
        if not done.done():
            if self._received:
                self._counts["half"] += 1
                self._note("half", self._received)
                self._junk.append(f"half an answer ({self._received[:32].hex(' ')})")
            heard = f", only {', '.join(sorted(set(self._junk)))}" if self._junk else ""
            self._note("miss", b"")
            done.set_exception(NoAnswerError(f"no answer{heard}"))

    def _send(self, request: bytes) -> None:
        if self._wire is None:
            raise ConnectionError("not open")
        self.sent = self._clock.monotonic()
        self._wire.send(request)
        self._note("sent", request)

    async def _quiet(self, question: Question, *, urgent: bool) -> None:
        """Wait for the end of the quarantine and for 3.5 characters of silence."""
        limit = max(self._clock.monotonic(), self._quarantine) + _BABBLE
        silence = max(self._silence, _GUARD) if self._mistakable(question) else self._silence
        while True:
            if self._lost:
                raise ConnectionError(self._lost)
            now = self._clock.monotonic()
            wait = max(self._quarantine, self._heard + silence) - now
            if wait <= 0:
                return
            if now > limit and urgent:
                return  # a board may hear it through the noise; a door that is to free people is worth the try
            if now > limit:
                raise NoAnswerError("the line is never silent: something on it talks all the time")
            await asyncio.sleep(wait)

    def _mistakable(self, question: Question) -> bool:
        """The last answer was to something else, and yet would pass as the answer to this."""
        request, frame = self._answer
        if not self.stream or not frame or request == question.request:
            return False
        found = self._guarded_find(question, frame)
        return found is not None and found.answer is not None

    def _answers_itself(self, question: Question) -> bool:
        """A good answer may be the very bytes of the request, as with writes of one coil or register."""
        if len(question.request) != question.expected:
            return False
        found = self._guarded_find(question, question.request)
        return found is not None and found.answer is not None

    def _guarded_find(self, question: Question, received: bytes) -> Found | None:
        try:
            return question.find(received)
        except Exception as error:
            raise PluginFaultError(f"{type(error).__name__} in find: {error}") from error
