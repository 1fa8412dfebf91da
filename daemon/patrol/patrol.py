"""The box's side of all patrol phones, without any wire: judges what they say, obeys it once, and makes their cards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from daemon.alarms.desk import Desk
from daemon.channels.message import Receipt, ReceiptState
from daemon.clock import Clock
from daemon.config.load import Plan
from daemon.engine import Engine
from daemon.escalation.office import Office
from daemon.feeds.texts import Text
from daemon.journal.journal import Journal
from daemon.operator import RefusedError, UnknownError
from daemon.patrol.bucket import Bucket
from daemon.patrol.card import Cards
from daemon.patrol.command import Command, RefusedCommandError, read
from daemon.patrol.errands import Errands
from daemon.patrol.once import PREFIX, Once
from daemon.patrol.receipts import Receipts
from daemon.patrol.staged import Staged
from daemon.patrol.wordings import RECEIPTS, VERBS, WHY
from gatehouse.alarms import Alarm

log = structlog.get_logger()

FRESH = timedelta(minutes=5)
"""How long a card may be shown without a newer word from the box."""
_COMMANDS, _REFUSALS = (20.0, 200), (0.5, 20)
"""Per second and at once, of one guard: what is judged, and refusals that are written down."""

Reply = dict[str, Any]


class Patrol:
    """One for each daemon; phones come and go with reloads."""

    def __init__(  # noqa: PLR0917 - it stands between phones, alarms, ladders and the journal
        self, plan: Callable[[], Plan], engine: Engine, desk: Desk, office: Office, journal: Journal, clock: Clock
    ) -> None:
        """Listens to alarms from now on."""
        self._plan, self._engine, self._office, self._journal, self._clock = plan, engine, office, journal, clock
        self.cards = Cards(plan, engine.annunciator)
        self.once = Once(journal.keep, clock.utc())
        self._desk = desk
        self._errands = Errands(desk, office, engine, self.cards)
        self._staged = Staged(clock)
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._unwritten: dict[str, int] = {}
        self._hearers: dict[str, Callable[[str, Alarm], None]] = {}
        engine.annunciator.watch(self._hear)

    # Alarms, for whoever shows them

    def listen(self, name: str, hear: Callable[[str, Alarm], None] | None) -> None:
        """Let a channel hear every change of an alarm; None: no more."""
        if hear is None:
            self._hearers.pop(name, None)
        else:
            self._hearers[name] = hear

    def _hear(self, kind: str, alarm: Alarm) -> None:
        self._staged.hear(alarm)
        for hear in self._hearers.values():
            hear(kind, alarm)

    @property
    def causes(self) -> dict[str, Text]:
        """Why an alarm may be false here."""
        return self._desk.causes

    async def remember(self) -> None:
        """Learn from the journal which commands earlier runs have obeyed; OSError when it cannot say."""
        if not self.once.complete:
            self.once.remember(await self._journal.kept(PREFIX))

    def on_shift(self, guard: str) -> bool:
        """Whether some rota has the guard on shift now; of somebody in no rota always."""
        directory, wall = self._office.directory, self._clock.utc().astimezone(self._office.zone)
        rotas = [name for name, rota in directory.rotas.items() if guard in rota.everyone]
        return not rotas or guard in directory.called(rotas, wall)

    # What phones say

    def judge(self, guard: str, body: bytes, keys: tuple[bytes, ...], receipts: Receipts, place: str) -> Reply | None:
        """Obey a command or refuse it; the reply, None where none is worth sending."""
        if not self._bucket(guard, "commands", _COMMANDS).take(self._clock.monotonic()):
            return self._refused(guard, None, RefusedCommandError("too_often"), place)
        command = None
        try:
            command = read(body, keys)
            return self._obey(guard, command, receipts, place)
        except RefusedCommandError as error:
            return self._refused(guard, command, error, place)

    def stale(self, guard: str, place: str) -> Reply:
        """Refuse what the broker had kept."""
        return self._refused(guard, None, RefusedCommandError("retained"), place)

    def _obey(self, guard: str, command: Command, receipts: Receipts, place: str) -> Reply:
        if (command.guard, command.site) != (guard, self._plan().site.site.id):
            raise RefusedCommandError("foreign", command.id)
        if why := self.once.objection(command, self._clock.utc()):
            raise RefusedCommandError(why, command.id)
        self.once.spend(command)  # before anything is done: what is obeyed is never obeyed again
        try:
            said = self._do(command, receipts, place)
        except (RefusedError, UnknownError) as error:
            self.once.settle(command, "refused")
            return self._refused(guard, command, RefusedCommandError("not_now", command.id), place, str(error))
        except RefusedCommandError:
            self.once.settle(command, "refused")
            raise
        self.once.settle(command, "done")
        return self._reply(command.id, "done", VERBS[command.do].zh, VERBS[command.do].en) | {
            "do": command.do,
            "occurrence": command.occurrence,
            **({"said": said} if said else {}),
        }

    def _do(self, command: Command, receipts: Receipts, place: str) -> str:
        if command.do in RECEIPTS:
            self._receive(command, receipts)  # its event is the message's own
            return ""
        by, alarm = self._office.teller.name(command.guard), self.cards.find(command.occurrence)
        if alarm is None and self._staged.belongs(command):
            raise RefusedCommandError("drill_over", command.id)
        content = self._content(command, alarm)
        if not self.on_shift(command.guard):
            content["off_shift"] = True
        said = self._errands.do(command, by, place)
        subject, drill = (alarm.condition.subject, alarm.drill) if alarm else (place, "")
        self._engine.recorder.emit("patrol.obeyed", subject, actor=f"person:{by}", content=content, drill=drill)
        return said

    def _receive(self, command: Command, receipts: Receipts) -> None:
        state = ReceiptState(command.do)
        if receipts.came(command.key, command.guard, state):
            return
        call = self._office.escalations.awaited(command.key)
        if call is None or call.ring.person != command.guard:
            raise RefusedCommandError("unknown_message", command.id)
        self._office.teller.late(call, Receipt(state, "", self._clock.utc()))

    # What is told

    def _content(self, command: Command, alarm: Alarm | None) -> dict[str, Any]:
        by = self._office.teller.name(command.guard)
        content: dict[str, Any] = {"person": by, "guard": command.guard, "command": command.do, "id": command.id}
        content |= {"occurrence": command.occurrence} if command.occurrence else {}
        if alarm is not None:
            content |= {"alarm": alarm.condition.alarm, "alarm_kind": alarm.condition.kind}
        return content

    def _refused(
        self, guard: str, command: Command | None, error: RefusedCommandError, place: str, said: str = ""
    ) -> Reply:
        """The reply; and an event, as long as nobody floods the journal with them."""
        text = WHY[error.why]
        became = self.once.became(command) if command is not None and error.why == "repeated" else ""
        if became != "done":  # the repeat of a phone that missed our reply is no news
            self._write(guard, command, error, place)
        reply = self._reply(error.id, "refused", text.zh, text.en) | {"why": error.why}
        reply |= {"became": became} if became else {}
        reply |= {"said": said} if said else {}
        return reply

    def _write(self, guard: str, command: Command | None, error: RefusedCommandError, place: str) -> None:
        if not self._bucket(guard, "refusals", _REFUSALS).take(self._clock.monotonic()):
            self._unwritten[guard] = self._unwritten.get(guard, 0) + 1
            return
        alarm = self.cards.find(command.occurrence) if command is not None else None
        believed = command is not None and command.guard == guard and error.why != "foreign"
        content: dict[str, Any] = {"guard": guard}
        if believed and command is not None:
            content = self._content(command, alarm)
        content["why"] = WHY[error.why].en
        if missed := self._unwritten.pop(guard, 0):
            content["unwritten"] = missed
        subject, drill = (alarm.condition.subject, alarm.drill) if alarm else (place, "")
        if believed and command is not None:
            drill = drill or self._staged.drill(command)
        self._engine.recorder.emit("patrol.refused", subject, content=content, drill=drill)

    def _reply(self, identity: str, state: str, zh: str, en: str) -> Reply:
        now: datetime = self._clock.utc()
        return {"id": identity, "state": state, "text": {"zh": zh, "en": en}, "time": now}

    def _bucket(self, guard: str, sort: str, limits: tuple[float, int]) -> Bucket:
        if (guard, sort) not in self._buckets:
            self._buckets[guard, sort] = Bucket(*limits)
        return self._buckets[guard, sort]
