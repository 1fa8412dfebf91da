"""What a named person may do by hand: open, reset, acknowledge. Each answers in words, and each is an event."""

from collections.abc import Mapping

from daemon.clock import Clock
from daemon.engine import Engine
from daemon.site import Site
from gatehouse.alarms import Alarm
from gatehouse.demands import Demand, Passage, Priority


class RefusedError(Exception):
    """The wish cannot be granted; the text says why and what to do."""


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
        door = self._site.doors.get(name)
        if door is None:
            raise RefusedError(f"no door is called {name!r}; this site has {', '.join(self._site.doors) or 'none'}")
        return self._move(f"doors.{name}", Passage.OPEN, door.unlock, reason, by)

    def move_lane(self, name: str, passage: Passage, reason: str, by: str) -> str:
        """Raise a boom for its usual stay, or ask it down now."""
        lane = self._site.lanes.get(name)
        if lane is None:
            raise RefusedError(f"no lane is called {name!r}; this site has {', '.join(self._site.lanes) or 'none'}")
        return self._move(f"lanes.{name}", passage, lane.stay, reason, by)

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
        self._engine.recorder.emit(
            "operator.command", output, actor=f"person:{by}", content={"command": passage, "reason": reason, "by": by}
        )
        self._engine.arbiter.place(f"operator:{output}", [demand])
        self._engine.judge({}, (), now)
        decision = self._engine.arbiter.decisions[output]
        if decision.value == passage:
            return f"{self._titles[output]} {output}: {passage} for {seconds:g} s"
        self._engine.arbiter.place(f"operator:{output}", [])
        winner = decision.demand
        holder = f"{winner.issuer} at priority {int(winner.priority)}: {winner.reason}" if winner else decision.why
        self._engine.recorder.emit(
            "command.refused", output, actor=f"person:{by}", content={"command": passage, "reason": holder, "by": by}
        )
        raise RefusedError(f"{output} stays {decision.value or 'as it is'}: {holder}")

    def reset_zone(self, name: str, by: str) -> str:
        """End a fire release whose contacts are all clear."""
        if name not in self._site.zones:
            raise RefusedError(f"no zone is called {name!r}; this site has {', '.join(self._site.zones) or 'none'}")
        stands = [alarm for alarm in self._engine.annunciator.standing if alarm.startswith(f"zones.{name}.fire")]
        if not stands:
            raise RefusedError(f"zones.{name} has no fire alarm that stands; nothing to reset")
        for alarm in stands:
            if self._engine.annunciator.standing[alarm].condition.latch:
                self.reset_alarm(alarm, by)
        return f"{self._titles[f'zones.{name}']} zones.{name}: reset by {by}"

    def acknowledge(self, alarm: str, by: str) -> Alarm:
        """Take notice of an alarm; it sounds no more for this occurrence."""
        try:
            answer = self._engine.annunciator.acknowledge(self._full_id(alarm), by)
        except ValueError as error:
            raise RefusedError(f"{alarm}: {error}") from error
        self._engine.judge_all()
        return answer

    def reset_alarm(self, alarm: str, by: str) -> Alarm:
        """Let a latched alarm go."""
        try:
            answer = self._engine.annunciator.reset(self._full_id(alarm), by)
        except ValueError as error:
            raise RefusedError(f"{alarm} cannot be reset: {error}; see to that first, then reset again") from error
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
        known = ", ".join(sorted(matches or standing)) or "none"
        raise RefusedError(f"{alarm!r} names {'more than one' if matches else 'no'} standing alarm; standing: {known}")
