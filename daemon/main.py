"""Wires the parts, top to bottom, and does nothing else. Read it to see how the daemon is made."""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import structlog

from daemon.annunciator import own
from daemon.api import Api
from daemon.arbiter import Arbiter
from daemon.booms import Boom
from daemon.clock import Clock, SystemClock
from daemon.commands import EXPIRED, Done, Permit, Send
from daemon.config.faults import Fault
from daemon.config.load import Plan
from daemon.config.recheck import Check, Recheck, faulty
from daemon.config.secrets import Secrets
from daemon.engine import Engine
from daemon.feeds.feed import Feed
from daemon.field.lines import Command, LineOwner
from daemon.journal.journal import Journal
from daemon.leftovers import let_go
from daemon.operator import Operator
from daemon.recorder import Recorder
from daemon.relays import Relay
from daemon.status import Status
from daemon.supervisor import Supervisor
from daemon.watchdog import ServiceManager, Watchdog
from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Passage, Priority, Pulse
from gatehouse.driver import DriverError, Writer
from gatehouse.points import Image, Value

log = structlog.get_logger()

_RESTORE = 1.0
"""Seconds granted to the journal to say which alarms stood; then guarding begins, and it is asked on."""
_LAST_RUN = "alarms of the last run"
_WELL = 40.0
"""Seconds in which journal and feeds have found out about themselves: a feed takes 30 to call itself away."""
_ARM = 10.0
"""Seconds after which the service manager is told that we are up, even if some input was never read."""


@dataclass(slots=True)
class Daemon:
    """All parts of a running gatehouse."""

    plan: Plan
    engine: Engine
    journal: Journal
    recorder: Recorder
    lines: Mapping[str, LineOwner]
    feeds: Mapping[str, Feed]
    status: Status
    api: Api
    supervisor: Supervisor
    clock: Clock


def journal_trouble(why: str) -> Condition:
    """The journal's own alarm; without a reason it is well."""
    return own("journal.trouble", "journal_trouble", "journal", bool(why), Severity.P2, why=why)


def feed_trouble(name: str, why: str) -> Condition:
    """The alarm of a subscriber's feed; without a reason it is well."""
    return own(f"feeds.{name}.trouble", "feed_trouble", f"feeds.{name}", bool(why), Severity.P3, why=why)


def build(plan: Plan, state: Path, secrets: Secrets, clock: Clock) -> Daemon:
    """Make every part of a site; nothing runs yet and nothing is opened."""
    site = plan.site
    image = Image(plan.points)
    lines: dict[str, LineOwner] = {}
    engine: Engine

    def tell_feed(name: str) -> Callable[[str], None]:
        return lambda why: engine.raise_own(feed_trouble(name, why))

    journal = Journal(state / "journal.db", clock, lambda why: engine.raise_own(journal_trouble(why)))
    recorder = Recorder(journal.append, clock)
    arbiter = Arbiter(plan.outputs, [getattr(rule, "exclusive", ()) for rule in plan.rules])
    actuators = _actuators(plan, image, _sender(plan, lines, recorder), clock)
    engine = Engine(image, plan.rules, arbiter, actuators, recorder, clock, site.site.timezone, plan.inverted)
    for name, settings in site.lines.items():
        devices = {device: plan.devices[device] for device, its in site.devices.items() if its.line == name}
        lines[name] = LineOwner(name, settings, devices, engine, clock)
    feeds: dict[str, Feed] = {}
    status = Status(plan, engine, journal, lines, feeds, clock)
    for name, subscriber in site.subscribers.items():
        feeds[name] = Feed(
            name,
            subscriber,
            journal,
            site.site.id,
            plan.titles,
            secrets.read,
            status.for_subscribers,
            tell_feed(name),
            clock,
        )
    api = Api(status, Operator(engine, site, plan.titles, clock), journal, plan.titles)
    return Daemon(
        plan, engine, journal, recorder, lines, feeds, status, api, Supervisor(engine.raise_own, clock), clock
    )


def _sender(plan: Plan, lines: Mapping[str, LineOwner], recorder: Recorder) -> Send:
    """Carry an order to the line of its device; what was refused becomes an event, once however often it is tried."""
    refused: dict[str, Value] = {}

    def send(point: str, value: Value | Pulse, priority: Priority, permit: Permit, done: Done) -> None:
        device, _, channel = point.partition(".")

        def finished(refusal: str) -> None:
            order = value.value if isinstance(value, Pulse) else value
            if refusal == EXPIRED or (refusal and refused.get(point) is not order):
                kind = "demand.expired" if refusal == EXPIRED else "command.refused"
                content = {"command": f"{channel} {_in_words(value)}", "reason": refusal}
                recorder.emit(kind, f"devices.{device}", content=content)
            if refusal:
                refused[point] = order
            else:
                refused.pop(point, None)
            done(refusal)

        command = Command(
            device=device, channel=channel, value=value, permit=permit, done=finished, priority=int(priority)
        )
        lines[plan.site.devices[device].line].write(command)

    return send


def _in_words(value: Value | Pulse) -> str:
    if isinstance(value, Pulse):
        return f"{_in_words(value.value)} {value.seconds:g} s"
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _actuators(plan: Plan, image: Image, send: Send, clock: Clock) -> dict[str, Relay | Boom]:
    actuators: dict[str, Relay | Boom] = {}

    def relay(output: str, point: str, on: Value, longest: float = 1.0) -> None:
        pulses = _pulses(plan, point, longest)
        actuators[output] = Relay(output=output, point=point, on=on, pulses=pulses, send=send, image=image, clock=clock)

    for name, door in plan.site.doors.items():
        relay(f"doors.{name}", door.lock, Passage.OPEN if door.energised == "open" else Passage.CLOSED, door.unlock)
    for name, output in plan.site.outputs.items():
        relay(f"outputs.{name}", output.relay, on=True)
    for name, lane in plan.site.lanes.items():
        actuators[f"lanes.{name}"] = Boom(output=f"lanes.{name}", lane=lane, send=send, image=image, clock=clock)
    return actuators


def _pulses(plan: Plan, point: str, longest: float) -> bool:
    """Whether the device can time a pulse of this relay by itself, both ways, and for so many seconds."""
    name, _, channel = point.partition(".")
    device = plan.devices[name]
    if not isinstance(device, Writer):
        return False
    try:
        for value in (True, False):
            device.write(channel, Pulse(value, longest))
    except DriverError:
        return False
    return True


async def run(  # noqa: PLR0917 - all that a site brings
    plan: Plan, state: Path, secrets: Secrets, socket: Path, check: Check, fault: Fault | None = None
) -> None:
    """Guard the site until SIGTERM or SIGINT; on SIGHUP `check` its file. `fault`: why its last copy runs instead."""
    clock = SystemClock()
    daemon = build(plan, state, secrets, clock)
    manager = ServiceManager()
    stop = asyncio.Event()
    recheck = Recheck(check, daemon.engine.raise_own)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, recheck.ask)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    daemon.recorder.emit("daemon.started", "daemon", content={"boot": daemon.recorder.boot})
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(daemon.supervisor.keep("journal", daemon.journal.run))]
        asked = asyncio.Event()
        tasks.append(group.create_task(_restore(daemon, fault, asked)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_RESTORE):
                await asked.wait()
        tasks += [group.create_task(part) for part in _parts(daemon, socket, recheck, manager)]
        await stop.wait()
        log.info("stopping")
        manager.stopping()
        daemon.recorder.emit("daemon.stopped", "daemon")
        for task in tasks[1:]:
            task.cancel()
        await asyncio.wait(tasks[1:], timeout=1.0)
        await daemon.journal.close()
        tasks[0].cancel()


def _parts(daemon: Daemon, socket: Path, recheck: Recheck, manager: ServiceManager) -> list[Coroutine[Any, Any, None]]:
    keep = daemon.supervisor.keep
    watched = {f"lines.{name}": _progress(line) for name, line in daemon.lines.items()}
    watched |= {"engine": _progress(daemon.engine), "journal": _progress(daemon.journal)}
    return [
        keep("engine", daemon.engine.run),
        *(keep(f"lines.{name}", line.run) for name, line in daemon.lines.items()),
        *(keep(f"feeds.{name}", feed.run) for name, feed in daemon.feeds.items()),
        keep("api", lambda: daemon.api.run(socket)),
        keep("config", recheck.run),
        Watchdog(watched, 1.0, daemon.clock, manager).run(),
        _announce(daemon, manager),
    ]


def _progress(part: Engine | Journal | LineOwner) -> Callable[[], int]:
    return lambda: part.progress


async def _restore(daemon: Daemon, fault: Fault | None, asked: asyncio.Event) -> None:
    """Take back the alarms that stood: no door that a release had freed is locked before the journal was asked.

    A slow disk is waited for, one that fails is not; but when it is mended, what it knows is taken back even then.
    """
    engine = daemon.engine
    engine.raise_own(faulty(fault))
    engine.await_also(_LAST_RUN)
    while (standing := await _standing(daemon, silent=asked.is_set())) is None:
        engine.know(_LAST_RUN)
        asked.set()
        await asyncio.sleep(_RESTORE)
    engine.annunciator.restore(standing)
    let_go(engine.annunciator, daemon.plan, daemon.clock.utc())
    engine.raise_own(faulty(fault))
    engine.know(_LAST_RUN)
    engine.judge_all()
    asked.set()
    await _find_well(daemon)


async def _standing(daemon: Daemon, *, silent: bool) -> list[bytes] | None:
    try:
        return await daemon.journal.standing()
    except OSError as error:
        if not silent:
            log.error("alarms of the last run are not known", why=str(error))
        return None


async def _find_well(daemon: Daemon) -> None:
    """Take back alarms of the last run about journal and feeds that have had time to fail again, and did not."""
    await asyncio.sleep(_WELL)
    daemon.engine.raise_own(journal_trouble(daemon.journal.trouble))
    for name, feed in daemon.feeds.items():
        daemon.engine.raise_own(feed_trouble(name, feed.status()["trouble"]))


async def _announce(daemon: Daemon, manager: ServiceManager) -> None:
    """Tell when every input that decides something has been read once."""
    start = daemon.clock.monotonic()
    ready = False
    while daemon.engine.waiting or not ready:
        seconds = daemon.clock.monotonic() - start
        if not ready and (not daemon.engine.waiting or seconds > _ARM):
            ready = True
            missing = sorted(daemon.engine.waiting)
            daemon.recorder.emit("daemon.armed", "daemon", content={"seconds": round(seconds, 2), "missing": missing})
            manager.ready()
            log.info("armed", seconds=round(seconds, 2), missing=missing)
        await asyncio.sleep(0.05)
    await asyncio.Event().wait()


def lock(state: Path) -> TextIO:
    """Hold the state folder for this process alone until it is closed; RuntimeError when another gatehouse has it."""
    handle = (state / "lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.seek(0)
        other = handle.read(20).strip() or "?"
        handle.close()
        raise RuntimeError(
            f"{state}: 已有另一个 gatehouse（进程 {other}）在用这个目录；先停掉它，或用 --state 另指一个。 "
            f"Another gatehouse, process {other}, runs with this state folder; stop it, or name another with --state."
        ) from error
    handle.truncate(0)
    handle.write(f"{os.getpid()}\n")
    handle.flush()
    return handle
