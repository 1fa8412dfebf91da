"""Works a line whose devices answer when asked: orders first, then what the scheduler wants; judges who is there."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from daemon.clock import Clock
from daemon.commands import Permit, always
from daemon.config import site
from daemon.field.busy import Busy
from daemon.field.exchange import Exchanges, NoAnswerError, NotPermittedError, PluginFaultError
from daemon.field.landing import Landing, guarded
from daemon.field.presence import Presence
from daemon.field.scheduler import QUICK_MISSES, Job, Scheduler
from daemon.field.trace import Ring
from daemon.field.transport import Wire
from daemon.field.visits import Visits
from daemon.field.writes import TRIES, TRIES_SILENT, WAIT, Command, Order, Writes
from gatehouse.demands import Priority
from gatehouse.driver import Device, DriverError, Listener, Question, Writer

if TYPE_CHECKING:
    from daemon.field.lines import Sink

_STEP = 0.5
"""Longest time without a sign of life."""
_SETTINGS_AT_ONCE = 4
"""Settings that a board which came to life is given before the line reads again."""
_DEAF = 10.0
"""A connection on which nothing was answered for so long, though devices were asked, is made anew."""
_PREPARE_AGAIN = 1.0
"""Seconds between two tries to give a device a setting that it does not answer."""


class Polling:
    """The conversation with the devices of one line."""

    def __init__(  # noqa: PLR0917 - handed on by the line's owner
        self,
        settings: site.Line,
        devices: Mapping[str, Device],
        sink: "Sink",
        clock: Clock,
        advance: Callable[[], None],
        ring: Ring,
    ) -> None:
        """Nothing asked yet."""
        now = clock.monotonic()
        self._sink, self._clock, self._advance = sink, clock, advance
        self._reconnects = settings.serial is None
        self._exchanges = Exchanges(clock, "tcp" if settings.tcp else "serial", settings.baud, settings.bits, ring)
        self._writes = Writes()
        self._stirred = asyncio.Event()
        self._opened_before = False
        self._read_first = False
        self._began = now
        self._busy = Busy(now)
        self._units: dict[str, Presence] = {}
        self._scheduler = Scheduler({}, now)
        self._visits = Visits(self._exchanges, self._scheduler, clock)
        self._landing = Landing(sink, self._scheduler, ring, self._presence)
        self.change(devices)

    def change(self, devices: Mapping[str, Device | Listener]) -> None:
        """From the next exchange on these are the devices. ValueError when one of them speaks unasked."""
        polled = {name: device for name, device in devices.items() if not isinstance(device, Listener)}
        if unasked := sorted(devices.keys() - polled):
            raise ValueError(f"{unasked[0]} speaks unasked; it needs a line to itself that is opened anew")
        now = self._clock.monotonic()
        for name, unit in list(self._units.items()):
            if devices.get(name) is not unit.device:
                del self._units[name]
                self._scheduler.forget(name)
                self._writes.give_up_device(name, "the device was taken from the line, or changed; order it again")
        for name, device in polled.items():
            if name not in self._units:
                unit = self._units[name] = Presence(name, device, now)
                try:
                    self._landing.plan(unit, now)
                except PluginFaultError as error:
                    self._out_of_service(unit, error)
        self._stirred.set()

    def hear(self, data: bytes) -> None:
        """Bytes came."""
        self._exchanges.hear(data)

    def end(self, why: str) -> None:
        """The wire is gone."""
        self._exchanges.end(why)
        self._stirred.set()

    def write(self, command: Command) -> None:
        """Queue an order."""
        unit = self._units.get(command.device)
        if unit is None or unit.fault or unit.held or not isinstance(unit.device, Writer):
            why = unit and (unit.fault or unit.held)
            command.done(why or f"{command.device} cannot be told anything")
            return
        now = self._clock.monotonic()
        self._writes.put(command, now)
        self._scheduler.urge(unit.name, now)
        self._stirred.set()

    async def visit(self, question: Question, patience: float | None) -> bytes:
        """See `LineOwner.visit`."""
        visit = self._visits.put(question, patience)
        self._stirred.set()
        return await self._visits.answer(visit)

    async def serve(self, wire: Wire) -> None:
        """Until the wire is lost, which is a ConnectionError."""
        self._exchanges.attach(wire)
        self._scheduler.revive(self._clock.monotonic())
        for unit in self._units.values():
            unit.misses = 0
            unit.doubt = self._opened_before and self._exchanges.stream
        self._opened_before = True
        while True:
            self._advance()
            if wire.lost:
                raise ConnectionError(wire.lost)
            await self._turn()

    def away(self, why: str, now: float) -> None:
        """The line is down: devices are lost in their time, orders do not wait for ever."""
        self._writes.give_up(why, now)
        self._visits.give_up(ConnectionError(why))
        for unit in self._units.values():
            if not unit.fault and unit.overdue(now):
                self._lose(unit, why, now)

    def status(self) -> dict[str, Any]:
        """For people."""
        now = self._clock.monotonic()
        return {
            "echo": self._exchanges.echo,
            "stray_bytes": self._exchanges.tally["stray"],
            "late_bytes": self._exchanges.tally["late"],
            "orders_waiting": len(self._writes),
            "busy": round(self._busy.total, 3),
            "load": round(self._busy.load(now), 3),
            "devices": {name: unit.status(now) for name, unit in self._units.items()},
        }

    async def _turn(self) -> None:
        """The one exchange that matters most now, or a wait for something to do."""
        now = self._clock.monotonic()
        self._give_up_late_orders(now)
        work = self._work(now)
        if work is None:
            await self._idle(now)
            return
        try:
            await work
        finally:
            self._busy.worked(now, self._clock.monotonic())

    def _work(self, now: float) -> Coroutine[Any, Any, None] | None:
        """The one exchange that matters most now."""
        if self._read_first or self._exchanges.echo is None:
            # After a write that failed, or before it is known whether this wire echoes, a read has its turn.
            self._read_first = False
            if job := self._scheduler.next(now):
                return self._read(job)
        order = self._writes.next(
            lambda device: self._may_order(device, now), lambda device: self._scheduler.misses(device) > 0
        )
        if order is not None:
            return self._order(order)
        owing = next((unit for unit in self._units.values() if self._may_prepare(unit, now)), None)
        if owing is not None:
            return self._prepare(owing)
        if visit := self._visits.next(now):
            return self._visits.make(visit, self._no_order)
        if job := self._scheduler.next(now):
            return self._read(job, self._no_order)
        return None

    def _no_order(self) -> str:
        """Lets a read go out, unless an order has come while it waited for silence."""
        now = self._clock.monotonic()
        return "an order goes first" if self._writes.any(lambda device: self._may_order(device, now)) else ""

    def _may_order(self, device: str, now: float) -> bool:
        """For a silent one they wait until a probe is answered: dead boards would take the line from fire contacts."""
        rests = self._scheduler.free(device) > now or not self._units[device].ready
        return not rests and self._scheduler.misses(device) < QUICK_MISSES

    def _give_up_late_orders(self, now: float) -> None:
        for unit in self._units.values() if self._writes else ():
            if self._scheduler.misses(unit.name) >= QUICK_MISSES:
                self._writes.give_up_device(unit.name, "no answer", now - WAIT)
            elif not unit.ready:
                self._writes.give_up_device(unit.name, unit.held or "not asked yet", now - WAIT)

    async def _idle(self, now: float) -> None:
        """Until the next read is due, an order comes, or the wire is lost."""
        wake = self._scheduler.wake(now)
        if self._writes or any(unit.owed for unit in self._units.values()):
            resting = (self._scheduler.free(name) for name in self._units)
            wake = min([wake, *(free for free in resting if free > now)])
        if self._visits:
            wake = min(wake, self._scheduler.payable(now))
        wait = min(max(wake - now, 0.0005), _STEP)
        self._stirred.clear()
        try:
            async with asyncio.timeout(wait):
                await self._stirred.wait()
        except TimeoutError:
            return

    # Reading

    async def _read(self, job: Job, permit: Permit = always) -> None:
        unit = self._units[job.device]
        device: Any = unit.device
        question: Question | None = None
        try:
            question = guarded("ask", device.ask, job.scan)
            answer = await self._ask(unit, question, permit, what=job.scan.name)
            self._take(unit, job, question, answer)
        except NotPermittedError:
            self._scheduler.put_back(job)
        except (DriverError, NoAnswerError) as error:
            self._misses(unit, str(error), question, job)
        except PluginFaultError as error:
            self._out_of_service(unit, error)

    def _take(self, unit: Presence, job: Job, question: Question, answer: bytes) -> None:
        now = self._clock.monotonic()
        aside = self._scheduler.answered(job, now, question.gap)
        if aside is not None:
            self._landing.set_aside(unit, aside.scan, now)
        if job.gone:
            return
        if job.scan.points and not unit.online:
            self._presence(unit, online=True, why="answers", now=now)
        if self._landing.take(unit, job.scan, answer, now):
            self._scheduler.again(job, now)

    # Writing

    async def _order(self, order: Order) -> None:
        command, unit = order.command, self._units[order.command.device]
        order.tries += 1
        try:
            refusal = await self._tell(unit, command)
        except NotPermittedError as error:
            command.done(str(error))
            return
        except PluginFaultError as error:
            command.done(f"driver fault: {error}")
            self._out_of_service(unit, error)
            return
        except (ConnectionError, asyncio.CancelledError) as error:
            command.done(str(error) or "the daemon is stopping")
            raise
        if not refusal:
            if self._has(unit):
                self._scheduler.soon(unit.name, command.channel, self._clock.monotonic())
            command.done("")
            return
        self._read_first = True
        tries = TRIES if unit.online else TRIES_SILENT
        if order.tries < tries and not unit.fault and self._has(unit):
            self._writes.retry(order)
        else:
            command.done(refusal)

    async def _tell(self, unit: Presence, command: Command) -> str:
        """One attempt; empty when the device accepted, else why not."""
        device: Any = unit.device
        unit.tally["writes"] += 1
        question: Question | None = None
        try:
            question = guarded("write", device.write, command.channel, command.value)
            urgent = command.priority <= Priority.WAY_OUT
            answer = await self._ask(unit, question, command.permit, what=f"write {command.channel}", urgent=urgent)
            guarded("accept", device.accept, question, answer)
        except DriverError as error:
            unit.tally["refused"] += 1
            return str(error)
        except NoAnswerError as error:
            self._misses(unit, str(error), question)
            return str(error)
        return ""

    def _may_prepare(self, unit: Presence, now: float) -> bool:
        return bool(unit.owed) and unit.ready and max(self._scheduler.free(unit.name), unit.prepare_at) <= now

    async def _prepare(self, unit: Presence) -> None:
        """One of the writes that the device needs since it came to life."""
        question = unit.owed.popleft()
        device: Any = unit.device
        self._read_first = len(unit.owed) % _SETTINGS_AT_ONCE == 0  # a new board must not keep the contacts unread
        try:
            answer = await self._ask(unit, question, what="write setting")
            self._read_all_soon(unit)
            guarded("accept", device.accept, question, answer)
        except DriverError as error:
            unit.tally["refused"] += 1
            unit.why = f"refused a setting that its profile wants: {error}"
        except NoAnswerError as error:
            unit.owed.appendleft(question)
            unit.prepare_at = self._clock.monotonic() + _PREPARE_AGAIN
            self._misses(unit, str(error), question)
        except PluginFaultError as error:
            self._out_of_service(unit, error)

    def _read_all_soon(self, unit: Presence) -> None:
        """It is as its profile wants it: what it says counts from now on."""
        for scan in unit.scans if self._has(unit) and not unit.owed else ():
            self._scheduler.soon(unit.name, next(iter(scan.points), ""), self._clock.monotonic())

    # Who is there

    async def _ask(
        self, unit: Presence, question: Question, permit: Permit = always, *, what: str, urgent: bool = False
    ) -> bytes:
        """Ask, and note that the device lives."""
        short = self._scheduler.misses(unit.name) >= QUICK_MISSES
        self._began = self._clock.monotonic()
        answer = await self._exchanges.ask(
            question, unit.tally, permit, whom=(unit.name, what), short=short, urgent=urgent
        )
        now = self._clock.monotonic()
        unit.answered(now, now - self._exchanges.sent)
        if not unit.alive and self._has(unit):
            self._revived(unit, now)
        return answer

    def _revived(self, unit: Presence, now: float) -> None:
        """It answers for the first time since it was lost: another may stand in its place by now."""
        device: Any = unit.device
        unit.alive, unit.alive_since = True, now
        if isinstance(device, Writer):
            unit.owed.clear()
            unit.owed.extend(guarded("prepare", device.prepare))
        if tuple(guarded("scans", device.scans)) != unit.scans:
            self._landing.plan(unit, now)

    def _misses(self, unit: Presence, why: str, question: Question | None = None, job: Job | None = None) -> None:
        if not self._has(unit):
            return
        now = self._clock.monotonic()
        short = self._scheduler.misses(unit.name) >= QUICK_MISSES
        late = question.worst - question.patience if question else 0.0
        spent = now - self._began + (0.0 if short else late)
        unit.missed(aside=bool(job and job.aside and not unit.misses))
        self._scheduler.missed(unit.name, now, spent, max(late, question.gap if question else 0.0), job)
        if unit.lost(now):
            self._lose(unit, why, now)
        if self._reconnects and now - self._exchanges.answered > _DEAF:
            raise ConnectionError(f"nothing was answered for {_DEAF:g} s; connecting anew")

    def _has(self, unit: Presence) -> bool:
        """It is still a device of this line."""
        return self._units.get(unit.name) is unit

    def _lose(self, unit: Presence, why: str, now: float) -> None:
        unit.alive, unit.held = False, ""
        self._presence(unit, online=False, why=why, now=now)

    def _presence(self, unit: Presence, *, online: bool, why: str, now: float) -> None:
        unit.why = why
        if not online:
            unit.gone()
        if online is not unit.online and self._has(unit):
            unit.online = online
            self._sink.device(unit.name, online, why, now)

    def _out_of_service(self, unit: Presence, error: PluginFaultError) -> None:
        """A broken driver costs its device, no more."""
        unit.fault = f"driver fault: {error}"
        if self._has(unit):
            self._scheduler.retire(unit.name)
        self._presence(unit, online=False, why=unit.fault, now=self._clock.monotonic())
        self._writes.give_up_device(unit.name, unit.fault)
