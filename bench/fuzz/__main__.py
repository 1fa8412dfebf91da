"""Ten million inputs for every parser of bytes that others send: nothing raises but what may, nothing hangs or grows.

    python -m bench.fuzz [--inputs 10000000] [--seed 1] [--only modbus-rtu …] [--jobs 1] [--from 0]
    python -m bench.fuzz --only modbus-rtu --seed 1 --round 7        one round again
    python -m bench.fuzz --case modbus-rtu:0/0103.02…                one input again

Inputs are good frames, good frames after accidents (bits, holes, splices, echoes, two at once), sound frames that are
no answer (unit, function, length, checksum made right), and rubbish of up to 4096 bytes, in pieces cut anywhere. What
is taken for an answer is judged by other people's code (`bench/fuzz/judge.py`). Memory is measured in each round after
three tenths of it, and over the run; an input that takes more than its budget of the processor twice is a finding.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor

from bench.fuzz.cases import Case, Wrong
from bench.fuzz.parsers import KINDS, Kind
from bench.fuzz.run import ROUND, Report, Runner, blunt


def chosen(names: list[str]) -> list[Kind]:
    """The parsers of these names, or all. SystemExit for a name that there is not."""
    known = {kind.name: kind for kind in KINDS}
    if strange := [name for name in names if name not in known]:
        raise SystemExit(f"no parser {', '.join(strange)}; there are {', '.join(known)}")
    return [known[name] for name in names] if names else list(KINDS)


def again(text: str) -> int:
    """One input, with a new parser: what it raises is shown as it is."""
    name, _, case = text.partition(":")
    (kind,) = chosen([name])
    try:
        print(f"taken: {kind.build().take(Case.parsed(case))}")
    except Wrong as wrong:
        print(f"WRONG: {wrong}")
        return 1
    return 0


def part(names: list[str], seed: int, rounds: list[int], inputs: int) -> Report:
    """What one process does."""
    runner = Runner(chosen(names), seed, tell=lambda text: print(text, flush=True))
    return runner.run(rounds, inputs)


def shared(names: list[str], seed: int, rounds: list[int], inputs: int, jobs: int) -> Report:
    """The rounds, dealt out."""
    if jobs == 1:
        return part(names, seed, rounds, inputs)
    hands = [rounds[job::jobs] for job in range(jobs) if rounds[job::jobs]]
    report = Report()
    with ProcessPoolExecutor(jobs) as pool:
        ends = [pool.submit(part, names, seed, hand, min(inputs, ROUND * len(hand))) for hand in hands]
        for end in ends:
            its = end.result()
            report.add(its)
            report.seconds = max(report.seconds, its.seconds)
    return report


def shown(report: Report) -> None:
    """The table."""
    print(f"\n{'parser':16}{'inputs':>12}{'taken':>12}{'us each':>9}{'slowest ms':>12}{'findings':>10}")
    for name, tally in report.tallies.items():
        each = 1e6 * tally.seconds / max(1, tally.inputs)
        print(
            f"{name:16}{tally.inputs:12,}{tally.taken:12,}{each:9.0f}{1000 * tally.slowest:12.1f}"
            f"{len(tally.findings):10}"
        )
    whole = sum(tally.inputs for tally in report.tallies.values())
    seconds = sum(tally.seconds for tally in report.tallies.values())
    print(f"{'all':16}{whole:12,}{'':12}{1e6 * seconds / max(1, whole):9.0f}{'':12}{len(report.findings):10}")
    last = len(report.sizes) - 1
    sizes = ", ".join(f"{report.sizes[at] / 1e6:.1f}" for at in sorted({0, last // 4, last // 2, 3 * last // 4, last}))
    print(f"{report.seconds:.0f} s, {seconds:.0f} s of the processor; memory in MB, first round to last: {sizes}")


def main(arguments: list[str]) -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz")
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=[], metavar="PARSER")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="ROUND")
    parser.add_argument("--round", type=int, default=None)
    parser.add_argument("--case", default="")
    wish = parser.parse_args(arguments)
    if wish.case:
        return again(wish.case)
    kinds = chosen(wish.only)
    if wish.round is not None:  # as long as it was in a whole run
        rounds, inputs = [wish.round], sum(kind.share for kind in kinds)
    else:
        rounds = list(range(wish.first, wish.first + -(-wish.inputs // ROUND)))
        inputs = wish.inputs
    report = shared(wish.only, wish.seed, rounds, inputs, wish.jobs)
    shown(report)
    dull = blunt(report)
    for name in dull:
        print(f"BLUNT: nothing was ever made of an input of {name}")
    return int(bool(report.findings or dull))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
