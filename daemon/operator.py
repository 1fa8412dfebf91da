"""What a named person may do by hand with doors, lanes and zones. Each answers in words, and each is an event."""

from collections.abc import Collection, Mapping

from daemon.alarms.lives import after_reset
from daemon.arbiter import Decision
from daemon.clock import Clock
from daemon.config.faults import listed, nearest
from daemon.config.site import Site
from daemon.engine import Engine
from daemon.feeds.phrases import phrase
from daemon.feeds.texts import ACTIONS, LEVELS, Text
from gatehouse.alarms import Alarm
from gatehouse.demands import Demand, Passage, Priority

_NOT_YET = Text("现在不行", "not now")


class RefusedError(Exception):
    """The wish cannot be granted; the text says why and what to do, in Chinese and in English."""


class UnknownError(RefusedError):
    """There is nothing of that name; the text says what there is."""


class Operator:
    """The verbs of the guard's seat."""

    def __init__(self, engine: Engine, site: Site, titles: Mapping[str, str], clock: Clock) -> None:
        """Act on this engine, in the words of this site."""
        self._engine = engine
        self.site = site
        self._titles = titles
        self._clock = clock

    def open_door(self, name: str, reason: str, by: str) -> str:
        """Unlock a door for its usual time."""
        _known("门", "door", name, self.site.doors)
        door = self.site.doors[name]
        return self._move(f"doors.{name}", Passage.OPEN, door.unlock, door.lock, reason, by)

    def move_lane(self, name: str, passage: Passage, reason: str, by: str) -> str:
        """Raise a boom for its usual stay; or ask it down, no longer than it travels, so that cards do not wait."""
        _known("车道", "lane", name, self.site.lanes)
        lane = self.site.lanes[name]
        seconds, relay = (lane.stay, lane.open) if passage is Passage.OPEN else (lane.travel, lane.close)
        return self._move(f"lanes.{name}", passage, seconds, relay, reason, by)

    def _move(  # noqa: PLR0917 - what, how, for how long, why, who
        self, output: str, passage: Passage, seconds: float, relay: str, reason: str, by: str
    ) -> str:
        now = self._clock.monotonic()
        demand = Demand(
            output=output,
            value=passage,
            priority=Priority.OPERATOR,
            issuer="operator",
            reason=reason,
            until=now + seconds,
        )
        self._note("operator.command", output, passage.value, reason, by)
        self._engine.arbiter.place(f"operator:{output}", [demand])
        self._engine.judge({}, (), now)
        decision = self._engine.arbiter.decisions[output]
        if decision.value == passage:
            return self._told(output, passage, seconds) + self._unless_heard(relay, now)
        holder, why = self._holder(decision, passage)
        self._engine.arbiter.place(f"operator:{output}", [])
        self._note("command.refused", output, passage.value, why, by)
        raise RefusedError(
            f"{self._titles[output]}：未执行，{holder.zh}（{phrase(why, 'zh')}）。 "
            f"{output} stays {decision.value or 'as it is'}, {holder.en} ({phrase(why, 'en')})."
        )

    def _told(self, output: str, passage: Passage, seconds: float) -> str:
        title, action = self._titles[output], ACTIONS[output.partition(".")[0], passage.value]
        stay = passage is Passage.OPEN
        zh, en = (f"，{seconds:g} 秒", f" for {seconds:g} s") if stay else ("", "")
        return f"{title}：已令{action.zh}{zh}。 {output}: told {action.en}{en}."

    def _unless_heard(self, relay: str, now: float) -> str:
        """A warning when the device that has to do it is silent."""
        device = relay.partition(".")[0]
        online = self._engine.image.read(f"{device}.online", now)
        if online.good and online.value is True:
            return ""
        return f"\n但 {device} 失联，很可能没有执行！ But {device} does not answer: it has probably not happened!"

    def _holder(self, decision: Decision, wanted: Passage) -> tuple[Text, str]:
        """On what level someone stands against it, and who and why."""
        demands = self._engine.arbiter.demands(decision.output)
        holder = decision.demand or next((each for each in demands if each.veto and each.value == wanted), None)
        if holder is None:
            return _NOT_YET, decision.why or "a door that is interlocked with it is open"
        level = LEVELS[int(holder.priority)]
        why = f"{holder.issuer}: {holder.reason}" if holder.reason else holder.issuer
        return Text(f"{level.zh}优先", f"{level.en} comes first"), why

    def _note(self, kind: str, subject: str, command: str, reason: str, by: str) -> None:
        content = {"command": command, "reason": reason, "by": by}
        self._engine.recorder.emit(kind, subject, actor=f"person:{by}", content=content)

    def reset_zone(self, name: str, by: str) -> str:
        """End a fire release whose contacts are all clear: all alarms of the zone, or none."""
        _known("防区", "zone", name, self.site.zones)
        standing, title = self._engine.annunciator.standing, self._titles[f"zones.{name}"]
        fires = [id_ for id_, alarm in standing.items() if id_.startswith(f"zones.{name}.") and alarm.condition.latch]
        if not fires:
            raise RefusedError(f"{title}：没有需要复位的火警。 zones.{name} has no fire alarm that stands.")
        for alarm in fires:
            self._may_reset(standing[alarm], by)
        for alarm in fires:
            self._engine.annunciator.reset(alarm, by)
        self._engine.judge_all()
        return f"{title}：已由 {by} 复位。 zones.{name}: reset by {by}."

    def _may_reset(self, alarm: Alarm, by: str) -> None:
        """Refuse what the reset would refuse, before anything is changed."""
        try:
            after_reset(alarm, by)
        except ValueError as error:
            name, why = alarm.condition.alarm, str(error)
            self._note("command.refused", alarm.condition.subject, "reset", f"{name}: {why}", by)
            raise RefusedError(f"{name}：不能复位，{phrase(why, 'zh')}。 It cannot be reset: {why}.") from error


def _known(zh: str, en: str, name: str, there: Collection[str]) -> None:
    if name in there:
        return
    close = nearest(name, there)
    guess_zh, guess_en = (f"，是不是 {close}？", f"; did you mean {close}?") if close else ("。", ".")
    raise UnknownError(
        f"没有叫 {name!r} 的{zh}{guess_zh} No {en} is called {name!r}{guess_en}\n本站有 there are: {listed(there)}"
    )
