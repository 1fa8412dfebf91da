"""One alarm climbing its ladder. Pure: told what time it is, told what became of each message; answers with acts.

All times are seconds since the alarm began to climb. The whole state is data, so that it can be kept and taken up
again at any instant: what is due by then is done at once, and nothing is done twice under another key.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from daemon.escalation.ladder import Ladder, Step, Until

LATE = 3.0
"""Seconds after its time from which a step counts as late."""
RANKS = {"queued": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4}
"""What is known of a message only grows, in whatever order its receipts come in: what was read did not fail."""


class Target(NamedTuple):
    """Whom a step calls, and by which channels in turn. A post into a group has no person."""

    person: str
    channels: tuple[str, ...]


class Leg(msgspec.Struct, kw_only=True):
    """One message to one person by one channel."""

    channel: str
    since: float
    state: str = "queued"
    why: str = ""
    unread: bool = False
    """Its time is over, and nobody has read it."""

    @property
    def hopeless(self) -> bool:
        """It failed, or nobody reads it."""
        return self.state == "failed" or self.unread


class Chain(msgspec.Struct, kw_only=True):
    """One person in one ring of a step: channel after channel, until one is read."""

    person: str
    channels: tuple[str, ...]
    legs: list[Leg] = []

    @property
    def read(self) -> bool:
        """The person has seen it."""
        return any(leg.state == "read" for leg in self.legs)

    @property
    def awaited(self) -> Leg | None:
        """The message that somebody has still to read, or a group's that has still to leave the house."""
        leg = self.legs[-1] if self.legs and not self.read else None
        waits = leg is not None and not leg.hopeless and (self.person or leg.state == "queued")
        return leg if waits else None

    @property
    def exhausted(self) -> bool:
        """Nobody has read it by any of the channels."""
        used_up = len(self.legs) == len(self.channels)
        return used_up and not self.read and all(leg.hopeless for leg in self.legs)


class Stage(msgspec.Struct, kw_only=True):
    """How far one step has come."""

    begun: float | None = None
    sounded: float | None = None
    """When its outputs were last switched on anew."""
    early: bool = False
    rings: int = 0
    rung: float = 0.0
    chains: list[Chain] = []


class Begin(NamedTuple):
    """A step begins."""

    step: int
    late: float
    early: bool


class Ring(NamedTuple):
    """A message is due."""

    step: int
    ring: int
    person: str
    channel: str
    late: float
    instead: str
    """What became of the channel before it: `failed`, `unread`; empty for the first."""


Act = Begin | Ring
Roster = Callable[[Step, Collection[str]], Sequence[Target]]
"""Whom a step calls at this instant, but for those who have answered."""


class Climb(msgspec.Struct, kw_only=True):
    """How far one occurrence of an alarm has come."""

    alarm: str
    mark: str
    """Of this climb: part of the keys of all its messages."""
    severity: int
    kind: str
    subject: str
    ladder: Ladder
    stages: list[Stage]
    reached: frozenset[Until] = frozenset()
    answered: tuple[str, ...] = ()
    over: str = ""
    """Why it ended."""
    spent: bool = False
    """All that the ladder has was done, and nobody has answered."""
    hastened: bool = False
    """Somebody asked for the next step now."""

    def key(self, ring: Ring) -> str:
        """The same for the same message, however often it is handed over."""
        return f"{self.mark}/{ring.step}/{ring.ring}/{ring.person or '-'}/{ring.channel}"

    def ring(self, key: str) -> Ring | None:
        """The message of this key, as far as it is known; None for another's or one of a ring that is over."""
        if not key.startswith(f"{self.mark}/"):
            return None
        known = (Ring(number, stage.rings, chain.person, leg.channel, 0.0, "")
                 for number, stage in enumerate(self.stages) for chain in stage.chains
                 for leg in chain.legs)  # fmt: skip
        return next((ring for ring in known if self.key(ring) == key), None)

    # What people and channels say

    def hear(self, reached: Iterable[Until], answered: Iterable[str]) -> bool:
        """What people have done by now, and who they are; True when that is news."""
        before = self.reached, self.answered
        self.reached |= frozenset(reached)
        self.answered = tuple(dict.fromkeys((*self.answered, *answered)))
        if not self.over and all(map(self._satisfied, self.ladder.steps)):
            self.end("answered")
        return before != (self.reached, self.answered)

    def receive(self, ring: Ring, state: str, why: str = "") -> bool:
        """What became of a message; True when that is news. Of a ring that is over nothing is news."""
        leg = self._leg(ring)
        if leg is None or RANKS[state] <= RANKS[leg.state]:
            return False
        leg.state, leg.why = state, why
        return True

    def hasten(self, now: float, roster: Roster) -> list[Act]:
        """Somebody needs help: the next step that calls people begins now, or the last one calls again."""
        if any(step.calls and stage.begun is None for step, stage in self._open()):
            self.hastened = True
            return []
        return self.again(now, roster)

    def end(self, why: str) -> None:
        """It asks for nobody any more."""
        self.over = self.over or why

    def _leg(self, ring: Ring) -> Leg | None:
        stage = self.stages[ring.step]
        if self.over or stage.rings != ring.ring:
            return None
        legs = (leg for chain in stage.chains if chain.person == ring.person for leg in chain.legs)
        return next((leg for leg in legs if leg.channel == ring.channel), None)

    def _satisfied(self, step: Step) -> bool:
        enough = len(self.answered) >= step.answers or "closed" in self.reached
        return enough and step.until in self.reached

    # Time

    def advance(self, now: float, roster: Roster) -> list[Act]:
        """Do all that is due at this instant."""
        acts: list[Act] = []
        while not self.over and (more := [*self._legs(now, roster), *self._steps(now, roster)]):
            acts += more
        self.spent = not self.over and self.next_due() == math.inf
        return acts

    def rise(self, now: float, roster: Roster) -> list[Act]:
        """The alarm has risen once more: what is loud only for a time is so again, and people are called anew."""
        for _, stage in self._open():
            stage.sounded = now if stage.begun is not None else None
        return self.again(now, roster)

    def again(self, now: float, roster: Roster) -> list[Act]:
        """Whoever was called last is called anew."""
        behind = [number for number, (step, stage) in enumerate(zip(self.ladder.steps, self.stages, strict=True))
                  if step.calls and stage.begun is not None and not self._satisfied(step)]  # fmt: skip
        last = max((self.ladder.steps[number].after for number in behind), default=0.0)
        numbers = [] if self.over else [number for number in behind if self.ladder.steps[number].after == last]
        return [act for number in numbers for act in self._call(number, now, roster, 0.0)]

    def next_due(self) -> float:
        """When there is something to do, whatever happens until then; inf for never."""
        return math.inf if self.over else min(self._dues(), default=math.inf)

    def _dues(self) -> Iterator[float]:
        for step, stage in self._open():
            if stage.begun is None:
                yield step.after
                continue
            if self._repeats(step, stage):
                yield stage.rung + (step.repeat or 0.0)
            for chain in stage.chains:
                if (leg := chain.awaited) is not None:
                    yield leg.since + step.unread

    def _open(self) -> Iterator[tuple[Step, Stage]]:
        """Steps that still ask for somebody, or will."""
        pairs = zip(self.ladder.steps, self.stages, strict=True)
        return (pair for pair in pairs if not self._satisfied(pair[0]))

    def _repeats(self, step: Step, stage: Stage) -> bool:
        return step.calls and step.repeat is not None and (step.times is None or stage.rings < step.times)

    def _steps(self, now: float, roster: Roster) -> Iterator[Act]:
        hurried, self.hastened = self._hurried(), False
        for number, (step, stage) in enumerate(zip(self.ladder.steps, self.stages, strict=True)):
            if self._satisfied(step):
                continue
            if stage.begun is None and (now >= step.after or number in hurried):
                early = now < step.after
                stage.begun, stage.early = now, early
                yield Begin(number, 0.0 if early else _late(now - step.after), early)
                yield from self._call(number, now, roster, 0.0 if early else now - step.after)
            elif stage.begun is not None and self._repeats(step, stage) and now >= stage.rung + (step.repeat or 0.0):
                yield from self._call(number, now, roster, now - stage.rung - (step.repeat or 0.0))

    def _call(self, number: int, now: float, roster: Roster, late: float) -> Iterator[Act]:
        """Ring everybody of a step by the first channel."""
        step, stage = self.ladder.steps[number], self.stages[number]
        if not step.calls:
            return
        stage.rings, stage.rung = stage.rings + 1, now
        stage.chains = [Chain(person=each.person, channels=each.channels, legs=[])
                        for each in roster(step, self.answered)]  # fmt: skip
        for chain in stage.chains:
            yield from self._next_leg(number, chain, now, _late(late), "")

    def _legs(self, now: float, roster: Roster) -> Iterator[Act]:
        """Messages that failed, or that nobody has read in their time, move on to the next channel."""
        for number, (step, stage) in enumerate(zip(self.ladder.steps, self.stages, strict=True)):
            if self._satisfied(step):
                continue
            for chain in stage.chains:
                if chain.read or not chain.legs:
                    continue
                leg = chain.legs[-1]
                if leg.state != "failed" and now >= leg.since + step.unread:
                    leg.unread = True
                if leg.hopeless:
                    instead = "failed" if leg.state == "failed" else "unread"
                    late = _late(now - leg.since - step.unread) if leg.unread else 0.0
                    yield from self._next_leg(number, chain, now, late, instead)

    def _next_leg(self, number: int, chain: Chain, now: float, late: float, instead: str) -> Iterator[Ring]:
        if len(chain.legs) < len(chain.channels):
            channel = chain.channels[len(chain.legs)]
            chain.legs.append(Leg(channel=channel, since=now))
            yield Ring(number, self.stages[number].rings, chain.person, channel, late, instead)

    def _hurried(self) -> set[int]:
        """Steps that begin at once, because nobody of the last ones that called anybody can be reached."""
        calling = [(number, step, self.stages[number]) for number, step in enumerate(self.ladder.steps) if step.calls]
        ahead = [(number, step) for number, step, stage in calling if stage.begun is None]
        behind = [(step, stage) for _, step, stage in calling if stage.begun is not None]
        if not ahead or not behind:
            return set()
        last = max(step.after for step, _ in behind)
        if not self.hastened and not _exhausted([(step, stage) for step, stage in behind if step.after == last]):
            return set()
        first = min(step.after for _, step in ahead)
        return {number for number, step in ahead if step.after == first}

    # Outputs

    def sounding(self, now: float) -> list[tuple[Step, float | None]]:
        """Begun steps whose outputs are on, and until when; None: until somebody answers."""
        if self.over:
            return []
        found = []
        for step, stage in self._open():
            if stage.begun is None or not (step.outputs or step.sirens):
                continue
            since = stage.begun if stage.sounded is None else stage.sounded
            end = None if step.hold is None else since + step.hold
            if end is None or now < end:
                found.append((step, end))
        return found


def begin(*, alarm: str, mark: str, severity: int, kind: str, subject: str, ladder: Ladder) -> Climb:
    """At the foot of the ladder."""
    return Climb(alarm=alarm, mark=mark, severity=severity, kind=kind, subject=subject, ladder=ladder,
                 stages=[Stage(chains=[]) for _ in ladder.steps])  # fmt: skip


def _exhausted(group: Sequence[tuple[Step, Stage]]) -> bool:
    """Nobody can be reached by these steps any more. A post, read by nobody in particular, counts only alone."""
    chains = [chain for _, stage in group for chain in stage.chains]
    if any(step.ring for step, _ in group):
        return all(chain.exhausted for chain in chains if chain.person)
    posts = [leg for chain in chains for leg in chain.legs]
    return all(leg.state == "failed" or (leg.unread and leg.state == "queued") for leg in posts)


def _late(seconds: float) -> float:
    return round(seconds, 1) if seconds >= LATE else 0.0
