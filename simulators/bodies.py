"""Doors, booms and contacts, as bodies: they take time, they can be in the way, and people push them."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.clock import Appointment, Clock
from simulators.diary import Diary
from simulators.unit import Terminals

PRESS = 0.5
"""Seconds for which a finger stays on a button."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """One screw of a device, seen from the body that is wired to it."""

    device: Terminals
    channel: str
    inverted: bool = False
    """A normally-closed contact: current flows while there is nothing to tell."""

    def drive(self, on: bool) -> None:
        """Tell an input."""
        self.device.drive(self.channel, on is not self.inverted)

    def sense(self) -> bool:
        """What a relay or an input tells."""
        return self.device.sense(self.channel) is not self.inverted

    def watch(self, callback: Callable[[bool], None]) -> None:
        """Be told when a relay moves."""
        self.device.watch(self.channel, lambda on: callback(on is not self.inverted))


class Contact:
    """A contact that can be held and pressed: a button, a fire panel's output, a leak probe."""

    def __init__(self, name: str, clock: Clock, diary: Diary, terminal: Terminal) -> None:
        self.name = name
        self._clock = clock
        self._diary = diary
        self._terminal = terminal
        self._release: Appointment | None = None
        self.closed = False
        terminal.drive(False)

    def hold(self, closed: bool) -> None:
        """Close it or let it go, until told otherwise."""
        if self._release is not None:
            self._release.cancel()
            self._release = None
        if closed is not self.closed:
            self.closed = closed
            self._diary.note(self.name, "closed" if closed else "let go")
        self._terminal.drive(closed)

    def press(self, seconds: float = PRESS) -> None:
        """Close it and let it go."""
        self.hold(True)
        self._release = self._clock.at(self._clock.now() + seconds, lambda: self.hold(False))


class Door:
    """A leaf with a lock. People open it only when it is unlocked, unless they use force."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        diary: Diary,
        *,
        lock: Terminal,
        energised_open: bool = True,
        contact: Terminal | None = None,
        exit_button: Terminal | None = None,
    ) -> None:
        self.name = name
        self.open = False
        self._clock = clock
        self._diary = diary
        self._lock = lock
        self._energised_open = energised_open
        self._contact = contact
        self._exit = Contact(f"{name}.exit", clock, diary, exit_button) if exit_button else None
        self._shutter: Appointment | None = None
        if contact is not None:
            contact.drive(False)
        lock.watch(lambda _: diary.note(name, "unlocked" if self.unlocked else "locked"))

    @property
    def unlocked(self) -> bool:
        """Whether the lock lets the leaf go."""
        return self._lock.sense() is self._energised_open

    def push(self, seconds: float | None = None) -> bool:
        """Try to open it, to let it fall shut after some seconds; False when it is locked and stays shut."""
        if not self.open and not self.unlocked:
            self._diary.note(self.name, "pushed in vain")
            return False
        self._swing(True, "opened", seconds)
        return True

    def force(self, seconds: float | None = None) -> None:
        """Open it, whatever the lock says."""
        self._swing(True, "forced", seconds)

    def shut(self) -> None:
        """Close the leaf."""
        self._swing(False, "shut", None)

    def press_exit(self, seconds: float = PRESS) -> None:
        """Press the exit button and let it go; LookupError when the door has none."""
        if self._exit is None:
            raise LookupError(f"{self.name} has no exit button")
        self._exit.press(seconds)

    def state(self) -> dict[str, object]:
        """As JSON can say it."""
        return {"open": self.open, "unlocked": self.unlocked, "exit": self._exit.closed if self._exit else None}

    def _swing(self, opened: bool, what: str, seconds: float | None) -> None:
        if self._shutter is not None:
            self._shutter.cancel()
            self._shutter = None
        if seconds is not None:
            self._shutter = self._clock.at(self._clock.now() + seconds, self.shut)
        if opened is self.open:
            return
        self.open = opened
        self._diary.note(self.name, what)
        if self._contact is not None:
            self._contact.drive(opened)
