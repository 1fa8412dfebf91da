"""Runs the conformance kit and shows its result; a profile is tried against a unit that pymodbus makes of its YAML."""

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from console import documents
from daemon.clock import SystemClock
from daemon.plugins.kit import subject as subjects
from daemon.plugins.kit.golden import Frame
from daemon.plugins.kit.run import run as run_all
from daemon.plugins.kit.trial import Trial, short
from daemon.plugins.kit.verdict import Finding, Result, Skip, finding
from daemon.plugins.kit.words import SCREEN, VERDICTS
from gatehouse.driver import DriverError, Sample, Scan
from gatehouse.points import Quality

if TYPE_CHECKING:
    from simulators.profile_units import Unit

_SEED = "gatehouse driver test"
_ROUNDS, _MOST = 4, 400
"""Rounds without anything learnt, and exchanges at most."""
_WIDE = 9
_COLOURS = {"pass": "green", "fail": "bold red", "skip": "dim"}


def run(
    what: str, golden: Path | None, settings: Sequence[str], language: str, out: Path | None, *, as_json: bool
) -> int:
    """0 when nothing failed, 1 when something did, 2 when there is nothing to test."""
    try:
        subject = subjects.find(what, golden, _settings(settings))
    except (subjects.SubjectError, ValueError) as error:
        typer.echo(str(error), err=True)
        return 2
    unit = _unit(what, subject) if subject.kind == "profile" else None
    frames = list(_frames(subject, unit)) if unit is not None else []
    more = [("server", _server(unit))] if subject.kind == "profile" else []
    result = run_all(subject, SystemClock().utc(), frames, more)
    try:
        if out is not None:
            out.write_text(documents.text(result.document()) + "\n", encoding="utf-8")
    except OSError as error:
        typer.echo(f"{out}：写不进去：{error.strerror}。 Cannot be written: {error.strerror}.", err=True)
        return 2
    if as_json:
        documents.put(result.document())
    else:
        show(result, language)
    return 0 if result.good else 1


def _settings(written: Sequence[str]) -> dict[str, Any]:
    """`address=7` as YAML would read it."""
    found = {}
    for one in written:
        key, equals, text = one.partition("=")
        if not equals or not key:
            raise ValueError(f"--set {one}：请写 名称=值，如 address=7。 Write NAME=VALUE, such as address=7.")
        try:
            found[key] = YAML(typ="safe", pure=True).load(text)
        except YAMLError as error:
            raise ValueError(f"--set {one}: {error}") from error
    return found


def show(result: Result, language: str) -> None:
    """For people: each check with its verdict and figures; under it what was found, and what to do."""
    screen, en = Console(soft_wrap=True, highlight=False), language == "en"

    def word(key: object) -> str:
        return SCREEN.get(str(key), (str(key), str(key)))[en]

    screen.print(Text(f"{result.name}  sha256 {result.digest[:16]}", "bold"))
    if result.rights:
        screen.print(f"{word('rights')}: {', '.join(result.rights)}")
    widest = max(cell_len(check.title(language)) for check in result.checks)
    for check in result.checks:
        verdict, title = VERDICTS[check.verdict][en], check.title(language)
        figures = ", ".join(f"{word(key)} {word(value)}" for key, value in check.figures.items())
        padded = title + " " * (widest - cell_len(title))
        line = Text(verdict + " " * (_WIDE - cell_len(verdict)), _COLOURS[check.verdict])
        screen.print(line.append(f"{padded}  {figures}".rstrip(), "default"))
        for one in check.findings:
            mark = VERDICTS["remark"][en] + ": " if one.remark and check.verdict != "skip" else ""
            screen.print(Text(" " * _WIDE + mark + one.text(language), "dim" if one.remark else "red"))
    failed = [check.title(language) for check in result.checks if check.verdict == "fail"]
    verdict = VERDICTS["fail" if failed else "pass"][en]
    screen.print(Text(verdict + (": " + ", ".join(failed) if failed else ""), "bold red" if failed else "bold green"))


def _unit(what: str, subject: subjects.Subject) -> "Unit | None":
    """A unit that another hand makes of the profile's YAML; None without pymodbus, or where the profile is faulty."""
    if subject.profile is None:
        return None
    try:
        from simulators import profile_units  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        return None
    unit = profile_units.Unit(profile_units.load(subject.file or Path(what)))
    unit.fill(random.Random(_SEED))  # noqa: S311 - the same values for everybody
    return unit


def _frames(subject: subjects.Subject, unit: "Unit") -> Iterator[Frame]:
    """What it answers to the first questions, for trying the wire with; none while something is to be settled."""
    if subject.profile.settle:
        return
    framing = "ascii" if subject.profile.framing == "ascii" else "rtu"
    device = subject.make(wire="serial")
    for scan in device.scans():
        question = device.ask(scan)
        answer = unit.answer(framing, question.request)
        with suppress(DriverError):
            found = question.find(answer)
            if found is not None and found.answer is not None and device.read(scan, found.answer):
                yield Frame(scan=scan.name, request=question.request.hex(), answer=answer.hex())


def _server(unit: "Unit | None") -> Any:  # noqa: ANN401 - a check of the kit
    def against(trial: Trial) -> Iterator[Finding]:
        """Every channel is read as another hand has put it into the registers, on every wire it may stand on."""
        if unit is None:
            raise Skip("no_server")
        read = 0
        for framing in ["ascii"] if trial.subject.profile.framing == "ascii" else ["rtu", "tcp"]:
            also = tuple(name for name, spec in trial.subject.profile.points.items() if spec.optional)
            device = trial.subject.make(wire="tcp" if framing == "tcp" else "serial", also=list(also))
            samples: dict[str, Sample] = {}
            yield from _poll(device, unit, framing, samples)
            wanted = unit.expected({point.name for point in device.points()})
            for channel, value in wanted.items():
                read += 1
                if not _same(samples.get(channel), value):
                    found = samples[channel].value if channel in samples else "-"
                    yield finding("server_value", channel=channel, wanted=value, found=found)
        trial.figures["read"] = read

    return against


def _poll(device: Any, unit: "Unit", framing: str, samples: dict[str, Sample]) -> Iterator[Finding]:  # noqa: ANN401
    """What a line makes of it, round by round, until nothing is learnt any more."""
    calm = asked = 0
    while calm < _ROUNDS and asked < _MOST:
        calm += 1
        for scan in device.scans():
            asked += 1
            question = device.ask(scan)
            answer = unit.answer(framing, question.request)
            found = question.find(answer)
            if found is None or found.answer is None:
                yield finding("server_silent", scan=scan.name, sent=short(question.request))
                return
            if _learnt(device, scan, found.answer, samples):
                calm = 0
                break


def _learnt(device: Any, scan: Scan, answer: bytes, samples: dict[str, Sample]) -> bool:  # noqa: ANN401
    try:
        samples.update(device.read(scan, answer))
    except DriverError as error:
        samples.update(dict.fromkeys(scan.points, Sample(None, Quality.BAD, str(error))))
        return bool(device.learn(scan, answer))
    return not scan.points and bool(device.learn(scan, answer))


def _same(sample: Sample | None, wanted: object) -> bool:
    if sample is None:
        return False
    if isinstance(wanted, bool | str):
        return sample.value == wanted and type(sample.value) is type(wanted)
    if isinstance(wanted, int | float):
        value = sample.value
        return isinstance(value, int | float) and abs(value - wanted) <= 1e-6 * max(1.0, abs(wanted))
    return sample.quality is Quality.BAD
