"""Carries an order to the line of its device; what was refused becomes an event, once however often it is tried."""

from collections.abc import Mapping

from daemon.commands import EXPIRED, Done, Permit
from daemon.field.lines import Command, LineOwner
from daemon.recorder import Recorder
from gatehouse.demands import Priority, Pulse
from gatehouse.points import Value


class Orders:
    """What actuators send through."""

    def __init__(self, recorder: Recorder) -> None:
        """Give it its `routes` before the first order."""
        self.routes: Mapping[str, LineOwner] = {}
        """Device -> its line."""
        self._recorder = recorder
        self._refused: dict[str, Value] = {}

    def __call__(self, point: str, value: Value | Pulse, priority: Priority, permit: Permit, done: Done) -> None:
        """See `daemon.commands.Send`."""
        device, _, channel = point.partition(".")
        order = value.value if isinstance(value, Pulse) else value

        def finished(refusal: str) -> None:
            if refusal == EXPIRED or (refusal and self._refused.get(point) is not order):
                kind = "demand.expired" if refusal == EXPIRED else "command.refused"
                content = {"command": f"{channel} {_in_words(value)}", "reason": refusal}
                self._recorder.emit(kind, f"devices.{device}", content=content)
            if refusal:
                self._refused[point] = order
            else:
                self._refused.pop(point, None)
            done(refusal)

        self.routes[device].write(
            Command(device=device, channel=channel, value=value, permit=permit, done=finished, priority=int(priority))
        )


def _in_words(value: Value | Pulse) -> str:
    if isinstance(value, Pulse):
        return f"{_in_words(value.value)} {value.seconds:g} s"
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
