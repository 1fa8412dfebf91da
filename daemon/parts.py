"""All parts of a running gatehouse, and how those are made that a reload makes anew."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from daemon.alarms.annunciator import own
from daemon.alarms.desk import Desk
from daemon.alarms.keepsake import Keepsake
from daemon.api import Api
from daemon.channels import make
from daemon.channels.outbox import Outbox
from daemon.clock import Clock
from daemon.config.channels import Patrol as PatrolSettings
from daemon.config.load import Plan
from daemon.config.secrets import Secrets
from daemon.drills.exercises import Exercises
from daemon.engine import Engine
from daemon.escalation.office import Office
from daemon.feeds.carriers import carrier
from daemon.feeds.feed import Feed
from daemon.field.blackbox import Blackbox
from daemon.field.lines import LineOwner, Sink
from daemon.image import LiveImage
from daemon.journal.journal import Journal
from daemon.leftovers import Leftovers
from daemon.operator import Operator
from daemon.orders import Orders
from daemon.patrol.patrol import Patrol
from daemon.patrol.phones import Phones
from daemon.recorder import Recorder
from daemon.recording.tape import Tape
from daemon.rollcall import RollCalls
from daemon.status import Status
from daemon.supervisor import Supervisor
from gatehouse.alarms import Condition, Severity


class Tap:
    """Between a line and the engine; shut, a line sent home brings nothing any more, whatever it hears."""

    def __init__(self, sink: Sink) -> None:
        """Open."""
        self.land, self.same, self.device, self.line = sink.land, sink.same, sink.device, sink.line

    def shut(self) -> None:
        """From now on nothing passes."""
        self.land = self.same = self.device = self.line = _nothing


def _nothing(*_: Any, **__: Any) -> None:  # noqa: ANN401 - stands in for four methods
    """Nobody listens any more."""


@dataclass(slots=True, kw_only=True)
class Daemon:
    """The parts. What a reload changes it changes in place: everybody keeps hold of the same objects."""

    plan: Plan
    image: LiveImage
    engine: Engine
    journal: Journal
    recorder: Recorder
    leftovers: Leftovers
    keepsake: Keepsake
    orders: Orders
    lines: dict[str, LineOwner]
    taps: dict[str, Tap]
    feeds: dict[str, Feed]
    channels: dict[str, Outbox]
    titles: dict[str, str]
    status: Status
    operator: Operator
    desk: Desk
    office: Office
    exercises: Exercises
    rollcalls: RollCalls
    patrol: Patrol
    api: Api
    supervisor: Supervisor
    blackbox: Blackbox
    tape: Tape
    secrets: Secrets
    clock: Clock

    def add_all(self) -> None:
        """Every line, feed and channel of the plan, and the ways to the lines; none of them runs yet."""
        for name in self.plan.site.lines:
            self.add_line(name)
        for name in self.plan.site.subscribers:
            self.add_feed(name)
        for name in self.plan.site.channels:
            self.add_channel(name)
        self.route_orders()

    def add_line(self, name: str) -> LineOwner:
        """The owner of a line of the plan, with a tap of its own; it does not run yet."""
        site, plan = self.plan.site, self.plan
        devices = {device: plan.devices[device] for device, its in site.devices.items() if its.line == name}
        self.taps[name] = Tap(self.engine)
        self.lines[name] = LineOwner(name, site.lines[name], devices, self.taps[name], self.clock)
        return self.lines[name]

    def add_feed(self, name: str) -> Feed:
        """The feed of a subscriber of the plan; it does not run yet."""
        settings, site = self.plan.site.subscribers[name], self.plan.site.site.id
        zone = ZoneInfo(self.plan.site.site.timezone)
        self.feeds[name] = Feed(
            name,
            settings,
            carrier(name, settings, site, self.secrets.read, self.clock, zone, self.rollcalls),
            self.journal,
            site,
            self.titles,
            self.status.for_subscribers,
            self._tell_feed(name),
            self.clock,
            tell=self._record_feed(name),
        )
        return self.feeds[name]

    def add_channel(self, name: str) -> Outbox:
        """The outbox of a channel of the plan; it does not run yet."""
        site, tell = self.plan.site, self._tell_channel(name)
        settings, read, clock = site.channels[name], self.secrets.read, self.clock
        outbox: Outbox
        if isinstance(settings, PatrolSettings):
            outbox = Phones(name, settings, site.site.id, read, clock, tell, self.patrol)
        else:
            outbox = make.outbox(name, settings, site.site.id, read, clock, tell)
        self.channels[name] = outbox
        return outbox

    def route_orders(self) -> None:
        """Send orders to the lines on which their devices are by now."""
        self.orders.routes = {name: self.lines[its.line] for name, its in self.plan.site.devices.items()}

    def _tell_feed(self, name: str) -> Callable[[str], None]:
        return lambda why: self.engine.raise_own(feed_trouble(name, why))

    def _record_feed(self, name: str) -> Callable[[str, str], None]:
        def tell(kind: str, why: str) -> None:
            content = {"subscriber": name} | ({"why": why} if why else {})
            self.recorder.emit(kind, f"feeds.{name}", content=content)

        return tell

    def _tell_channel(self, name: str) -> Callable[[str], None]:
        return lambda why: self.engine.raise_own(channel_trouble(name, why))


def exclusive(plan: Plan) -> Iterable[Collection[str]]:
    """Groups of outputs of which one at a time may be open."""
    return [getattr(rule, "exclusive", ()) for rule in plan.rules]


def journal_trouble(why: str) -> Condition:
    """The journal's own alarm; without a reason it is well."""
    return own("journal.trouble", "journal_trouble", "journal", bool(why), Severity.P2, why=why)


def recording_trouble(why: str) -> Condition:
    """The alarm of the recording of readings: nothing but `gatehouse replay` suffers from it."""
    return own("recording.trouble", "recording_trouble", "recording", bool(why), Severity.P4, why=why)


def feed_trouble(name: str, why: str) -> Condition:
    """The alarm of a subscriber's feed; without a reason it is well."""
    return own(f"feeds.{name}.trouble", "feed_trouble", f"feeds.{name}", bool(why), Severity.P3, why=why)


def channel_trouble(name: str, why: str) -> Condition:
    """The alarm of a channel to people; without a reason it is well."""
    return own(f"channels.{name}.trouble", "channel_trouble", f"channels.{name}", bool(why), Severity.P3, why=why)


def shown(part: Any) -> Callable[[], int]:  # noqa: ANN401 - any part with a `progress`
    """How the watchdog looks at the progress of a part."""
    return lambda: int(part.progress)
