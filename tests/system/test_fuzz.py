"""A short run of the fuzzer over every parser; and that it would see what it is there to see."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest

from bench.fuzz import answers, finders, judge, parsers, run, wires
from bench.fuzz.__main__ import main
from bench.fuzz.cases import Case, cut, rubbish, spoiled
from bench.fuzz.listeners import frame
from drivers.modbus import codec
from gatehouse.driver import Found

SHORT = {"modbus-read": partial(answers.modbus, answers.FEW[:3]), "survey": None}
"""Loading every profile takes longer than the run may; a scan is tried in its own tests."""
FEWER = [
    replace(kind, build=SHORT.get(kind.name) or kind.build)
    for kind in parsers.KINDS
    if SHORT.get(kind.name, kind.build) is not None
]


def told(build: Callable[[], Any], inputs: int = 1500) -> list[run.Finding]:
    """What the fuzzer finds in one parser."""
    texts: list[str] = []
    runner = run.Runner([parsers.Kind("suspect", inputs, build, "")], 1, texts.append)
    report = runner.run([0], inputs)
    assert len(texts) == len(report.findings)
    return report.findings


def kinds(findings: list[run.Finding]) -> set[str]:
    return {finding.kind for finding in findings}


@pytest.mark.parametrize("kind", FEWER, ids=lambda kind: kind.name)
def test_every_parser_holds(kind: parsers.Kind) -> None:
    found: list[str] = []
    inputs = max(3, kind.share // 250)
    report = run.Runner([kind], 20, found.append).run([0], inputs)
    assert found == []
    tally = report.tallies[kind.name]
    assert tally.inputs == inputs
    assert tally.taken, "it made nothing of anything: what is behind its first lines was not tried"


# What it is there to see


def broken(wrap: Callable[[Any, bytes], Any]) -> Callable[[], Any]:
    """The RTU parser with a fault in `find`."""

    def build() -> Any:
        stream = finders.rtu()
        for subject in stream._subjects:
            find = subject.question.find
            subject.question = replace(subject.question, find=lambda received, find=find: wrap(find, received))
        return stream

    return build


def looks_too_far(find: Any, received: bytes) -> Found | None:
    return find(received) if received[0] > 250 or received[2] < 250 else None


def believes_any_checksum(find: Any, received: bytes) -> Found | None:
    """It looks at unit, function and length, and at nothing else."""
    return find(codec.sealed(received[:-2])) if len(received) > 4 else find(received)


def stands_still(find: Any, received: bytes) -> Found | None:
    found = find(received)
    return found if found is None or found.answer is not None else Found(0, why=found.why)


def keeps_everything(find: Any, received: bytes) -> Found | None:
    found = find(received)
    return found if found and found.answer is not None else None


def is_deaf(find: Any, received: bytes) -> Found | None:
    return Found(len(received), why="noise")


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (looks_too_far, "crash", "IndexError at test_fuzz.py:"),
        (believes_any_checksum, "wrong", "a wrong checksum"),
        (stands_still, "wrong", "used is 0"),
        (keeps_everything, "wrong", "it keeps"),
        (is_deaf, "wrong", "did not take a good answer"),
    ],
)
def test_a_parser_that_does_what_it_must_not_is_seen(fault: Any, kind: str, says: str) -> None:
    found = [finding for finding in told(broken(fault)) if finding.kind == kind and says in finding.text]
    assert found, f"nobody saw that it {fault.__name__}"
    assert "--only suspect --seed 1 --round 0" in found[0].told()
    assert f"--case suspect:{found[0].case}" in found[0].told()


class Bare:
    """A parser of single bytes."""

    budget = 0.05

    def __init__(self, deed: Callable[[bytes], Any]) -> None:
        self._deed = deed

    def make(self, dice: Random) -> Case:
        return Case(0, (dice.randbytes(4),))

    def take(self, case: Case) -> int:
        self._deed(case.pieces[0])
        return 1


def test_what_takes_for_ever_is_given_up_even_behind_an_except(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_HANG", 0.05)

    def hangs(data: bytes) -> None:
        while data[0] == 7:
            try:
                sum(range(1000))
            except Exception:
                raise

    assert kinds(told(lambda: Bare(hangs))) == {"hang"}


def test_what_takes_long_twice_is_seen() -> None:
    def slow(data: bytes) -> None:
        end = time.process_time() + 0.06
        while data[0] == 7 and time.process_time() < end:
            pass

    assert kinds(told(lambda: Bare(slow), 600)) == {"slow"}


def test_what_is_kept_of_each_input_is_seen_and_a_cache_is_none() -> None:
    kept: list[Any] = []
    assert kinds(told(lambda: Bare(lambda data: kept.append([data, list(data)])), 12_000)) == {"growth"}
    cache: dict[bytes, Any] = {}
    assert not told(lambda: Bare(lambda data: cache.setdefault(data[:1], [data])), 12_000)


def test_an_echo_that_passes_for_a_yes_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The part of the line that knows echoes from answers, asleep."""
    monkeypatch.setattr("daemon.field.exchange.Exchanges._answers_itself", lambda *_: False)
    found = told(wires.Wires, 400)
    assert any("did not come since it asked" in finding.text for finding in found)


def test_the_judge_believes_nobody() -> None:
    """Every bit of a good frame counts for it."""
    request, good = bytes.fromhex("010300000001840a"), bytes.fromhex("0103020007f986")
    assert judge.rtu(request, good, good[1:-2]) == ""
    for bit in range(8 * len(good)):
        other = bytearray(good)
        other[bit // 8] ^= 1 << bit % 8
        assert judge.rtu(request, bytes(other), bytes(other[1:-2])), bit


def test_the_same_number_makes_the_same_inputs_and_a_case_is_read_as_it_was_written() -> None:
    stream = finders.rtu()
    first, second = ([str(stream.make(dice)) for _ in range(50)] for dice in (Random(7), Random(7)))
    assert first == second
    assert [str(Case.parsed(text)) for text in first] == first


def test_pieces_are_the_whole_and_accidents_come_in_all_sizes() -> None:
    dice = Random(3)
    sizes = set()
    for _ in range(2000):
        data = rubbish(dice)
        assert b"".join(cut(dice, data)) == data
        sizes.add(len(data))
        spoiled(dice, data[:20], b"other")
    assert {0, 4096} <= sizes
    assert max(sizes - {4096}) <= 600


def test_one_input_again(capsys: pytest.CaptureFixture[str]) -> None:
    card = frame(bytes.fromhex("0a00bc614e"))
    assert main(["--case", f"rdm6300:{Case(0, (card[:3], card[3:]))}"]) == 0
    assert "taken: 1" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="there are modbus-rtu"):
        main(["--only", "morse"])


def test_a_run_ends_with_a_table_and_says_when_it_was_blunt(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--only", "rdm6300", "explain", "--inputs", "300", "--seed", "5"]) == 0
    assert "memory" in capsys.readouterr().out
    deaf = parsers.Kind("explain", 1200, lambda: Bare(lambda _: None), "")
    monkeypatch.setattr(Bare, "take", lambda *_: 0)
    monkeypatch.setattr("bench.fuzz.__main__.KINDS", (deaf,))
    assert main(["--only", "explain", "--inputs", "1200"]) == 1
    assert "BLUNT" in capsys.readouterr().out
