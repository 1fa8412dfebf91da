"""What the daemon knows, as one plain document for people and programs."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from daemon.clock import Clock
from daemon.config import Plan
from daemon.engine import Engine
from daemon.feeds import Feed
from daemon.journal import Journal
from daemon.lines import LineOwner
from gatehouse.alarms import Alarm


class Status:
    """Looks at the parts; asks nothing of the field."""

    def __init__(  # noqa: PLR0917 - it looks at every part
        self,
        plan: Plan,
        engine: Engine,
        journal: Journal,
        lines: Mapping[str, LineOwner],
        feeds: Mapping[str, Feed],
        clock: Clock,
    ) -> None:
        """Watch these parts."""
        self._plan, self._engine, self._journal = plan, engine, journal
        self._lines, self._feeds, self._clock = lines, feeds, clock
        self._started = clock.monotonic()
        self.zone = ZoneInfo(plan.site.site.timezone)
        """The site's own time zone, for what people read."""

    def document(self) -> dict[str, Any]:
        """Everything, at this instant."""
        site = self._plan.site.site
        return {
            "site": {"id": site.id, "name": site.name, "timezone": site.timezone},
            "at": self._clock.utc().isoformat(),
            "local": self._clock.utc().astimezone(self.zone).isoformat(),
            "running": round(self._clock.monotonic() - self._started, 1),
            "armed": not self._engine.waiting,
            "waiting": sorted(self._engine.waiting),
            "lines": {name: line.status() for name, line in self._lines.items()},
            "points": self.points(),
            "outputs": self.outputs(),
            "alarms": self.alarms(),
            "journal": {
                "head": self._journal.head,
                "hash": self._journal.head_hash,
                "waiting": len(self._journal.waiting()),
                "trouble": self._journal.trouble,
            },
            "feeds": {name: feed.status() for name, feed in self._feeds.items()},
        }

    def points(self) -> dict[str, dict[str, Any]]:
        """Every point with value, quality and age in seconds."""
        now = self._clock.monotonic()
        answer = {}
        for name, point in self._engine.image.points.items():
            reading = self._engine.image.read(name, now)
            answer[name] = {
                "title": point.title,
                "value": reading.value,
                "unit": point.unit,
                "quality": reading.quality.name.lower(),
                "age": round(now - reading.at, 3) if reading.at > float("-inf") else None,
                "note": reading.note,
            }
        return answer

    def outputs(self) -> dict[str, dict[str, Any]]:
        """Every output, what it is told, and by whom."""
        answer = {}
        for name, decision in self._engine.arbiter.decisions.items():
            demand = decision.demand
            answer[name] = {
                "title": self._engine.arbiter.outputs[name].title,
                "told": decision.value,
                "by": demand.issuer if demand else "",
                "priority": int(demand.priority) if demand else None,
                "why": demand.reason if demand else decision.why,
            }
        return answer

    def alarms(self) -> list[dict[str, Any]]:
        """Every alarm not back to normal, the gravest and oldest first."""
        standing = self._engine.annunciator.standing.values()
        return [
            self.alarm(alarm) for alarm in sorted(standing, key=lambda alarm: (alarm.condition.severity, alarm.raised))
        ]

    def alarm(self, alarm: Alarm) -> dict[str, Any]:
        """One alarm in words."""
        condition = alarm.condition
        return {
            "id": condition.alarm,
            "severity": int(condition.severity),
            "kind": condition.kind,
            "subject": condition.subject,
            "place": self._plan.titles.get(condition.subject, condition.subject),
            "state": alarm.state.value,
            "active": alarm.active,
            "raised": alarm.raised.isoformat(),
            "local": alarm.raised.astimezone(self.zone).isoformat(),
            "count": alarm.count,
            "acknowledged_by": alarm.acknowledged_by,
            "evidence": msgspec.to_builtins(condition.evidence),
        }

    def for_subscribers(self) -> dict[str, Any]:
        """State without a person in it: what every tier may see."""
        return {
            "armed": not self._engine.waiting,
            "alarms": [
                {key: alarm[key] for key in ("id", "severity", "kind", "subject", "place", "state", "raised")}
                for alarm in self.alarms()
            ],
            "outputs": {name: output["told"] for name, output in self.outputs().items()},
        }
