"""Works a line whose devices answer when asked: orders first, then what the scheduler wants; judges who is there."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from daemon.clock import Clock
from daemon.config import site
from daemon.field.exchange import Exchanges, NoAnswerError, NotPermittedError, PluginFaultError, always
from daemon.field.presence import Last, Presence
from daemon.field.scheduler import QUICK_MISSES, Job, Scheduler
from daemon.field.transport import Wire
from daemon.field.writes import TRIES, TRIES_SILENT, WAIT, Command, Order, Writes
from gatehouse.demands import Priority
from gatehouse.driver import Device, DriverError, Question, Sample, Scan, ScanClass, Writer
from gatehouse.points import Quality

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
_T = TypeVar("_T")


class Polling:
    """The conversation with the devices of one line."""

    def __init__(
        self,
        settings: site.Line,
        devices: Mapping[str, Device],
        sink: "Sink",
        clock: Clock,
        advance: Callable[[], None],
    ) -> None:
        """Nothing asked yet."""
        now = clock.monotonic()
        self._sink, self._clock, self._advance = sink, clock, advance
        self._reconnects = settings.serial is None
        self._exchanges = Exchanges(clock, "tcp" if settings.tcp else "serial", settings.baud, settings.bits)
        self._writes = Writes()
        self._stirred = asyncio.Event()
        self._opened_before = False
        self._read_first = False
        self._began = now
        self._units: dict[str, Presence] = {}
        scans = {}
        for name, device in devices.items():
            scans[name] = device.scans()
            safety = any(scan.kind is ScanClass.SAFETY for scan in scans[name])
            self._units[name] = Presence(name, device, safety, now)
        self._scheduler = Scheduler(scans, now)

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
        if unit is None or unit.fault or not isinstance(unit.device, Writer):
            why = unit.fault if unit and unit.fault else f"{command.device} cannot be told anything"
            command.done(why)
            return
        now = self._clock.monotonic()
        self._writes.put(command, now)
        self._scheduler.urge(unit.name, now)
        self._stirred.set()

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
        for unit in self._units.values():
            if not unit.fault and unit.overdue(now):
                self._presence(unit, online=False, why=why, now=now)

    def status(self) -> dict[str, Any]:
        """For people."""
        now = self._clock.monotonic()
        return {
            "echo": self._exchanges.echo,
            "stray_bytes": self._exchanges.tally["stray"],
            "late_bytes": self._exchanges.tally["late"],
            "orders_waiting": len(self._writes),
            "devices": {name: unit.status(now) for name, unit in self._units.items()},
        }

    async def _turn(self) -> None:
        """The one exchange that matters most now, or a wait for something to do."""
        now = self._clock.monotonic()
        self._give_up_late_orders(now)
        if self._read_first or self._exchanges.echo is None:
            # After a write that failed, or before it is known whether this wire echoes, a read has its turn.
            self._read_first = False
            job = self._scheduler.next(now)
            if job is not None:
                await self._read(job)
                return
        order = self._writes.next(
            lambda device: self._may_order(device, now), lambda device: self._scheduler.misses(device) > 0
        )
        if order is not None:
            await self._order(order)
            return
        owing = next((unit for unit in self._units.values() if self._may_prepare(unit, now)), None)
        if owing is not None:
            await self._prepare(owing)
            return
        job = self._scheduler.next(now)
        if job is not None:
            await self._read(job, self._no_order)
            return
        await self._idle(now)

    def _no_order(self) -> str:
        """Lets a read go out, unless an order has come while it waited for silence."""
        now = self._clock.monotonic()
        return "an order goes first" if self._writes.any(lambda device: self._may_order(device, now)) else ""

    def _may_order(self, device: str, now: float) -> bool:
        """For a silent one they wait until a probe is answered: dead boards would take the line from fire contacts."""
        return self._scheduler.free(device) <= now and self._scheduler.misses(device) < QUICK_MISSES

    def _give_up_late_orders(self, now: float) -> None:
        for unit in self._units.values() if self._writes else ():
            if self._scheduler.misses(unit.name) >= QUICK_MISSES:
                self._writes.give_up_device(unit.name, "no answer", now - WAIT)

    async def _idle(self, now: float) -> None:
        """Until the next read is due, an order comes, or the wire is lost."""
        wake = self._scheduler.wake(now)
        if self._writes or any(unit.owed for unit in self._units.values()):
            resting = (self._scheduler.free(name) for name in self._units)
            wake = min([wake, *(free for free in resting if free > now)])
        wait = min(max(wake - now, 0.0005), _STEP)
        self._stirred.clear()
        try:
            async with asyncio.timeout(wait):
                await self._stirred.wait()
        except TimeoutError:
            return

    # Reading

    async def _read(self, job: Job, permit: Callable[[], str] = always) -> None:
        unit = self._units[job.device]
        device: Any = unit.device
        try:
            question = _guarded("ask", device.ask, job.scan)
            answer = await self._ask(unit, question, permit)
        except NotPermittedError:
            self._scheduler.put_back(job)
            return
        except DriverError as error:
            self._misses(unit, str(error))
            return
        except NoAnswerError as error:
            self._misses(unit, str(error), question)
            return
        except PluginFaultError as error:
            self._out_of_service(unit, error)
            return
        now = self._clock.monotonic()
        try:
            again = self._land(unit, job, answer, now)
        except PluginFaultError as error:
            self._out_of_service(unit, error)
            return
        self._scheduler.answered(job, now, question.gap, again=again)

    def _land(self, unit: Presence, job: Job, answer: bytes, now: float) -> bool:
        """Bring the answer in; True when it is to be asked again at once because this reading is in doubt."""
        scan, again = job.scan, unit.doubt
        doubt = again or unit.unsettled(now)
        last = unit.last.get(scan.name)
        if last is not None and last.good and not doubt and last.answer == answer:
            unit.landed(scan.name, Last(answer, good=True, at=now), scan.period)
            self._sink.same(unit.name, scan.points, now)
            return False
        device: Any = unit.device
        try:
            samples: Mapping[str, Sample] = _guarded("read", _samples, device, scan, answer)
        except DriverError as error:
            samples = {channel: Sample(None, Quality.BAD, str(error)) for channel in scan.points}
        if doubt:
            samples = {channel: _doubted(sample) for channel, sample in samples.items()}
            unit.doubt = False
        good = all(sample.quality is Quality.GOOD for sample in samples.values())
        unit.landed(scan.name, Last(answer, good=good, at=now), scan.period)
        self._sink.land(unit.name, samples, now)
        return again

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
            self._scheduler.soon(unit.name, command.channel, self._clock.monotonic())
            command.done("")
            return
        self._read_first = True
        if order.tries < (TRIES if unit.online else TRIES_SILENT) and not unit.fault:
            self._writes.retry(order)
        else:
            command.done(refusal)

    async def _tell(self, unit: Presence, command: Command) -> str:
        """One attempt; empty when the device accepted, else why not."""
        device: Any = unit.device
        unit.tally["writes"] += 1
        question: Question | None = None
        try:
            question = _guarded("write", device.write, command.channel, command.value)
            urgent = command.priority <= Priority.WAY_OUT
            answer = await self._ask(unit, question, command.permit, urgent=urgent)
            _guarded("accept", device.accept, question, answer)
        except DriverError as error:
            unit.tally["refused"] += 1
            return str(error)
        except NoAnswerError as error:
            self._misses(unit, str(error), question)
            return str(error)
        return ""

    def _may_prepare(self, unit: Presence, now: float) -> bool:
        return bool(unit.owed) and max(self._scheduler.free(unit.name), unit.prepare_at) <= now

    async def _prepare(self, unit: Presence) -> None:
        """One of the writes that the device needs since it came to life."""
        question = unit.owed.popleft()
        device: Any = unit.device
        self._read_first = len(unit.owed) % _SETTINGS_AT_ONCE == 0  # a new board must not keep the contacts unread
        try:
            answer = await self._ask(unit, question)
            self._read_all_soon(unit)
            _guarded("accept", device.accept, question, answer)
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
        device: Any = unit.device
        if not unit.owed:
            for scan in _guarded("scans", device.scans):
                self._scheduler.soon(unit.name, scan.points[0], self._clock.monotonic())

    # Who is there

    async def _ask(
        self, unit: Presence, question: Question, permit: Callable[[], str] = always, *, urgent: bool = False
    ) -> bytes:
        """Ask, and note that the device lives."""
        short = self._scheduler.misses(unit.name) >= QUICK_MISSES
        self._began = self._clock.monotonic()
        answer = await self._exchanges.ask(question, unit.tally, permit, short=short, urgent=urgent)
        now = self._clock.monotonic()
        unit.answered(now, now - self._exchanges.sent)
        if not unit.online:
            self._revived(unit, now)
        return answer

    def _revived(self, unit: Presence, now: float) -> None:
        device: Any = unit.device
        unit.alive_since = now
        if isinstance(device, Writer):
            unit.owed.clear()
            unit.owed.extend(_guarded("prepare", device.prepare))
        self._presence(unit, online=True, why="answers", now=now)

    def _misses(self, unit: Presence, why: str, question: Question | None = None) -> None:
        now = self._clock.monotonic()
        unit.missed()
        short = self._scheduler.misses(unit.name) >= QUICK_MISSES
        late = question.worst - question.patience if question else 0.0
        spent = now - self._began + (0.0 if short else late)
        self._scheduler.missed(unit.name, now, spent, max(late, question.gap if question else 0.0))
        if unit.lost(now):
            self._presence(unit, online=False, why=why, now=now)
        if self._reconnects and now - self._exchanges.answered > _DEAF:
            raise ConnectionError(f"nothing was answered for {_DEAF:g} s; connecting anew")

    def _presence(self, unit: Presence, *, online: bool, why: str, now: float) -> None:
        unit.why = why
        if not online:
            unit.owed.clear()
            unit.last.clear()
        if online is not unit.online:
            unit.online = online
            self._sink.device(unit.name, online, why, now)

    def _out_of_service(self, unit: Presence, error: PluginFaultError) -> None:
        """A broken driver costs its device, no more."""
        unit.fault = f"driver fault: {error}"
        self._scheduler.retire(unit.name)
        self._presence(unit, online=False, why=unit.fault, now=self._clock.monotonic())
        self._writes.give_up_device(unit.name, unit.fault)


def _guarded(verb: str, call: Callable[..., _T], *given: object) -> _T:
    """A call into a plug-in: its own error passes, anything else is its fault."""
    try:
        return call(*given)
    except DriverError:
        raise
    except Exception as error:
        raise PluginFaultError(f"{type(error).__name__} in {verb}: {error}") from error


def _samples(device: Device, scan: Scan, answer: bytes) -> Mapping[str, Sample]:
    """What it makes of an answer; ValueError where that is more than was asked for."""
    samples = device.read(scan, answer)
    if strange := [name for name, sample in samples.items() if name not in scan.points or type(sample) is not Sample]:
        raise ValueError(f"{strange} is no sample of {scan.name}")
    return samples


def _doubted(sample: Sample) -> Sample:
    if sample.quality is not Quality.GOOD:
        return sample
    return replace(sample, quality=Quality.UNCERTAIN, note="just back, or after a missed answer: to be read again")
