"""Works a line whose devices answer when asked: orders first, then what the scheduler wants.

One exchange follows from the end of the one before, in the call that brought its last byte: nothing is woken in
between. Where nothing is due a timer waits, and whoever brings something to do stirs the line.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from daemon.clock import Clock
from daemon.config import site
from daemon.field.attendance import Attendance
from daemon.field.busy import Busy
from daemon.field.exchange import Exchanges
from daemon.field.instants import Timer
from daemon.field.jobs import Job
from daemon.field.landing import Landing
from daemon.field.matter import Matter, NoAnswerError, NotPermittedError, PluginFaultError
from daemon.field.presence import LOST_SURELY, TRIPS, Presence
from daemon.field.scheduler import Scheduler
from daemon.field.telling import Telling
from daemon.field.trace import Ring
from daemon.field.transport import Wire
from daemon.field.visits import Visits
from daemon.field.writes import Command, Writes
from gatehouse.driver import Device, DriverError, Listener, Question

if TYPE_CHECKING:
    from daemon.field.lines import Sink

_STEP = 0.5
"""Longest time without a sign of life."""
_LEAST = 0.0005
"""Shortest wait, in seconds."""
_HEARS = 3.0
"""A connection on which somebody answered within so many seconds works."""
_LATELY = 2.0
"""A box at which somebody answered within so many seconds works, whatever its connections come to."""
_DEAF = 10.0
"""A connection on which nothing was answered for so long, though devices were asked, is made anew."""


_KNOWN = 4
"""Requests of one scan whose answers are remembered: some drivers number them, and use each number again."""


class Polling:
    """The conversation with the devices of one line."""

    def __init__(
        self,
        settings: site.Line,
        devices: Mapping[str, Device],
        sink: "Sink",
        clock: Clock,
        ring: Ring,
    ) -> None:
        """Nothing asked yet."""
        now = clock.monotonic()
        self._now, self._sink = clock.monotonic, sink
        self.progress = 0
        self._reconnects = settings.serial is None
        kind: Literal["tcp", "serial"] = "tcp" if settings.tcp else "serial"
        self._exchanges = Exchanges(clock, kind, settings.baud, settings.bits, ring, self._fail)
        self.hear = self._exchanges.hear
        """To be told what bytes come."""
        self._scheduler = Scheduler({}, now)
        self._writes = Writes()
        self._attendance = Attendance(sink, self._scheduler, self._writes)
        self._exchanges.hinted = self._attendance.hinted
        self._landing = Landing(sink, self._attendance, ring)
        self._telling = Telling(self._exchanges, self._attendance, self._scheduler, self._writes, self._misses)
        self._visits = Visits(self._exchanges, self._scheduler)
        self._busy = Busy(now)
        self._rests = True
        self._idle = Timer(clock, self._go, self._fail)
        self._opened_before = self._anew = False
        self._cut_short: Job | None = None
        """The read that the other side's hanging up was the answer to; the first one on the next wire."""
        self._calm = False
        """There is nothing to do but reading."""
        self._ended: asyncio.Future[None] | None = None
        self._going = False
        self._began = self._attached = now
        self._unit: Presence
        self._job: Job
        self._question: Question
        self.change(devices)

    # What others want of the line

    def change(self, devices: Mapping[str, Device | Listener]) -> None:
        """From the next exchange on these are the devices. ValueError when one of them speaks unasked."""
        polled = {name: device for name, device in devices.items() if not isinstance(device, Listener)}
        if unasked := sorted(devices.keys() - polled):
            raise ValueError(f"{unasked[0]} speaks unasked; it needs a line to itself that is opened anew")
        self._attendance.change(polled, self._now())
        self._stir()

    def write(self, command: Command) -> None:
        """Queue an order."""
        self._telling.write(command, self._now())
        self._stir()

    async def visit(self, question: Question, patience: float | None) -> bytes:
        """See `LineOwner.visit`."""
        visit = self._visits.put(question, patience)
        self._stir()
        return await self._visits.answer(visit)

    def status(self) -> dict[str, Any]:
        """For people."""
        now = self._now()
        return {
            "echo": self._exchanges.echo,
            "stray_bytes": self._exchanges.tally["stray"],
            "late_bytes": self._exchanges.tally["late"],
            "orders_waiting": len(self._writes),
            "busy": round(self._busy.total(now), 3),
            "load": round(self._busy.load(now), 3),
            "devices": {name: unit.status(now) for name, unit in self._attendance.units.items()},
        }

    # The wire

    def end(self, why: str) -> None:
        """The wire is gone."""
        self._fail(ConnectionError(why))

    async def serve(self, wire: Wire) -> None:
        """Until the wire is lost, which is a ConnectionError."""
        self._ended = asyncio.get_running_loop().create_future()
        self._exchanges.attach(wire)
        self._attached = self._exchanges.answered
        if not self._anew:
            self._scheduler.revive(self._now())
        for unit in self._attendance.units.values():
            unit.misses = unit.misses if self._anew else 0
            unit.doubt = self._opened_before and self._exchanges.stream
        self._opened_before, self._anew = True, False
        try:
            if wire.lost:
                raise ConnectionError(wire.lost)
            self._over()
            await self._ended
        finally:
            self._ended = None
            self._exchanges.end(wire.lost or "the daemon is stopping")
            self._idle.close()
            self._rests = True
            self._busy.rest(self._now())

    def hung_up(self, why: str, now: float) -> bool:
        """The other side has closed the wire. True when somebody had answered on it, or just before: it is opened anew
        at once, and all goes on as if nothing had been; but who has not been heard for long is lost."""
        units = self._attendance.units.values()
        lately = any(unit.alive and now - unit.good_at < _LATELY for unit in units)
        self._anew = lately or self._exchanges.answered > self._attached
        for unit in units if self._anew else ():
            rounds = 2 * min((job.scan.period for job in unit.jobs), default=0.0)
            if not unit.fault and unit.overdue(now) and now - unit.good_at >= LOST_SURELY + rounds:
                self._attendance.lose(unit, f"no answer before the connection was lost: {why}", now)
        return self._anew

    def away(self, why: str, now: float) -> None:
        """The line is down: devices are lost in their time, orders do not wait for ever."""
        self._anew, self._cut_short = False, None
        self._writes.give_up(why, now)
        self._visits.give_up(ConnectionError(why))
        self._attendance.away(why, now)

    def _fail(self, error: Exception) -> None:
        """Nothing more on this wire: the exchange that is under way fails, and so does `serve`."""
        ended, self._ended = self._ended, None
        self._exchanges.end(str(error))
        if ended is not None and not ended.done():
            ended.set_exception(error)

    # One exchange after the other

    def _stir(self) -> None:
        self._calm = False
        if self._ended is not None and not self._exchanges.busy:
            self._idle.set(self._now())

    def _over(self) -> None:
        """An exchange that was no read has ended."""
        self._go(self._now())

    def _go(self, now: float) -> None:
        """Do what matters most now, until an exchange is under way or there is nothing to do."""
        if self._going or self._exchanges.busy or self._ended is None:
            return
        self._going = True
        try:
            if self._rests:
                self._rests = False
                self._busy.work(now)
            while self._ended is not None:
                self.progress += 1
                self._began = now
                if self._calm or not self._more(now):
                    job = self._resumed() or self._scheduler.next(now)
                    if job is None:
                        self._wait(now)
                        return
                    self._read(job, now)
                if self._exchanges.busy:
                    return
                now = self._now()  # it has ended already; at the old time it would be tried for ever
        finally:
            self._going = False

    def _resumed(self) -> Job | None:
        """What was cut short on the wire before."""
        job, self._cut_short = self._cut_short, None
        return job if job and not job.gone and job.unit.lives else None

    def _more(self, now: float) -> bool:
        """Begin what goes before the reads; False when there is nothing of the kind."""
        if self._telling.read_first or self._exchanges.echo is None:
            # After a write that failed, or before it is known whether this wire echoes, a read has its turn.
            self._telling.read_first = False
            if job := self._scheduler.next(now):
                self._read(job, now, first=True)
                return True
        if self._telling.next(now, self._over):
            return True
        if visit := self._visits.next(now):
            self._visits.make(visit, self._no_order, self._over)
            return True
        self._calm = self._telling.idle and not self._visits and self._exchanges.echo is not None
        return False

    def _wait(self, now: float) -> None:
        """Until the next read is due, or for a sign of life; whoever brings an order stirs the line."""
        wake = self._scheduler.wake(now)
        if not self._calm:
            wake = min([wake, *self._telling.rests(now)])
        if self._visits:
            wake = min(wake, self._scheduler.payable(now))
        self._rests = True
        self._busy.rest(now)
        self._idle.set(min(max(wake, now + _LEAST), now + _STEP))

    # Reading

    def _read(self, job: Job, now: float, *, first: bool = False) -> None:
        """Ask one scan; `first`: even before an order that comes while it waits for silence."""
        unit = self._unit = self._attendance.units[job.device]
        self._job = job
        device: Any = unit.device
        try:
            question = self._question = device.ask(job.scan)
            request = question.request
        except DriverError as error:
            self._attendance.missed(unit, str(error), now, job=job)
            return
        except Exception as error:  # noqa: BLE001 - the edge of a plug-in
            fault = PluginFaultError(f"{type(error).__name__} in ask: {error}")
            self._attendance.out_of_service(unit, fault, now)
            return
        exchanges, matter = self._exchanges, job.matter
        if matter is None:
            matter = job.matter = Matter(unit.tally, (job.device, job.scan.name), self._came, same=self._same)
        expected = job.known.get(request)
        if expected is None or unit.misses or unit.doubt or unit.owed or exchanges.stream or matter.permit:
            expected = self._warily(unit, matter, question, now, expected)
            if first:
                matter.permit = None
        exchanges.start(question, matter, now, expected)

    def _warily(
        self, unit: Presence, matter: Matter, question: Question, now: float, expected: bytes | None
    ) -> bytes | None:
        """With an eye on orders that come meanwhile, and on devices that do not answer; what answer is expected."""
        exchanges, matter.patience, matter.short = self._exchanges, None, False
        matter.permit = self._no_order if exchanges.stream else None
        # A connection that stalls is no cut cable: there nobody answers.
        hears = exchanges.stream and (not self._reconnects or now - exchanges.answered < _HEARS)
        many = hears and self._attendance.many(now)
        if unit.misses or many:
            if exchanges.stream:  # a gateway waits for its own time, whether we do or not
                patience = self._attendance.patience(unit, now, many=many)
                matter.patience = None if patience is None else min(patience, question.patience)
            matter.short = many or self._attendance.silent(unit)
        return None if unit.doubt or unit.owed or exchanges.echo is not False else expected

    def _no_order(self) -> str:
        """Lets a read go out, unless an order has come while it waited for silence."""
        return "" if self._calm or not self._telling.waits(self._now()) else "an order goes first"

    def _same(self, now: float) -> None:
        """What was asked last was answered by the very bytes that were expected."""
        unit, job = self._unit, self._job
        unit.polls = polls = unit.polls + 1
        if self._exchanges.stream:
            unit.took(now - self._exchanges.sent, self._exchanges.carried)
        else:
            unit.trips[polls % TRIPS] = now - self._exchanges.sent
        unit.good_at = now
        self._scheduler.answered(job, now, self._question.gap)
        if not job.gone:
            passed, job.landed = now - job.landed, now
            if passed > job.worst:
                unit.aged(job, passed)
            if job.over:
                unit.came_along(job, now)
            self._sink.same(job.device, job.brings, now)
        self._go(now)

    def _came(self, answer: bytes, error: Exception | None) -> None:
        """What was asked last is answered, or not."""
        try:
            if error is None:
                self._landed(self._unit, self._job, answer, self._exchanges.answered)
            else:
                self._unanswered(self._unit, self._job, error)
        except PluginFaultError as fault:
            self._attendance.out_of_service(self._unit, fault, self._now())
        self._go(self._now())

    def _landed(self, unit: Presence, job: Job, answer: bytes, now: float) -> None:
        self._attendance.answered(unit, now, now - self._exchanges.sent, self._exchanges.carried)
        aside = self._scheduler.answered(job, now, self._question.gap)
        if aside is not None:
            self._landing.set_aside(unit, aside, now)
        if job.gone:
            return
        if not unit.online and job.scan.points:
            self._attendance.tell(unit, online=True, why="answers", now=now)
        if self._landing.take(unit, job, answer, now):
            self._scheduler.again(job, now)
        elif job.last == answer:
            if len(job.known) >= _KNOWN:
                job.known.clear()
            job.known[self._question.request] = self._exchanges.frame
        self._calm = self._calm and not unit.owed

    def _unanswered(self, unit: Presence, job: Job, error: Exception) -> None:
        if isinstance(error, NotPermittedError):
            self._scheduler.put_back(job)
        elif isinstance(error, NoAnswerError):
            self._misses(unit, str(error), self._question, job)
        elif isinstance(error, PluginFaultError):
            raise error
        elif self._exchanges.answered > self._attached and not job.unit.misses:
            self._cut_short = job
        else:
            job.due = self._now()  # behind the others: perhaps the wire is lost because of this question
            self._scheduler.put_back(job)

    def _misses(self, unit: Presence, why: str, question: Question | None, job: Job | None = None) -> None:
        now, exchanges = self._now(), self._exchanges
        if not self._attendance.has(unit):
            exchanges.hush(now)  # it may be there under another name, and must not answer that one's question
            return
        gap = question.gap if question else 0.0
        took = now - self._began + exchanges.standstill(now)
        self._attendance.missed(unit, why, now, took=took, late=exchanges.rest, gap=gap, job=job)
        if self._reconnects and now - exchanges.answered > _DEAF:
            self._fail(ConnectionError(f"nothing was answered for {_DEAF:g} s; connecting anew"))
