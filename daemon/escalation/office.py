"""Reaching people, in one part: ladders that are climbed, channels that are tested, and what is told of both."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from daemon.alarms.annunciator import own
from daemon.clock import Clock
from daemon.config.site import SiteHeader
from daemon.engine import Engine
from daemon.escalation import keeping, proof
from daemon.escalation.directory import Directory
from daemon.escalation.preview import preview
from daemon.escalation.runner import Escalations, Run
from daemon.escalation.teller import Post, Teller
from daemon.escalation.trial import Trial, Trials
from daemon.feeds.catalogue import title
from daemon.feeds.phrases import phrase
from daemon.journal.journal import Journal
from gatehouse.alarms import Condition, Severity

log = structlog.get_logger()

_LOOK = 3600.0
"""Seconds between two looks whether a test has grown too old."""
UNTESTED = "ladders.untested"


class Office:
    """One for each daemon."""

    def __init__(  # noqa: PLR0917 - it stands between all parts that know of alarms, people and channels
        self,
        directory: Directory,
        engine: Engine,
        journal: Journal,
        outboxes: Mapping[str, Post],
        titles: Mapping[str, str],
        secret: Callable[[str], bytes],
        clock: Clock,
        site: SiteHeader,
    ) -> None:
        """Listens to alarms from now on."""
        zone = ZoneInfo(site.timezone)
        self._engine, self._journal, self._clock, self._zone = engine, journal, clock, zone
        self._titles, self._asked = titles, False
        teller = Teller(directory, outboxes, engine.recorder, titles, secret, clock, zone)
        self.teller = teller
        self.escalations = Escalations(directory, engine, journal, teller, clock, zone)
        self.trials = Trials(directory, teller, journal, engine.recorder, clock, site.name)
        self.trials.changed = self.look
        engine.annunciator.watch(self.escalations.hear)

    @property
    def directory(self) -> Directory:
        """Who can be called."""
        return self.escalations.directory

    @property
    def zone(self) -> ZoneInfo:
        """The site's own time."""
        return self._zone

    @property
    def progress(self) -> int:
        """For the watchdog."""
        return self.escalations.progress

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.escalations.run())
            while True:
                self.look()
                await asyncio.sleep(_LOOK)

    async def restore(self) -> None:
        """Go on where the last run was, once alarms are known again; what the journal cannot say begins anew."""
        try:
            tests, climbs = await self._journal.kept(proof.PREFIX), await self._journal.kept(keeping.PREFIX)
        except OSError as error:
            log.error("escalations of the last run are not known, they begin anew", why=str(error))
            tests, climbs = {}, {}
        else:
            self._asked = True
        self.trials.restore(tests.values())
        book = self._engine.annunciator
        self.escalations.restore(climbs, [*book.cases.values(), *book.standing.values()])
        self.look()

    def change(self, directory: Directory) -> None:
        """Other people, rotas and ladders count from now on."""
        self.teller.change(directory)
        self.trials.directory = directory
        self.escalations.change(directory)
        self.look()

    def look(self) -> None:
        """Raise the alarm over people whom no test has reached, or take it back; once earlier tests are known."""
        if self._asked:
            self._engine.raise_own(untested(self.trials.untested()))

    # What is told

    def status(self) -> dict[str, Any]:
        """Whether alarms reach anybody, and what is being climbed."""
        reaches = bool(self.directory.ladders)
        return {
            "reaches": reaches,
            "standard": self.directory.standard,
            "ladders": [ladder.title or ladder.name for ladder in self.directory.ladders],
            "untested": [self.teller.name(name) for name in self.trials.untested()],
            "running": self.running(),
        }

    def running(self) -> list[dict[str, Any]]:
        """Every alarm for which people are being called, the gravest first."""
        return [self._run(run) for run in sorted(self.escalations.runs.values(), key=lambda run: run.rank)]

    def _run(self, run: Run) -> dict[str, Any]:
        climb, now = run.climb, self._clock.monotonic()
        due = inf if run.paused else run.zero + climb.next_due()
        condition = run.alarm.condition
        return {
            "alarm": condition.alarm,
            "occurrence": run.alarm.occurrence,
            "alarm_kind": condition.kind,
            "text": {"zh": title(condition.kind, "zh"), "en": title(condition.kind, "en")},
            "place": self._titles.get(condition.subject, condition.subject if "." in condition.subject else ""),
            "severity": climb.severity,
            "ladder": climb.ladder.title or climb.ladder.name,
            "elapsed": round(now - run.zero, 1),
            "next": None if due == inf else round(max(0.0, due - now), 1),
            "paused": run.paused,
            "spent": climb.spent,
            "drill": run.drill,
            "answered": [self.teller.name(person) for person in climb.answered],
            "steps": [
                {
                    "after": step.after,
                    "begun": stage.begun,
                    "early": stage.early,
                    "rings": stage.rings,
                    "outputs": [self._titles.get(name, name) for name in self.directory.outputs(step, climb.subject)],
                    "police": step.police,
                    "legs": [
                        {
                            "person": self.teller.name(chain.person),
                            "channel": leg.channel,
                            "state": "unread" if leg.unread and leg.state != "failed" else leg.state,
                            "since": leg.since,
                            "text": {"zh": phrase(leg.why, "zh"), "en": leg.why},
                        }
                        for chain in stage.chains
                        for leg in chain.legs
                    ],
                }
                for step, stage in zip(climb.ladder.steps, climb.stages, strict=True)
            ],
        }

    def show(self, zone: str, kind: str, at: datetime | None) -> dict[str, Any]:
        """Who would be called, for each severity."""
        wall = at or self._clock.utc().astimezone(self._zone)
        return {
            "zone": zone,
            "place": self._titles.get(zone, zone),
            "at": wall.isoformat(),
            "standard": self.directory.standard,
            "severities": preview(self.directory, self.trials.prover(), self._titles, zone, kind, wall),
        }

    def test(self, name: str, by: str) -> Trial:
        """Ring a person by every channel, or write into a group. NobodyError."""
        return self.trials.begin(name, by)


def untested(people: list[str]) -> Condition:
    """The alarm over channels that nobody has tested; without people there is none."""
    return own(UNTESTED, "channel_untested", "ladders", bool(people), Severity.P3, people=people)
