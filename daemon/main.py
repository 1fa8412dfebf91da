"""Wires the parts, top to bottom, and does nothing else. Read it to see how the daemon is made."""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import structlog

from daemon import heap, rollcall
from daemon.actuators import actuators
from daemon.alarms.annunciator import own
from daemon.alarms.desk import Desk
from daemon.alarms.keepsake import Keepsake, newest
from daemon.alarms.routes import routes as alarm_routes
from daemon.alarms.shelving import KEY as LEFT
from daemon.api import Api
from daemon.arbiter import Arbiter
from daemon.certificates import Certificates
from daemon.channels.outbox import Outbox
from daemon.clock import Clock, SystemClock
from daemon.config.load import Plan
from daemon.config.secrets import Secrets
from daemon.crew import Crew
from daemon.disk import DiskWatch
from daemon.drills.exercises import Exercises
from daemon.drills.routes import routes as drill_routes
from daemon.engine import Engine
from daemon.escalation.office import Office
from daemon.escalation.routes import routes as ladder_routes
from daemon.export.routes import routes as export_routes
from daemon.feeds.daily_head import DailyHead
from daemon.feeds.feed import Feed
from daemon.field.blackbox import FOLDER, Blackbox
from daemon.field.lines import LineOwner
from daemon.image import LiveImage
from daemon.journal.journal import Journal
from daemon.leftovers import Leftovers, let_go
from daemon.lessons import Lessons
from daemon.operator import Operator
from daemon.orders import Orders
from daemon.parts import Daemon, exclusive, feed_trouble, journal_trouble, recording_trouble, shown
from daemon.patrol.patrol import Patrol
from daemon.reasons import Reasons
from daemon.recorder import Recorder
from daemon.recording.tape import Tape
from daemon.reload import face, trial
from daemon.reload.reload import Reload
from daemon.reload.source import Source
from daemon.rollcall import RollCalls
from daemon.rules_api import routes as rule_routes
from daemon.status import Status
from daemon.supervisor import Supervisor
from daemon.technician_api import Technician
from daemon.watchdog import ServiceManager, Watchdog
from gatehouse.alarms import Condition, Severity

log = structlog.get_logger()

_RESTORE = 1.0
"""Seconds granted to the journal to say which alarms stood; then guarding begins, and it is asked on."""
_LAST_RUN = "alarms of the last run"
_WELL = 40.0
"""Seconds in which journal and feeds have found out about themselves: a feed takes 30 to call itself away."""
_ARM = 10.0
"""Seconds after which the service manager is told that we are up, even if some input was never read."""


def build(plan: Plan, state: Path, secrets: Secrets, clock: Clock) -> Daemon:
    """Make every part of a site; nothing runs yet and nothing is opened."""
    image = LiveImage(plan.points)
    engine: Engine
    journal = Journal(state / "journal.db", clock, lambda why: engine.raise_own(journal_trouble(why)))
    journal.trimmer.settle(plan.site.journal.retention(), plan.site.subscribers)
    recorder = Recorder(journal.append, clock)
    orders = Orders(recorder)
    arbiter = Arbiter(plan.outputs, exclusive(plan))
    moved = actuators(plan, image, orders, clock)
    engine = Engine(image, plan.rules, arbiter, moved, recorder, clock, plan.site.site.timezone, plan.inverted)
    journal.on_room = DiskWatch(engine.raise_own, lambda: journal.trimmer.retention).hear
    lines: dict[str, LineOwner] = {}
    feeds: dict[str, Feed] = {}
    channels: dict[str, Outbox] = {}
    titles = dict(plan.titles)
    status = Status(plan, engine, journal, lines, feeds, clock, channels)
    operator = Operator(engine, plan.site, titles, clock)
    desk = Desk(engine, lambda: daemon.plan, clock)
    office = Office(plan.directory, engine, journal, channels, titles, secrets.read, clock, plan.site.site)
    exercises = Exercises(engine, journal, lambda: daemon.plan, clock, plan.site.site.timezone)
    patrol = Patrol(lambda: daemon.plan, engine, desk, office, journal, clock)
    rollcalls = RollCalls(engine, journal.keep, titles, clock)
    blackbox = Blackbox(state / FOLDER, lambda: daemon.plan.site, lines, clock)
    tape = Tape(state / "recording", image, clock, recorder.boot, lambda why: engine.raise_own(recording_trouble(why)))
    tape.settle(plan.site.recording, engine.watched)
    daemon = Daemon(
        plan=plan,
        image=image,
        engine=engine,
        journal=journal,
        recorder=recorder,
        leftovers=Leftovers(engine.annunciator, clock),
        keepsake=Keepsake(state / "latched.json", journal, engine.annunciator),
        orders=orders,
        lines=lines,
        taps={},
        feeds=feeds,
        channels=channels,
        titles=titles,
        status=status,
        operator=operator,
        desk=desk,
        office=office,
        exercises=exercises,
        rollcalls=rollcalls,
        patrol=patrol,
        api=Api(status, operator, journal, titles),
        supervisor=Supervisor(engine.raise_own, clock),
        blackbox=blackbox,
        tape=tape,
        secrets=secrets,
        clock=clock,
    )
    _introduce(daemon)
    daemon.add_all()
    _face(daemon)
    return daemon


def _introduce(daemon: Daemon) -> None:
    """Whom a part has to know that was made after it."""
    exercises = daemon.exercises
    daemon.status.office, daemon.status.exercises = daemon.office, exercises
    daemon.office.teller.earnest = lambda: exercises.drills.lately
    daemon.recorder.trace = daemon.blackbox.keep
    daemon.engine.annunciator.shelving.keep = daemon.journal.keep
    daemon.engine.hear = exercises.before(daemon.tape.hear)


def _face(daemon: Daemon) -> None:
    """All that can be asked over the local API, but what belongs to a running process."""
    api, journal, clock = daemon.api, daemon.journal, daemon.clock

    def plan() -> Plan:
        return daemon.plan

    reasons = Reasons(daemon.engine, daemon.titles, clock, lambda: daemon.status.zone)
    api.add(alarm_routes(daemon.desk, plan, journal, api.told, daemon.office.running))
    api.add(drill_routes(daemon.exercises, plan, journal))
    api.add(export_routes(daemon.recorder, journal))
    api.add(ladder_routes(daemon.office, plan))
    api.add(rollcall.routes(daemon.rollcalls))
    api.add(rule_routes(reasons, journal, api.told))
    api.add(Technician(plan, daemon.lines, clock).routes())


async def run(plan: Plan, secrets: Secrets, socket: Path, source: Source, amiss: Sequence[Condition] = ()) -> None:
    """Guard the site until SIGTERM or SIGINT; on SIGHUP apply what its `source` says by then.

    `amiss`: what is, or is no more, to be said of the site's own files.
    """
    clock = SystemClock()
    daemon = build(plan, source.state, secrets, clock)
    heap.settle()
    manager = ServiceManager()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    daemon.recorder.emit("daemon.started", "daemon", content={"boot": daemon.recorder.boot})
    async with asyncio.TaskGroup() as group:
        crew = Crew(daemon.supervisor, group)
        reload = Reload(daemon, crew, source, over=heap.settle)
        loop.add_signal_handler(signal.SIGHUP, reload.ask)
        journal = group.create_task(daemon.supervisor.keep("journal", daemon.journal.run))
        asked = asyncio.Event()
        tasks = [group.create_task(_restore(daemon, amiss, asked))]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_RESTORE):
                await asked.wait()
        _start(daemon, crew, socket, reload)
        tasks.append(group.create_task(Watchdog(crew.watched, 1.0, clock, manager).run()))
        tasks.append(group.create_task(_announce(daemon, manager)))
        await stop.wait()
        log.info("stopping")
        manager.stopping()
        daemon.recorder.emit("daemon.stopped", "daemon")
        tasks += crew.tasks
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=1.0)
        await daemon.journal.close()
        await daemon.keepsake.close()
        journal.cancel()


def _start(daemon: Daemon, crew: Crew, socket: Path, reload: Reload) -> None:
    crew.watched["journal"] = shown(daemon.journal)
    crew.start("engine", daemon.engine.run, shown(daemon.engine))
    for name, line in daemon.lines.items():
        crew.start(f"lines.{name}", line.run, shown(line))
    for name, feed in daemon.feeds.items():
        crew.start(f"feeds.{name}", feed.run)
    crew.start("ladders", daemon.office.run, shown(daemon.office))
    for name, outbox in daemon.channels.items():
        crew.start(f"channels.{name}", outbox.run)
    daemon.api.add(face.routes(reload))
    daemon.api.add(trial.routes(daemon, reload.source))
    crew.start("api", lambda: daemon.api.run(socket))
    crew.start("config", reload.run)
    crew.start("traces", daemon.blackbox.run)
    crew.start("recording", daemon.tape.run)
    papers = Certificates(
        lambda: daemon.plan.site, daemon.secrets.read, daemon.engine.raise_own, daemon.feeds, daemon.clock
    )
    crew.start("certificates", papers.run)
    crew.start("rollcalls", daemon.rollcalls.run, shown(daemon.rollcalls))
    crew.start("drills", daemon.exercises.run, shown(daemon.exercises))
    crew.start("keepsake", daemon.keepsake.run)
    crew.start("leftovers", daemon.leftovers.run)
    crew.start("lessons", Lessons(lambda: daemon.plan.rules, daemon.journal).run)
    zone = daemon.plan.site.site.timezone
    crew.start("head", DailyHead(daemon.journal, daemon.recorder.emit, zone, daemon.clock).run)


async def _restore(daemon: Daemon, amiss: Sequence[Condition], asked: asyncio.Event) -> None:
    """Take back the alarms that stood: no door that a release had freed is locked before the journal was asked.

    A slow disk is waited for, one that fails is not; but when it is mended, what it knows is taken back even then.
    """
    engine = daemon.engine
    for condition in amiss:
        engine.raise_own(condition)
    engine.await_also(_LAST_RUN)
    while (standing := await _standing(daemon, silent=asked.is_set())) is None:
        if not asked.is_set():
            engine.annunciator.restore(await daemon.keepsake.missing(None))
        engine.know(_LAST_RUN)
        asked.set()
        await asyncio.sleep(_RESTORE)
    states, left = standing
    lost = await daemon.keepsake.missing(states)
    daemon.keepsake.rewrite(lost)
    engine.annunciator.restore(newest(states, lost), left)
    if why := await daemon.keepsake.shortened():
        daemon.recorder.emit("journal.damaged", "journal", content={"why": why})
        for active in (True, False):  # it has happened and is over; the alarm stays until somebody acknowledges it
            engine.raise_own(own("journal.shortened", "journal_trouble", "journal", active, Severity.P2, why=why))
    daemon.keepsake.begin()
    let_go(engine.annunciator, daemon.plan, daemon.clock.utc())
    daemon.leftovers.begin()
    for condition in amiss:
        engine.raise_own(condition)
    await daemon.exercises.restore()  # before the ladders: what a drill has freed stays free until it ends
    await daemon.office.restore()  # its sirens must not rest for an instant either
    daemon.keepsake.tell(lost)
    engine.know(_LAST_RUN)
    engine.judge_all()
    asked.set()
    await _roll_calls(daemon)
    await _find_well(daemon)


async def _standing(daemon: Daemon, *, silent: bool) -> tuple[list[bytes], bytes | None] | None:
    try:
        return await daemon.journal.standing(), (await daemon.journal.kept(LEFT)).get(LEFT)
    except OSError as error:
        if not silent:
            log.error("alarms of the last run are not known", why=str(error))
        return None


async def _roll_calls(daemon: Daemon) -> None:
    with contextlib.suppress(OSError):  # told as trouble of the journal; the centre calls again
        daemon.rollcalls.restore((await daemon.journal.kept(rollcall.PREFIX)).values())


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
            heap.keep()
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
