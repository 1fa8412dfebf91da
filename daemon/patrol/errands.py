"""What a guard says by phone, done at the desk in the guard's name."""

from collections.abc import Callable

from daemon.alarms.annunciator import own
from daemon.alarms.desk import Desk
from daemon.engine import Engine
from daemon.escalation.office import Office
from daemon.patrol.card import Cards
from daemon.patrol.command import Command, RefusedCommandError
from daemon.patrol.wordings import HELP_PLAYED
from gatehouse.alarms import Alarm, Severity

HELP = "guard_help"
"""The kind of alarm that a call for help is."""


class Errands:
    """One method for each verb; each answers in words, or raises RefusedCommandError or an error of the desk."""

    def __init__(self, desk: Desk, office: Office, engine: Engine, cards: Cards) -> None:
        """Nothing is done yet."""
        self._desk, self._office, self._engine, self._cards = desk, office, engine, cards
        self._verbs: dict[str, Callable[[Command, Alarm, str], str]] = {
            "take": self._take,
            "acknowledge": lambda _, alarm, by: self._desk.acknowledge(alarm.occurrence, by),
            "on_site": lambda _, alarm, by: self._desk.on_site(alarm.occurrence, by),
            "true": self._verify,
            "false": self._verify,
        }

    def do(self, command: Command, by: str, place: str) -> str:
        """Do it. `place`: the subject of a call for help that is about no alarm."""
        alarm = self._cards.find(command.occurrence) if command.occurrence else None
        if command.do == "help":
            return self._help(command, alarm, by, place)
        if alarm is None:
            raise RefusedCommandError("unknown_alarm", command.id)
        return self._verbs[command.do](command, alarm, by)

    def _take(self, _: Command, alarm: Alarm, by: str) -> str:
        """He goes: he is the one who was sent, and he knows of it."""
        said = self._desk.assign(alarm.occurrence, by, by)
        self._office.escalations.answer(alarm.occurrence, by)
        now = self._cards.find(alarm.occurrence)
        if now is not None and now.calls:
            said = self._desk.acknowledge(alarm.occurrence, by)
        return said

    def _verify(self, command: Command, alarm: Alarm, by: str) -> str:
        return self._desk.verify(alarm.occurrence, command.do, command.cause, by, command.note)

    def _help(self, command: Command, alarm: Alarm | None, by: str, place: str) -> str:
        """An alarm of its own, P1; and whoever is next on the ladders is called now, not in his turn. On the card of a
        drill it is played: the drill's ladder alone hears of it."""
        if alarm is not None and alarm.drill:
            self._office.escalations.hasten(alarm.occurrence)
            return f"{HELP_PLAYED.zh}。 {HELP_PLAYED.en}."
        subject = alarm.condition.subject if alarm else place
        name, engine = f"patrol.{command.guard}.help", self._engine
        said = {"where": by}  # who it is, on every card and in every message
        if alarm is not None:
            said["about"] = alarm.condition.alarm
        engine.raise_own(own(name, HELP, subject, True, Severity.P1, **said))
        raised = engine.annunciator.standing[name]
        engine.raise_own(own(name, HELP, subject, False, Severity.P1, **said))  # a call, not a state; it stays open
        hurried = [each.occurrence for each in (raised, alarm) if each is not None]
        for occurrence in hurried:
            self._office.escalations.hasten(occurrence)
        engine.judge_all()
        return "已请求支援，正在呼叫下一级。 Help is being called, the next step at once."
