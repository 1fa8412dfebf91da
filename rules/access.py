"""Access: a card opens the door or lane for a while, or is refused with a reason; each card is one event, each once.

Refusals: unknown, not_yet, expired, wrong_door, wrong_hour; `unreadable` when the reader gave a number but not
surely, `late` when the card comes to judgement after its time has passed. `tries` refusals in a row within `within`
are an alarm (GB 50396 5.1.5 asks for one after at most five). Where `passed` is given the door closes as soon as
someone has come and gone.

A card is an occurrence and never stale; an uncertain one opens nothing. An uncertain, stale or never-read `passed`
neither shortens nor prolongs: the time runs out. That the reader is away is said by `device_silent`.
"""

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Passage, Priority
from gatehouse.points import Reading
from gatehouse.rule import Note, Scene
from rules._cards import CardBook
from rules._settings import Duration, PointName
from rules._watch import switch
from rules._wishes import Wish


@dataclass(kw_only=True, eq=False)
class Rule:
    """One reader at one door or lane."""

    name: str
    subject: str
    """The door or lane, and its output: `doors.north`, `lanes.in`."""
    card: PointName
    """The reader's point: the number of the last card."""
    cards: CardBook
    unlock: Duration = 5.0
    """How long a card opens."""
    passed: PointName | None = None
    """True while someone is in the passage; when he has left it the opening ends early."""
    tries: int = 5
    """So many refusals in a row are an alarm."""
    within: Duration = 60.0
    """The time in which they must fall."""
    _count: int | None = field(init=False, default=None)
    _until: float = field(init=False, default=float("-inf"))
    _inside: bool | None = field(init=False, default=None)
    _entered: bool = field(init=False, default=False)
    _refused: deque[float] = field(init=False, default_factory=deque)

    @property
    def inputs(self) -> Collection[str]:
        """The reader and the passage."""
        return (self.card,) if self.passed is None else (self.card, self.passed)

    @property
    def outputs(self) -> Collection[str]:
        """The door or lane."""
        return (self.subject,)

    @property
    def wishes(self) -> Collection[Wish]:
        """To open."""
        return (Wish(output=self.subject, value=Passage.OPEN, priority=Priority.CREDENTIAL),)

    def judge(self, scene: Scene) -> Iterator[Demand | Condition | Note]:
        """Decide a new card; keep open for the last one that was let in."""
        self._follow_passage(scene)
        yield from self._decide_new_card(scene)
        if scene.now < self._until:
            yield Demand(
                output=self.subject,
                value=Passage.OPEN,
                priority=Priority.CREDENTIAL,
                issuer=self.name,
                reason="card",
                until=self._until,
            )
        yield self._wrong_cards(scene)

    def _decide_new_card(self, scene: Scene) -> Iterator[Note]:
        reading = scene.read(self.card)
        known = reading.count - (self.card in scene.changed) if self._count is None else self._count
        self._count = reading.count
        if reading.count <= known or reading.value is None:
            return
        card, person, reason = self._decide(reading, scene)
        if reason not in ("", "unreadable", "late"):
            self._refused.append(scene.now)
            if len(self._refused) > self.tries:
                self._refused.popleft()
        if not reason:
            self._until, self._entered = reading.at + self.unlock, False
            self._refused.clear()
        yield Note(
            kind="access.denied" if reason else "access.granted",
            subject=self.subject,
            content={"card": card, "person": person, "reason": reason, "door": self.subject},
        )

    def _decide(self, reading: Reading, scene: Scene) -> tuple[str, str, str]:
        """Card, person, and why it is refused."""
        number = str(reading.value)
        if not reading.good:
            return number, "", "unreadable"
        decision = self.cards.decide(number, self.subject, scene.wall)
        late = scene.now >= reading.at + self.unlock
        return decision.card, decision.person, decision.reason or ("late" if late else "")

    def _follow_passage(self, scene: Scene) -> None:
        inside = None if self.passed is None else switch(scene, self.passed)
        if inside is None:
            return
        if inside and self._inside is False:
            self._entered = True
        elif not inside and self._inside and self._entered:
            self._until = float("-inf")
        self._inside = inside

    def _wrong_cards(self, scene: Scene) -> Condition:
        while self._refused and scene.now >= self._refused[0] + self.within:
            self._refused.popleft()
        if self._refused:
            scene.wake(self._refused[0] + self.within)
        return Condition(
            alarm=f"{self.subject}.wrong_cards",
            active=len(self._refused) >= self.tries,
            severity=Severity.P3,
            kind="wrong_cards",
            subject=self.subject,
            evidence={"refused": len(self._refused), "tries": self.tries, "within": self.within},  # never the numbers
        )
