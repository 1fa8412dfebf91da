"""Ladders: in which order an alarm calls for people, and which ladder is whose. Pure data, fit to be kept."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from gatehouse.alarms import Alarm

Until = Literal["acknowledged", "verified", "on_site", "closed"]
"""What a person must have done before a step asks for nobody any more."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One rung: who is called, by what, and for how long."""

    after: float = 0.0
    """Seconds after the alarm; the step never begins later, and earlier when nobody of the last one can be reached."""
    outputs: tuple[str, ...] = ()
    """Sirens and lamps that are on while the step asks: `outputs.siren`."""
    sirens: bool = False
    """Also those of the alarm's own zone."""
    hold: float | None = None
    """Seconds after which its outputs are given up all the same."""
    ring: tuple[str, ...] = ()
    """People, rotas and roles."""
    by: tuple[str, ...] = ()
    """Channels in order; none: each person's own order."""
    post: tuple[str, ...] = ()
    """Channels into which it is written for everybody there: a group's robot."""
    police: bool = False
    """A note in the journal that subscribers of tier 1 may have."""
    repeat: float | None = None
    """Seconds after which the same people are called again."""
    times: int | None = None
    """How often in all; None: until somebody answers."""
    answers: int = 1
    """How many people must have answered."""
    until: Until = "acknowledged"
    unread: float = 60.0
    """Seconds after which what nobody has read moves on to the next channel, after the last one to the next step."""

    @property
    def calls(self) -> bool:
        """It sends messages."""
        return bool(self.ring or self.post)


class Ladder(msgspec.Struct, frozen=True, kw_only=True):
    """Steps for the alarms that it fits; an empty condition fits all."""

    name: str
    title: str = ""
    severities: frozenset[int] = frozenset()
    zones: frozenset[str] = frozenset()
    """Full names: `zones.b12`."""
    kinds: frozenset[str] = frozenset()
    steps: tuple[Step, ...] = ()

    def fits(self, severity: int, subject: str, kind: str) -> bool:
        """Whether it is for such an alarm."""
        return (
            (not self.severities or severity in self.severities)
            and (not self.zones or subject in self.zones)
            and (not self.kinds or kind in self.kinds)
        )

    @property
    def closeness(self) -> tuple[bool, bool, bool]:
        """How much it has in common with what it fits: a zone says more than a kind, a kind more than a severity."""
        return bool(self.zones), bool(self.kinds), bool(self.severities)


def choose(ladders: Iterable[Ladder], severity: int, subject: str, kind: str) -> Ladder | None:
    """The ladder for an alarm: the closest of those that fit, of equals the first; None when it reaches nobody."""
    fitting = [ladder for ladder in ladders if ladder.fits(severity, subject, kind)]
    return max(fitting, key=lambda ladder: ladder.closeness, default=None)


def reached(alarm: Alarm) -> frozenset[Until]:
    """How far people have come with an alarm. What was found to be false, or a test, asks for nothing more."""
    handling = alarm.handling
    if handling.closed_by or alarm.reset_by or (handling.verdict is not None and handling.verdict.value != "true"):
        return frozenset({"acknowledged", "verified", "on_site", "closed"})
    words: set[Until] = set()
    if alarm.acknowledged_by:
        words.add("acknowledged")
    if handling.verdict is not None:
        words |= {"acknowledged", "verified"}
    if handling.on_site_by:
        words |= {"acknowledged", "on_site"}
    return frozenset(words)


def answerers(alarm: Alarm) -> tuple[str, ...]:
    """The names of all who have said anything about an alarm, as they said them."""
    its = alarm.handling
    names = (alarm.acknowledged_by, its.verified_by, its.on_site_by, its.closed_by)
    return tuple(dict.fromkeys(filter(None, names)))
