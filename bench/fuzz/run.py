"""Runs cases by the round: seeded, timed, its memory watched, each finding told once with what repeats it."""

import gc
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from types import FrameType

from bench.fuzz.cases import Case, Parser, Wrong
from bench.fuzz.parsers import Kind

ROUND = 250_000
_HANG = 5.0
"""Seconds of the processor after which an input is given up."""
_LOOKS = (0.3, 0.55, 0.8)
"""Shares of a parser's round after which memory is measured, besides its end."""
_LEAST = 4_000
"""Inputs of a round below which a parser still fills its caches; the run as a whole is measured all the same."""
_BLOCKS = 2_000
"""Blocks of Python's memory by which a parser may grow in each part of its round."""
_BYTES = 2 << 20
"""The same of the whole process."""
_BYTES_OF_RUN = 4 << 20
"""By so much the process may grow in the last three quarters of a run."""
_MOST_FINDINGS = 10
"""Of one parser that are told."""
_PAGE = 4096


class Hang(BaseException):
    """An input takes for ever."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a parser must not do, and how to see it again."""

    parser: str
    kind: str
    """`crash`, `wrong`, `hang`, `slow`, `growth` or `blunt`."""
    text: str
    seed: int
    round: int
    number: int
    """Of the input in its round."""
    case: str

    def told(self) -> str:
        """For people."""
        again = f"python -m bench.fuzz --only {self.parser} --seed {self.seed} --round {self.round}"
        lines = [f"{self.kind.upper()} in {self.parser}: {self.text}"]
        lines.append(f"  seed {self.seed}, round {self.round}, input {self.number}; with all before it: {again}")
        if self.case:
            lines.append(f"  alone: python -m bench.fuzz --case {self.parser}:{self.case}")
        return "\n".join(lines)


@dataclass(slots=True)
class Tally:
    """What came of one parser."""

    inputs: int = 0
    taken: int = 0
    """Answers, cards, values, texts: how often something was made of an input."""
    seconds: float = 0.0
    slowest: float = 0.0
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """What came of a run."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    """Bytes of the process after each round."""
    seconds: float = 0.0

    @property
    def findings(self) -> list[Finding]:
        """All."""
        return [finding for tally in self.tallies.values() for finding in tally.findings]

    @property
    def warm(self) -> int:
        """Bytes after a quarter of the rounds: caches are full, and the largest inputs were met."""
        return self.sizes[len(self.sizes) // 4]

    def add(self, other: "Report") -> None:
        """What another process found."""
        for name, its in other.tallies.items():
            mine = self.tallies.setdefault(name, Tally())
            mine.inputs, mine.taken, mine.seconds = (
                mine.inputs + its.inputs, mine.taken + its.taken, mine.seconds + its.seconds,
            )  # fmt: skip
            mine.slowest = max(mine.slowest, its.slowest)
            mine.findings += its.findings
        if not self.sizes or other.sizes[-1] - other.warm > self.sizes[-1] - self.warm:
            self.sizes = other.sizes


def resident() -> int:
    """Bytes of memory that this process takes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


class Runner:
    """One process's part of a run."""

    def __init__(self, kinds: Sequence[Kind], seed: int, tell: Callable[[str], None] = print) -> None:
        """`tell` is given findings as they come."""
        self._kinds, self._seed, self._tell = kinds, seed, tell
        self._whole = sum(kind.share for kind in kinds)
        self.report = Report(tallies={kind.name: Tally() for kind in kinds})
        self._told: set[tuple[str, str, str]] = set()
        self._round = self._number = 0
        self._parsers_dice = Random()

    def run(self, rounds: Sequence[int], inputs: int) -> Report:
        """These rounds, the last of them as long as the inputs last."""
        began, left = time.monotonic(), inputs
        before = signal.signal(signal.SIGVTALRM, _hang)
        gc.collect()
        gc.freeze()  # what was there before is not looked through again and again
        try:
            for number in rounds:
                self._round = number
                part = min(left, ROUND)
                self._one_round(part)
                left -= part
                self.report.sizes.append(resident())
        finally:
            signal.signal(signal.SIGVTALRM, before)
            gc.unfreeze()
        self.report.seconds = time.monotonic() - began
        grown = self.report.sizes[-1] - self.report.warm
        if grown > _BYTES_OF_RUN:
            self._found("all", "growth", f"the process grew by {grown >> 20} MB in the last three quarters", None)
        return self.report

    def _one_round(self, inputs: int) -> None:
        for kind in self._kinds:
            share = max(1, round(kind.share * inputs / self._whole))
            self._one_parser(kind, kind.build(), share)

    def _one_parser(self, kind: Kind, parser: Parser, inputs: int) -> None:
        tally = self.report.tallies[kind.name]
        dice = Random(f"{self._seed} {kind.name} {self._round}")
        began, sizes = time.process_time(), []
        looks = {int(share * inputs) for share in _LOOKS}
        for self._number in range(inputs):
            if self._number in looks:
                sizes.append(_size())
            tally.taken += self._one(kind.name, parser, parser.make(dice), tally)
        tally.inputs += inputs
        tally.seconds += time.process_time() - began
        if inputs >= _LEAST:
            self._compare(kind.name, [*sizes, _size()])

    def _compare(self, name: str, sizes: Sequence[tuple[int, int]]) -> None:
        """What fills a cache grows less and less; what leaks goes on."""
        for what, limit, of in (("blocks", _BLOCKS, 0), ("bytes", _BYTES, 1)):
            steps = [after[of] - before[of] for before, after in pairwise(sizes)]
            if min(steps) > limit:
                self._found(name, "growth", f"{' and then '.join(map(str, steps))} {what} more in each part", None)

    def _one(self, name: str, parser: Parser, case: Case, tally: Tally) -> int:
        """One input, judged."""
        spent, taken = self._timed(name, parser, case)
        if spent > parser.budget:
            spent, taken = self._timed(name, parser, case)
            if spent > parser.budget:
                self._found(name, "slow", f"{spent * 1000:.0f} ms of the processor, twice", case)
        tally.slowest = max(tally.slowest, spent)
        return taken

    def _timed(self, name: str, parser: Parser, case: Case) -> tuple[float, int]:
        signal.setitimer(signal.ITIMER_VIRTUAL, _HANG)
        began = time.process_time()
        taken = 0
        try:
            taken = parser.take(case)
        except Hang:
            self._found(name, "hang", f"not done within {_HANG:g} s", case)
            return 0.0, 0
        except Wrong as wrong:
            self._found(name, "wrong", str(wrong), case)
        except Exception as error:  # noqa: BLE001 - that is what it looks for
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            self._found(name, "crash", f"{type(error).__name__} at {where}: {error}", case)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return time.process_time() - began, taken

    def _found(self, name: str, kind: str, text: str, case: Case | None) -> None:
        tally = self.report.tallies.setdefault(name, Tally())
        like = (name, kind, _alike(text))
        if like in self._told or len(tally.findings) >= _MOST_FINDINGS:
            return
        self._told.add(like)
        finding = Finding(name, kind, text[:400], self._seed, self._round, self._number, str(case or ""))
        tally.findings.append(finding)
        self._tell(finding.told())


def blunt(report: Report, least: int = 1000) -> list[str]:
    """Parsers of which so many inputs never made anything: what is behind their first lines was not tried."""
    return [name for name, tally in report.tallies.items() if tally.inputs >= least and not tally.taken]


def _size() -> tuple[int, int]:
    gc.collect()
    return sys.getallocatedblocks(), resident()


def _alike(text: str) -> str:
    """A finding without its numbers and bytes: the same fault is told once."""
    return "".join(letter for letter in text[:80] if letter.isalpha() and letter not in "abcdefABCDEF")


def _hang(_signal: int, _frame: FrameType | None) -> None:
    raise Hang
