"""Tells devices what they are to do: the orders that wait, and the settings that a device is owed."""

from collections.abc import Callable
from functools import partial
from typing import Any

from daemon.field.attendance import Attendance, guarded
from daemon.field.exchange import Exchanges
from daemon.field.matter import Matter, NoAnswerError, NotPermittedError, PluginFaultError
from daemon.field.presence import Presence
from daemon.field.scheduler import QUICK_MISSES, Scheduler
from daemon.field.writes import TRIES, TRIES_SILENT, Command, Order, Writes
from gatehouse.demands import Priority
from gatehouse.driver import DriverError, Question, Writer

_SETTINGS_AT_ONCE = 4
"""Settings that a board which came to life is given before the line reads again."""
_PREPARE_AGAIN = 1.0
"""Seconds between two tries to give a device a setting that it does not answer."""

Then = Callable[[], None]
"""Called when the exchange is over and all that follows from it is done."""
Missed = Callable[[Presence, str, Question | None], None]
"""Told that a device did not answer a question, and why."""


class Telling:
    """Everything that is written on one line."""

    def __init__(
        self, exchanges: Exchanges, attendance: Attendance, scheduler: Scheduler, writes: Writes, missed: Missed
    ) -> None:
        """Nothing told yet."""
        self._exchanges, self._attendance, self._scheduler = exchanges, attendance, scheduler
        self._writes, self._missed = writes, missed
        self.read_first = False
        """After a write that failed, and between many settings, a read has its turn."""

    def write(self, command: Command, now: float) -> None:
        """Queue an order, or say why it cannot be told."""
        unit = self._attendance.units.get(command.device)
        if unit is None or unit.fault or unit.held or not isinstance(unit.device, Writer):
            why = unit and (unit.fault or unit.held)
            command.done(why or f"{command.device} cannot be told anything")
            return
        self._writes.put(command, now)
        self._scheduler.urge(unit.name, now)

    def waits(self, now: float) -> bool:
        """An order could be sent now."""
        return bool(self._writes) and self._writes.any(lambda device: self._may_order(device, now))

    @property
    def idle(self) -> bool:
        """Nothing is to be told to anybody."""
        return not self._writes and not any(unit.owed for unit in self._attendance.units.values())

    def rests(self, now: float) -> list[float]:
        """When devices that something waits for have rested."""
        if self.idle:
            return []
        return [free for name in self._attendance.units if (free := self._scheduler.free(name)) > now]

    def next(self, now: float, then: Then) -> bool:
        """Begin the order or setting that matters most now; False when there is none."""
        if self._writes:
            self._attendance.give_up_late_orders(now)
            silent = self._scheduler.misses
            order = self._writes.next(lambda device: self._may_order(device, now), lambda device: silent(device) > 0)
            if order is not None:
                self._order(order, then)
                return True
        for unit in self._attendance.units.values():
            if unit.owed and unit.ready and max(self._scheduler.free(unit.name), unit.prepare_at) <= now:
                self._prepare(unit, then)
                return True
        return False

    def _may_order(self, device: str, now: float) -> bool:
        """For a silent one they wait until a probe is answered: dead boards would take the line from fire contacts."""
        rests = self._scheduler.free(device) > now or not self._attendance.units[device].ready
        return not rests and self._scheduler.misses(device) < QUICK_MISSES

    def _order(self, order: Order, then: Then) -> None:
        command, unit = order.command, self._attendance.units[order.command.device]
        device: Any = unit.device
        order.tries += 1
        unit.tally["writes"] += 1
        try:
            question = guarded("write", device.write, command.channel, command.value)
        except (DriverError, PluginFaultError) as error:
            self._told(order, unit, None, then, b"", error)
            return
        matter = Matter(
            unit.tally,
            (unit.name, f"write {command.channel}"),
            partial(self._told, order, unit, question, then),
            command.permit,
            short=self._attendance.silent(unit),
            urgent=command.priority <= Priority.WAY_OUT,
        )
        self._exchanges.start(question, matter, self._exchanges.now())

    def _told(  # noqa: PLR0917 - what was asked, and what came
        self,
        order: Order,
        unit: Presence,
        question: Question | None,
        then: Then,
        answer: bytes,
        error: Exception | None,
    ) -> None:
        self._end(order, unit, question, answer, error)
        then()

    def _end(
        self, order: Order, unit: Presence, question: Question | None, answer: bytes, error: Exception | None
    ) -> None:
        command, now = order.command, self._exchanges.now()
        try:
            if error is not None:
                raise error
            self._attendance.answered(unit, now, now - self._exchanges.sent, self._exchanges.carried)
            device: Any = unit.device
            guarded("accept", device.accept, question, answer)
        except (NotPermittedError, ConnectionError) as why:
            command.done(str(why))
        except PluginFaultError as why:
            command.done(f"driver fault: {why}")
            self._attendance.out_of_service(unit, why, now)
        except DriverError as why:
            unit.tally["refused"] += 1
            self._again(order, unit, str(why))
        except NoAnswerError as why:
            self._missed(unit, str(why), question)
            self._again(order, unit, str(why))
        else:
            if self._attendance.has(unit):
                self._scheduler.soon(unit.name, command.channel, now)
            command.done("")

    def _again(self, order: Order, unit: Presence, refusal: str) -> None:
        self.read_first = True
        tries = TRIES if unit.online else TRIES_SILENT
        if order.tries < tries and not unit.fault and self._attendance.has(unit):
            self._writes.retry(order)
        else:
            order.command.done(refusal)

    def _prepare(self, unit: Presence, then: Then) -> None:
        """One of the writes that the device needs since it came to life."""
        question = unit.owed.pop(0)
        self.read_first = len(unit.owed) % _SETTINGS_AT_ONCE == 0  # a new board must not keep the contacts unread
        done = partial(self._prepared, unit, question, then)
        matter = Matter(unit.tally, (unit.name, "write setting"), done)
        self._exchanges.start(question, matter, self._exchanges.now())

    def _prepared(self, unit: Presence, question: Question, then: Then, answer: bytes, error: Exception | None) -> None:
        now = self._exchanges.now()
        device: Any = unit.device
        try:
            if error is not None:
                raise error
            self._attendance.answered(unit, now, now - self._exchanges.sent, self._exchanges.carried)
            if self._attendance.has(unit) and not unit.owed:
                # It is as its profile wants it: what it says counts from now on.
                for job in unit.jobs:
                    self._scheduler.again(job, now)
            guarded("accept", device.accept, question, answer)
        except DriverError as why:
            unit.tally["refused"] += 1
            unit.why = f"refused a setting that its profile wants: {why}"
        except NoAnswerError as why:
            unit.owed.insert(0, question)
            unit.prepare_at = now + _PREPARE_AGAIN
            self._missed(unit, str(why), question)
        except PluginFaultError as why:
            self._attendance.out_of_service(unit, why, now)
        except ConnectionError:
            unit.alive = False  # all is owed anew when the line is back
        then()
