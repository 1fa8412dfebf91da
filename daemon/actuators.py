"""Who moves what: for each output of a site the relay or boom that makes it so."""

from daemon.booms import Boom
from daemon.clock import Clock
from daemon.commands import Send
from daemon.config.load import Plan
from daemon.relays import Relay
from gatehouse.demands import Passage, Pulse
from gatehouse.driver import Writer
from gatehouse.points import Image, Value


def actuators(plan: Plan, image: Image, send: Send, clock: Clock) -> dict[str, Relay | Boom]:
    """One for each door, lane and switch, by output."""
    made: dict[str, Relay | Boom] = {}

    def relay(output: str, point: str, on: Value, longest: float = 1.0) -> None:
        pulses = _pulses(plan, point, longest)
        made[output] = Relay(output=output, point=point, on=on, pulses=pulses, send=send, image=image, clock=clock)

    for name, door in plan.site.doors.items():
        relay(f"doors.{name}", door.lock, Passage.OPEN if door.energised == "open" else Passage.CLOSED, door.unlock)
    for name, output in plan.site.outputs.items():
        relay(f"outputs.{name}", output.relay, on=True)
    for name, lane in plan.site.lanes.items():
        made[f"lanes.{name}"] = Boom(output=f"lanes.{name}", lane=lane, send=send, image=image, clock=clock)
    return made


def adopt(before: Relay | Boom, made: Relay | Boom) -> Relay | Boom:
    """The one that goes on under new settings: what it was told and has under way is not touched, only how it goes on.

    Where other relays make the output so, it is the new one, and the old one moves nothing any more.
    """
    if isinstance(before, Boom) and isinstance(made, Boom) and before.relays == made.relays:
        before.lane = made.lane
        return before
    if isinstance(before, Relay) and isinstance(made, Relay) and (before.point, before.on) == (made.point, made.on):
        before.pulses = made.pulses
        return before
    return made


def _pulses(plan: Plan, point: str, longest: float) -> bool:
    """Whether the device can time a pulse of this relay by itself, both ways, and for so many seconds."""
    name, _, channel = point.partition(".")
    device = plan.devices[name]
    if not isinstance(device, Writer):
        return False
    try:
        for value in (True, False):
            device.write(channel, Pulse(value, longest))
    except Exception:  # noqa: BLE001 - the edge of a plug-in: a DriverError says no, anything else is no yes either
        return False
    return True
