"""What a named person may do by hand: open, reset, acknowledge. Each answers in words, and each is an event."""

from collections.abc import Collection, Mapping

from daemon.clock import Clock
from daemon.engine import Engine
from daemon.site import Site
from gatehouse.alarms import Alarm
from gatehouse.demands import Demand, Passage, Priority

_WHY = {
    "its condition still holds": "触发条件仍在，先消除再复位",
    "its inputs cannot be read": "输入读不到，先恢复设备再复位",
}


class RefusedError(Exception):
    """The wish cannot be granted; the text says why and what to do, in Chinese and in English."""


class Operator:
    """The verbs of the guard's seat."""

    def __init__(self, engine: Engine, site: Site, titles: Mapping[str, str], clock: Clock) -> None:
        """Act on this engine, in the words of this site."""
        self._engine = engine
        self._site = site
        self._titles = titles
        self._clock = clock

    def open_door(self, name: str, reason: str, by: str) -> str:
        """Unlock a door for its usual time."""
        _known("门", "door", name, self._site.doors)
        return self._move(f"doors.{name}", Passage.OPEN, self._site.doors[name].unlock, reason, by)

    def move_lane(self, name: str, passage: Passage, reason: str, by: str) -> str:
        """Raise a boom for its usual stay, or ask it down now."""
        _known("车道", "lane", name, self._site.lanes)
        return self._move(f"lanes.{name}", passage, self._site.lanes[name].stay, reason, by)

    def _move(self, output: str, passage: Passage, seconds: float, reason: str, by: str) -> str:
        now = self._clock.monotonic()
        demand = Demand(
            output=output,
            value=passage,
            priority=Priority.OPERATOR,
            issuer="operator",
            reason=reason,
            until=now + seconds,
        )
        self._note("operator.command", output, passage, reason, by)
        self._engine.arbiter.place(f"operator:{output}", [demand])
        self._engine.judge({}, (), now)
        decision = self._engine.arbiter.decisions[output]
        title = self._titles[output]
        if decision.value == passage:
            word = "打开" if passage is Passage.OPEN else "关闭"
            return f"{title}：已{word}，{seconds:g} 秒。 {output}: {passage} for {seconds:g} s."
        self._engine.arbiter.place(f"operator:{output}", [])
        winner = decision.demand
        holder = f"{winner.issuer} (P{int(winner.priority)}, {winner.reason})" if winner else decision.why
        self._note("command.refused", output, passage, holder, by)
        raise RefusedError(
            f"{title}：未执行，现由 {holder} 控制。 {output} stays {decision.value or 'as it is'}: {holder}."
        )

    def _note(self, kind: str, output: str, passage: Passage, reason: str, by: str) -> None:
        content = {"command": passage.value, "reason": reason, "by": by}
        self._engine.recorder.emit(kind, output, actor=f"person:{by}", content=content)

    def reset_zone(self, name: str, by: str) -> str:
        """End a fire release whose contacts are all clear: all alarms of the zone, or none."""
        _known("防区", "zone", name, self._site.zones)
        standing, title = self._engine.annunciator.standing, self._titles[f"zones.{name}"]
        fires = [id_ for id_, alarm in standing.items() if id_.startswith(f"zones.{name}.") and alarm.condition.latch]
        if not fires:
            raise RefusedError(f"{title}：没有需要复位的火警。 zones.{name} has no fire alarm that stands.")
        for alarm in fires:
            _try(alarm, standing[alarm], by)
        for alarm in fires:
            self._engine.annunciator.reset(alarm, by)
        self._engine.judge_all()
        return f"{title}：已由 {by} 复位。 zones.{name}: reset by {by}."

    def acknowledge(self, alarm: str, by: str) -> Alarm:
        """Take notice of an alarm; it sounds no more for this occurrence."""
        full = self._full_id(alarm)
        before = self._engine.annunciator.standing[full].acknowledged_by
        if before:
            raise RefusedError(f"{full}：已由 {before} 确认。 Already acknowledged by {before}.")
        answer = self._engine.annunciator.acknowledge(full, by)
        self._engine.judge_all()
        return answer

    def reset_alarm(self, alarm: str, by: str) -> Alarm:
        """Let a latched alarm go."""
        full = self._full_id(alarm)
        _try(full, self._engine.annunciator.standing[full], by)
        answer = self._engine.annunciator.reset(full, by)
        self._engine.judge_all()
        return answer

    def _full_id(self, alarm: str) -> str:
        """Accept any unambiguous ending of an alarm's id."""
        standing = self._engine.annunciator.standing
        if alarm in standing:
            return alarm
        matches = [known for known in standing if known.endswith(f".{alarm}")]
        if len(matches) == 1:
            return matches[0]
        known = ", ".join(sorted(matches or standing)) or "—"
        raise RefusedError(
            f"{alarm!r}：{'不止一个' if matches else '没有这个'}未恢复的报警；现有 {known}。 "
            f"It names {'more than one' if matches else 'no'} standing alarm; standing: {known}."
        )


def _known(zh: str, en: str, name: str, there: Collection[str]) -> None:
    if name not in there:
        names = ", ".join(there) or "—"
        raise RefusedError(f"没有叫 {name!r} 的{zh}；本站有 {names}。 No {en} is called {name!r}; there are {names}.")


def _try(name: str, alarm: Alarm, by: str) -> None:
    """Refuse what `Alarm.reset` would refuse, before anything is changed."""
    try:
        alarm.reset(by)
    except ValueError as error:
        raise RefusedError(f"{name}：不能复位，{_WHY[str(error)]}。 It cannot be reset: {error}.") from error
