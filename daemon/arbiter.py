"""The priority array of every output: the strongest demand wins, a veto forbids, and nobody deletes another's."""

import heapq
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gatehouse.demands import Demand, Output, Passage, Priority
from gatehouse.points import Value

_LIFE = (Priority.LIFE_SAFETY_BY_HAND, Priority.LIFE_SAFETY)
_MAY_BREAK_INTERLOCK = (*_LIFE, Priority.WAY_OUT)


@dataclass(frozen=True, slots=True)
class Decision:
    """What an output is told, and who won."""

    output: str
    value: Value | None
    """None: hold it as it is, because all that anyone wants is vetoed or the inputs are not yet known."""
    demand: Demand | None
    """The winner; None at rest or when held."""
    why: str = field(default="", compare=False)
    """Why it is held."""


class Arbiter:
    """Collects demands by issuer and decides from all of them, anew for each output of which something has changed."""

    def __init__(self, outputs: Iterable[Output], exclusive: Iterable[Collection[str]] = ()) -> None:
        """Know these outputs; of each `exclusive` group only one door may be open at a time (an interlock)."""
        self.outputs: dict[str, Output] = {}
        self.decisions: dict[str, Decision] = {}
        self._demands: dict[str, dict[str, tuple[Demand, ...]]] = {}
        self._unlearned: dict[str, set[str]] = {}
        self._ends: list[tuple[float, str]] = []
        self.change(outputs, exclusive)

    def change(self, outputs: Iterable[Output], exclusive: Iterable[Collection[str]]) -> None:
        """Know these outputs and groups from now on; of those that stay, all that is wanted of them stays as well."""
        self.outputs = {output.name: output for output in outputs}
        fresh = {name: Decision(name, None, None, "not learned yet") for name in self.outputs}
        self.decisions = {name: self.decisions.get(name, decision) for name, decision in fresh.items()}
        self._demands = {name: self._demands.get(name, {}) for name in self.outputs}
        self._unlearned = {name: missing for name, missing in self._unlearned.items() if name in self.outputs}
        self._siblings = _siblings(exclusive)
        self._rank = {name: rank for rank, name in enumerate(self.outputs)}
        self._told = {name: decision.value for name, decision in self.decisions.items()}
        self._places: dict[str, set[str]] = defaultdict(set)
        for name, by_issuer in self._demands.items():
            for issuer in by_issuer:
                self._places[issuer].add(name)
        self._stirred = set(self.outputs)
        """Outputs that are to be decided anew."""

    @property
    def told(self) -> Mapping[str, Value | None]:
        """What each output is being told now."""
        return self._told

    def await_inputs(self, output: str, points: Iterable[str]) -> None:
        """Give the output no order to rest before each of these points has been read once."""
        self._unlearned.setdefault(output, set()).update(points)
        self._stirred.add(output)

    def learn(self, points: Collection[str]) -> None:
        """These points have now been read."""
        for output, missing in self._unlearned.items():
            if not missing.isdisjoint(points):
                missing.difference_update(points)
                self._stirred.add(output)

    def unlearned(self) -> dict[str, set[str]]:
        """Outputs that still wait, with the points they wait for."""
        return {output: missing for output, missing in self._unlearned.items() if missing}

    def place(self, issuer: str, demands: Sequence[Demand]) -> None:
        """Let these be all that the issuer wants from now on.

        ValueError (and nothing changed) when a demand names no output, or when life safety asks for anything but
        the output's safe value: levels 1 and 2 can only ever free.
        """
        for demand in demands:
            self._check(demand)
        wanted: dict[str, list[Demand]] = defaultdict(list)
        for demand in demands:
            wanted[demand.output].append(demand)
        for name in self._places.pop(issuer, set()) - wanted.keys():
            del self._demands[name][issuer]
            self._stirred.add(name)
        for name, its in wanted.items():
            self._places[issuer].add(name)
            self._put(name, issuer, tuple(its))

    def _put(self, output: str, issuer: str, demands: tuple[Demand, ...]) -> None:
        if self._demands[output].get(issuer) == demands:
            return
        self._demands[output][issuer] = demands
        self._stirred.add(output)
        for demand in demands:
            if demand.until is not None:
                heapq.heappush(self._ends, (demand.until, output))

    def placed(self, issuer: str) -> list[Demand]:
        """All that the issuer wants, as it was placed."""
        names = sorted(self._places.get(issuer, ()), key=self._rank.__getitem__)
        return [demand for name in names for demand in self._demands[name][issuer]]

    def _check(self, demand: Demand) -> None:
        output = self.outputs.get(demand.output)
        if output is None:
            raise ValueError(f"{demand.issuer} wants {demand.output}, which is no output of this site")
        if demand.until is not None and math.isnan(demand.until):
            raise ValueError(f"{demand.issuer} wants {demand.output} until no instant at all (NaN)")
        if demand.priority in _LIFE and (demand.veto or output.safe not in (None, demand.value)):
            raise ValueError(f"{demand.issuer} wants {demand.output} {demand.value!r}: life safety may only free it")

    def demands(self, output: str) -> list[Demand]:
        """Everything wanted of one output, strongest first; a veto before a demand, the safe value before others."""
        safe = self.outputs[output].safe
        flat = (demand for demands in self._demands[output].values() for demand in demands)
        return sorted(flat, key=lambda demand: (demand.priority, not demand.veto, demand.value != safe))

    def next_expiry(self) -> float:
        """Monotonic second at which the next demand falls void; inf when none will."""
        while self._ends and not self._ending(*self._ends[0]):
            heapq.heappop(self._ends)
        return self._ends[0][0] if self._ends else math.inf

    def _ending(self, until: float, output: str) -> bool:
        """A demand still stands that ends then."""
        by_issuer = self._demands.get(output, {})
        return any(demand.until == until for demands in by_issuer.values() for demand in demands)

    def resolve(self, now: float) -> list[Decision]:
        """Decide what may have changed; return decisions that did, orders to close before orders to open."""
        while self.next_expiry() <= now:
            self._expire(heapq.heappop(self._ends)[1], now)
        changed: dict[str, Decision] = {}
        looked = self._stirred.union(*(self._siblings[name] for name in self._stirred))
        self._stirred = set()
        while looked:  # a door that closes may let its interlocked neighbour open: look again
            moved = self._settle(looked)
            changed.update(moved)
            looked = set().union(*(self._siblings[name] for name in moved))
        return list(changed.values())

    def _expire(self, output: str, now: float) -> None:
        by_issuer = self._demands[output]
        for issuer, demands in list(by_issuer.items()):
            live = tuple(demand for demand in demands if demand.until is None or now < demand.until)
            if live:
                by_issuer[issuer] = live
            else:
                del by_issuer[issuer]
                self._places[issuer].discard(output)
        self._stirred.add(output)

    def _settle(self, looked: Iterable[str]) -> dict[str, Decision]:
        moved = {}
        for name in sorted(looked, key=lambda name: (self._is_opening(name), self._rank[name])):
            decision, old = self._decide(self.outputs[name]), self.decisions[name]
            self.decisions[name] = decision
            if decision != old:
                moved[name] = decision
                self._told[name] = decision.value
        return moved

    def _is_opening(self, name: str) -> int:
        """Order of deciding: what closes first, so that an interlock's next door can open; then the strongest."""
        decision = self._decide(self.outputs[name])
        if decision.value is not Passage.OPEN:
            return 0
        return decision.demand.priority if decision.demand else Priority.REST

    def _decide(self, output: Output) -> Decision:
        vetoed: dict[Value, Demand] = {}
        for demand in self.demands(output.name):
            if demand.veto:
                vetoed.setdefault(demand.value, demand)
            elif demand.value not in vetoed and not self._interlocked(demand):
                return self._unless_unlearned(output, Decision(output.name, demand.value, demand))
        if output.rest in vetoed:
            veto = vetoed[output.rest]
            return Decision(output.name, None, None, f"{veto.issuer}: {veto.reason}")
        return self._unless_unlearned(output, Decision(output.name, output.rest, None))

    def _interlocked(self, demand: Demand) -> bool:
        if demand.value != Passage.OPEN or demand.priority in _MAY_BREAK_INTERLOCK:
            return False
        return any(self.decisions[sibling].value == Passage.OPEN for sibling in self._siblings[demand.output])

    def _unless_unlearned(self, output: Output, decision: Decision) -> Decision:
        missing = self._unlearned.get(output.name)
        if not missing or decision.value != output.rest:
            return decision
        return Decision(output.name, None, None, f"waits for {', '.join(sorted(missing))}")


def _siblings(exclusive: Iterable[Collection[str]]) -> Mapping[str, set[str]]:
    """Of each output those that may not be open while it is."""
    siblings: dict[str, set[str]] = defaultdict(set)
    for group in exclusive:
        for name in group:
            siblings[name] |= set(group) - {name}
    return siblings
