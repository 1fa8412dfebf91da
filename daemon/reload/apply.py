"""Makes a running daemon run another plan: all that decides is swapped in one go, then ports are handed over.

Nothing here waits before everything that decides has been swapped, so no rule ever sees half of a change. What is the
same in both plans is not touched: its device is asked on, its rule keeps its timers, its subscriber its connection.
"""

from daemon.actuators import actuators, adopt
from daemon.arbiter import Decision
from daemon.booms import Boom
from daemon.crew import Crew
from daemon.leftovers import let_go
from daemon.parts import Daemon, exclusive, shown
from daemon.relays import Relay
from daemon.reload import channels
from daemon.reload.difference import Difference, by_line
from gatehouse.demands import Priority
from rules._cards import CardBook

_LIFE = Priority.LIFE_SAFETY


async def apply(daemon: Daemon, crew: Crew, change: Difference) -> None:
    """Run the new plan. An old port is closed before a new one opens: it may be the same one."""
    made = actuators(change.new, daemon.image, daemon.orders, daemon.clock)  # asks plug-ins, so before anything moves
    _swap(daemon, change, made)
    silenced = channels.swap(daemon, change)
    daemon.exercises.change()
    daemon.office.change(change.new.directory)
    await crew.stop(*(f"lines.{name}" for name in change.lines.ended))
    for name in change.lines.fresh:
        crew.start(f"lines.{name}", daemon.lines[name].run, shown(daemon.lines[name]))
    await crew.stop(*(f"feeds.{name}" for name in change.subscribers.ended))
    for name in change.subscribers.fresh:
        crew.start(f"feeds.{name}", daemon.feeds[name].run)
    await channels.hand_over(daemon, crew, change, silenced)


def _swap(daemon: Daemon, change: Difference, made: dict[str, Relay | Boom]) -> None:
    """Everything that decides, at once."""
    plan = daemon.plan = change.new
    for rule in plan.rules:
        if isinstance(getattr(rule, "cards", None), CardBook):
            rule.cards = plan.cards  # type: ignore[attr-defined] # not every rule has them
    daemon.image.change(plan.points, change.anew)
    daemon.engine.arbiter.change(plan.outputs, exclusive(plan))
    daemon.titles.clear()
    daemon.titles.update(plan.titles)
    daemon.status.plan, daemon.operator.site = plan, plan.site
    daemon.journal.trimmer.settle(plan.site.journal.retention(), plan.site.subscribers)
    _lines(daemon, change)
    for name in change.subscribers.ended:
        daemon.feeds.pop(name)
    for name in change.subscribers.fresh:
        daemon.add_feed(name)
    before = dict(daemon.engine.actuators)
    after = {output: adopt(before[output], new) if output in before else new for output, new in made.items()}
    _retire(daemon, before, after)
    daemon.leftovers.begin()
    daemon.engine.change(plan.rules, after, plan.inverted, change.anew)
    daemon.tape.settle(plan.site.recording, daemon.engine.watched)
    let_go(daemon.engine.annunciator, plan, daemon.clock.utc())


def _lines(daemon: Daemon, change: Difference) -> None:
    for name in change.lines.ended:
        daemon.taps.pop(name).shut()
        daemon.lines.pop(name)
    for name in change.lines.fresh:
        daemon.add_line(name)
    on = by_line(change.new)
    for name in change.relined:
        daemon.lines[name].change(on[name])
    daemon.route_orders()


def _retire(daemon: Daemon, before: dict[str, Relay | Boom], after: dict[str, Relay | Boom]) -> None:
    """Relays that nobody commands any more are let go, as a loss of power would: wiring is made for that.

    Those of an output that a release holds free stay as they are. A boom's pulses end by themselves.
    """
    arbiter, taken = daemon.engine.arbiter, {point for each in after.values() for point in each.relays}
    for output, actuator in before.items():
        if after.get(output) is actuator or (
            output in after and any(d.priority <= _LIFE for d in arbiter.demands(output))
        ):
            continue
        actuator.told(Decision(output, None, None, "no longer in this site"))
        if isinstance(actuator, Relay) and actuator.point not in taken:
            _let_go(daemon, actuator.point)


def _let_go(daemon: Daemon, point: str) -> None:
    reading = daemon.image.read(point, daemon.clock.monotonic()) if point in daemon.image.points else None
    if reading is None or (reading.good and reading.value is False):
        return

    def permit() -> str:
        used = any(point in each.relays for each in daemon.engine.actuators.values())
        return f"{point} has another task by now" if used else ""

    daemon.orders(point, False, Priority.REST, permit, _ignored)


def _ignored(refusal: str) -> None:
    """It is in the journal; nobody else waits for it."""
