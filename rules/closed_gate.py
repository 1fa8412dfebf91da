"""Closed gate: a gate that is shut all year and is a way out in a fire: watched that it is neither opened nor stuck.

    west-gate: {kind: closed_gate, door: west, opens_within: 10s, closes_within: 2m, proof: io4.input3}

It watches the leaf of a door instead of `door_forced` and `door_held`, and knows three alarms:

`.opened` (P2): it was seen shut, stands open, and nobody had told it to open, now or less than `grace` ago.
`.not_open` (P1): it has been told to open for `opens_within` and is not. `proof` is what shows that one can pass: the
lock's own contact, or, without it, the leaf, where a spring or a motor opens it. Short orders, such as an operator's
five seconds, end before that and are not judged.
`.left_open` (P2): it stands open for `closes_within` although nobody tells it to: left so after a release or a visit,
or found so at the start.

Stale, uncertain or never-read leaf or proof: neither raises nor clears what hangs on it, and the time goes on; that
it is away is said by `device_silent`. A gate that was shut before the leaf was lost and is found open afterwards was
opened, unless it was told to meanwhile. While the output is not yet told anything (after a start), nothing is judged.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Passage
from gatehouse.points import Reading
from gatehouse.rule import Scene
from rules._settings import Duration, PointName, Refers
from rules._watch import Lasting, switch

_LONG_AGO = float("-inf")


@dataclass(kw_only=True, eq=False)
class Rule:
    """One gate."""

    name: str
    door: Annotated[str, Refers("door")]
    """The gate, as the site's doors name it: west or doors.west."""
    contact: PointName | None = None
    """True while the leaf stands open; the door's own where none is given."""
    exit: PointName | None = None
    """The exit button, where one is read: it may unlock the gate past us; the door's own where none is given."""
    proof: PointName | None = None
    """True while one can pass; without it the leaf shows that."""
    opens_within: Duration = 10.0
    """How long it may take to open, once it is told to."""
    closes_within: Duration = 120.0
    """How long it may stand open when nobody tells it to."""
    grace: Duration = 3.0
    """How long after the end of an order the leaf may still be pushed open."""
    _leaf: str = field(init=False, default="")
    _lasting: Lasting = field(init=False, default_factory=Lasting)
    _let_at: float = field(init=False, default=_LONG_AGO)
    _let: bool = field(init=False, default=False)
    _opened: bool = field(init=False, default=False)
    _known: bool = field(init=False, default=False)
    _was_open: bool | None = field(init=False, default=None)
    _blind_since: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """ValueError when nothing shows where the leaf is."""
        if self.contact is None:
            raise ValueError(f"{self.door} has no contact, so nobody knows whether it is shut; add one to the door")
        self._leaf = self.contact

    @property
    def replaces(self) -> Collection[str]:
        """Rules of the door that say the same of any door."""
        return (f"{self.door}.door_forced", f"{self.door}.door_held")

    @property
    def inputs(self) -> Collection[str]:
        """The leaf, the button and the proof."""
        points = (self._leaf, self.exit, self.proof)
        return tuple(dict.fromkeys(point for point in points if point is not None))

    @property
    def outputs(self) -> Collection[str]:
        """None: it watches."""
        return ()

    @property
    def subject(self) -> str:
        """The gate."""
        return self.door

    def judge(self, scene: Scene) -> Iterator[Condition]:
        """Compare the leaf with what the gate was told."""
        told, reading = scene.told.get(self.door), scene.read(self._leaf)
        leaf = reading.value if reading.good and isinstance(reading.value, bool) else None
        self._note_permission(scene)
        if leaf is None:
            self._blind_since = scene.now if self._blind_since is None else self._blind_since
        else:
            self._opened = leaf and not self._let and (self._opened or self._is_opened(reading))
            self._was_open, self._blind_since = leaf, None
            self._known |= not leaf or told == Passage.OPEN
        opened = self._opened if self._known and leaf is not None else None
        yield self._condition(scene, "opened", Severity.P2, opened, {"told": told, "grace": self.grace})
        yield self._condition(scene, "not_open", Severity.P1, self._not_open(scene, told), {"told": told})
        yield self._condition(scene, "left_open", Severity.P2, self._left_open(scene, leaf, told), {"told": told})

    def _note_permission(self, scene: Scene) -> None:
        let = scene.told.get(self.door) != Passage.CLOSED or (
            self.exit is not None and switch(scene, self.exit) is True
        )
        if let or self._let:  # also at the moment at which it ends
            self._let_at = scene.now
        self._let = let

    def _is_opened(self, leaf: Reading) -> bool:
        if self._was_open is not False or leaf.changed <= self._let_at + self.grace:
            return False
        return self._blind_since is None or self._let_at + self.grace < self._blind_since

    def _not_open(self, scene: Scene, told: object) -> bool | None:
        passable = switch(scene, self.proof or self._leaf)
        waits = told == Passage.OPEN and passable is not True
        late = self._lasting.due(scene, "opens", waits, self.opens_within)
        return None if told is None or (waits and passable is None) else late

    def _left_open(self, scene: Scene, leaf: bool | None, told: object) -> bool | None:
        if told is None or (leaf is None and told != Passage.OPEN):
            return None
        left = leaf is True and told == Passage.CLOSED and not self._opened
        late = self._lasting.due(scene, "closes", left, self.closes_within)
        return late if leaf is not None else None

    def _condition(
        self, scene: Scene, word: str, severity: Severity, active: bool | None, more: dict[str, Any]
    ) -> Condition:
        limits = {"opens_within": self.opens_within, "closes_within": self.closes_within}
        return Condition(
            alarm=f"{self.door}.{word}",
            active=active,
            severity=severity,
            kind=f"gate_{word}",
            subject=self.door,
            evidence=scene.saw(*self.inputs) | limits | more,
        )
