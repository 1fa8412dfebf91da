"""What `gatehouse journal` does with a journal's file: check it and hold it against heads; no daemon is needed."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from console.words_journal import WORDS, both, said
from daemon.journal.chain import Verdict
from daemon.journal.file import JournalError
from daemon.journal.prove import Head, Proof, one_head, prove, read_heads

Tick = Callable[[int, int], None]


def verify(file: Path, head: str, language: str = "both") -> int:
    """Check the chain of a journal; 0 when it is whole, 1 when it is not, 2 when there is nothing to check."""
    return _prove(file, [head] if head else [], None, language, asked=True)


def held_against(file: Path, heads: Sequence[str], kept: Path | None, language: str) -> int:
    """Check a journal against heads; 0 when all that can be proved is, 1 when it was changed, 2 on bad words."""
    if not heads and kept is None:
        typer.echo(both("needs_head"), err=True)
        return 2
    return _prove(file, heads, kept, language, asked=False)


def _prove(file: Path, words: Sequence[str], kept: Path | None, language: str, *, asked: bool) -> int:
    try:
        heads = [one_head(word) for word in words] + (list(read_heads(kept)) if kept else [])
        with ticking(said("working", _one(language))) as tick:
            verdict, proofs = prove(file, heads, tick)
    except (OSError, ValueError, JournalError) as error:
        typer.echo(str(error), err=True)
        return 2
    _tell(verdict, language)
    for proof in proofs:
        _echo(language, *_sentence(proof, verdict, language))
    found = Counter(proof.said for proof in proofs)
    bad = found["changed"] + found["unknown"]
    if len(proofs) > 1:
        cut = found["cut"] + found["gone"]
        _echo(language, "sum", {"proved": found["proved"], "cut": cut, "bad": bad})
    well = verdict.clean and not bad and (asked or found["proved"] > 0)
    return 0 if well else 1


def _tell(verdict: Verdict, language: str) -> None:
    for finding in verdict.findings:
        typer.echo(str(finding))
    if not verdict.clean:
        _echo(language, "faults", {"faults": verdict.faults, "lines": verdict.checked})
        return
    _echo(language, "whole", {"lines": verdict.checked})
    if verdict.gone:
        _echo(language, "gone", {"lines": verdict.gone, "last": verdict.gone})
    if verdict.cut:
        _echo(language, "cut", {"lines": verdict.cut})
        for (rule, name), lines in sorted(verdict.rules.items()):
            words = {"rule": said(_known(rule), _one(language)), "name": said(_known(name), _one(language))}
            _echo(language, "rule", {**words, "lines": lines})
    typer.echo(f"{verdict.last}:{verdict.head_hash}")


def _sentence(proof: Proof, verdict: Verdict, language: str) -> tuple[str, dict[str, object]]:
    head = f"{proof.head.number}:{proof.head.hash[:12]}…"
    values: dict[str, object] = {"head": f"{proof.head.source}  {head}" if proof.head.source else head}
    match proof.said:
        case "cut":
            rule = said(_known(proof.rule), _one(language))
            return "head_cut", {**values, "rule": rule, "at": proof.at[:19] or "?", "line": proof.line}
        case "gone":
            return "head_gone", {**values, "first": verdict.first}
        case "changed" if proof.line:
            return "changed_at", {**values, "line": proof.line}
        case "changed":
            return "changed_after", {**values, "after": proof.after}
        case "unknown":
            return "unknown", {**values, "last": verdict.last}
        case _:
            return "proved", values


def _echo(language: str, key: str, values: dict[str, object]) -> None:
    typer.echo(both(key, **values) if language == "both" else said(key, language, **values))


def _known(word: str) -> str:
    return word if word in WORDS else ""


def _one(language: str) -> str:
    return "en" if language == "en" else "zh"


@contextmanager
def ticking(what: str) -> Iterator[Tick | None]:
    """A bar on the terminal, where there is one, moved by calls with (done, of)."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


__all__ = ["Head", "held_against", "ticking", "verify"]
