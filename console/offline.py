"""Commands that need no running daemon: they start it, check its files, or read them. Only this file imports it."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, Literal, TextIO
from zoneinfo import ZoneInfo

import msgspec
import typer

from console import documents, ladder_file
from console.show_lines import ShowLines
from daemon import log, main
from daemon.config import lastgood, overload
from daemon.config import load as config
from daemon.config.faults import Fault
from daemon.config.secrets import Secrets
from daemon.feeds.catalogue import describe
from daemon.journal import query as journal_query
from daemon.journal.journal import Filter, JournalError
from daemon.reload.source import Source, faulty, rolled_back


def check(
    site: Path,
    secrets: Path | None,
    wires: Path | None,
    language: str,
    *,
    as_json: bool,
    state: Path | None = None,
    allow_untested: bool = False,
) -> int:
    """Print every fault of a site; 0 when there is none, else 2. Warnings go to the side.

    `state`: whose tests of channels count; without it these are not looked at.
    """
    faults: Sequence[Fault] = ()
    try:
        plan = config.load(site, wires=wires, secrets=Secrets.beside(site, secrets))
    except config.ConfigError as error:
        faults = error.faults
    else:
        untested = ladder_file.untested(site, plan, secrets, state) if state is not None else []
        faults = [] if allow_untested else untested
        _warn([*plan.warnings, *(untested if allow_untested else [])], language)
    if faults:
        if as_json:
            documents.put([_document(fault) for fault in faults])
        else:
            for fault in faults:
                typer.echo(fault.text("en" if language == "en" else "zh"))
            typer.echo(f"{len(faults)} 处错误" if language == "zh" else f"{len(faults)} fault(s)")
        return 2
    counts = {
        "lines": len(plan.site.lines),
        "devices": len(plan.devices),
        "points": len(plan.points),
        "rules": len(plan.rules),
        "subscribers": len(plan.site.subscribers),
    }
    if as_json:
        typer.echo("[]")
    elif language == "zh":
        zh = dict(zip(counts, ("总线", "设备", "点位", "规则", "订阅者"), strict=True))
        typer.echo(f"{site}: 正确（" + "，".join(f"{zh[key]} {number}" for key, number in counts.items()) + "）")
    else:
        typer.echo(f"{site}: good ({', '.join(f'{number} {key}' for key, number in counts.items())})")
    return 0


def _warn(warnings: Sequence[Fault], language: str) -> None:
    for warning in warnings:
        said = f"warning: {warning.text('en')}" if language == "en" else f"提示：{warning.text('zh')}"
        typer.echo(said, err=True)


def _document(fault: Fault) -> dict[str, object]:
    keys = ("line", "column", "path", "code", "found", "right", "nearest")
    return {"file": str(fault.file)} | {key: getattr(fault, key) for key in keys}


def lines(site: Path, wires: Path | None, language: str, detail: str, *, as_json: bool) -> int:
    """Show what every line has to do and what it can promise; 0, or 2 when the site has faults."""
    try:
        plan = config.load(site, wires=wires)
    except config.ConfigError as error:
        for fault in error.faults:
            typer.echo(fault.text("en" if language == "en" else "zh"), err=True)
        return 2
    told = {name: overload.told(load) | {"title": plan.titles[f"lines.{name}"]} for name, load in plan.loads.items()}
    for name, line in told.items():
        line["devices"] = sum(device.line == name for device in plan.site.devices.values())
    show = ShowLines(language)
    if detail and detail not in told:
        typer.echo(show.said("unknown", name=detail, known=", ".join(told)), err=True)
        return 2
    if as_json:
        documents.put({detail: told[detail]} if detail else told)
    elif detail:
        show.detail(detail, told[detail])
    else:
        show.lines(told)
    return 0


def schema() -> None:
    """Print the JSON Schema of a site file."""
    documents.put(config.schema())


def run(site: Path, state: Path, wires: Path | None, secrets: Path | None, socket: Path | None) -> int:
    """Guard a site until told to stop; 0, or 2 when neither it nor a last good copy can be run."""
    log.configure()
    source = Source(site, state.absolute(), Secrets.beside(site, secrets), wires)
    fault, died = None, ""
    try:
        plan = source.load()
    except config.ConfigError as error:
        fault, last = error.faults[0], _last_good(source, error.faults)
        if last is None:
            return 2
        plan = last
    else:
        failed = source.failed(plan)
        if failed and (last := _last_good(source, ())) is not None:
            plan, died = last, failed
    try:
        held = _hold(source.state)
    except RuntimeError as error:
        typer.echo(str(error), err=True)
        return 2
    if not fault and not died and held is not None:
        _keep(source, plan)
    with held or contextlib.nullcontext(), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        amiss = [faulty(fault), rolled_back(died)]
        runner.run(main.run(plan, source.secrets, socket or source.state / "api.sock", source, amiss))
    return 0


def _last_good(source: Source, faults: Sequence[Fault]) -> config.Plan | None:
    """Say what is wrong with the site; the plan of its last good copy, None when there is none that can be run."""
    site, state, wires = source.site, source.state, source.wires
    for fault in faults:
        typer.echo(fault.text("zh"), err=True)
    try:
        kept = lastgood.find(state)
        # Without a look at secrets: one that is missing costs its subscriber, never the doors.
        plan = config.load(kept, wires=wires) if kept else None
    except (config.ConfigError, OSError) as error:
        typer.echo(f"{state}: 上次正确的副本也不能用。 Nor can its last good copy be run: {error}", err=True)
        plan = None
    if not faults:
        said = "改用上次正确的配置" if plan else "没有上次正确的副本，仍用它"
        en = "running the last good copy" if plan else "there is no last good copy, so it is run all the same"
        typer.echo(f"{site}: 更改尚未通过观察，{said}。 This change has not proved itself; {en}.", err=True)
    elif plan is None:
        typer.echo(f"{site}: 有 {len(faults)} 处错误，未启动。 Not started: mend these first.", err=True)
    else:
        typer.echo(f"{site}: 有错误，改用上次正确的配置 {kept}。 Running the last good copy instead.", err=True)
    return plan


def _hold(state: Path) -> TextIO | None:
    """Have the state folder to ourselves; None when it cannot be used now: doors are guarded all the same."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        return main.lock(state)
    except OSError as error:
        typer.echo(
            f"{error}. 照常守护，日志待磁盘恢复。 Guarding without a state folder until it can be used.", err=True
        )
        return None


def _keep(source: Source, plan: config.Plan) -> None:
    try:
        source.keep(plan)
        source.end_trial()
    except OSError as error:
        typer.echo(f"{error}. 未能留存正确的配置副本。 No copy of this good site could be kept.", err=True)


def _loop_factory() -> Any:  # noqa: ANN401 - uvloop is optional
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return None
    return uvloop.new_event_loop


def events(state: Path, query: Mapping[str, str], after: int, limit: int) -> Iterator[dict[str, Any]]:
    """Events read from the journal's file, in the words and the time of the site that ran last.

    OSError, JournalError, ValueError.
    """
    _, titles, zone = site_of(state)
    wanted = Filter.parse(query, zone)
    for event in journal_query.query(state / "journal.db", after, limit, wanted, newest=not after):
        document = msgspec.to_builtins(event)
        document["local"] = event.at.astimezone(zone).isoformat()
        document["place"] = titles.get(event.subject, event.subject)
        document["text"] = {language: describe(event, titles, 3, language) for language in ("zh", "en")}
        yield document


def put_events(
    state: Path, query: Mapping[str, str], after: int, limit: int, put: Callable[[dict[str, Any]], None]
) -> int:
    """Show events of the journal's file; 0, or 2 when it cannot be read or the filter makes no sense."""
    try:
        for event in events(state, query, after, limit):
            put(event)
    except (OSError, ValueError, JournalError) as error:
        typer.echo(f"{error}", err=True)
        return 2
    return 0


def site_of(state: Path) -> tuple[str, Mapping[str, str], tzinfo | None]:
    """Id, titles and time zone of the last good site; none, and this machine's, where no copy was kept."""
    try:
        kept = lastgood.find(state)
        plan = config.load(kept) if kept else None
    except (config.ConfigError, OSError):
        plan = None
    return (plan.site.site.id, plan.titles, ZoneInfo(plan.site.site.timezone)) if plan else ("", {}, None)


def simulate(site: Path, folder: Path, *, pace: bool, control_port: int) -> int:
    """Stand up every device of a site until Ctrl-C."""
    try:
        from simulators import estate  # noqa: PLC0415 - an extra that a guarded site does not need
        from simulators.site import SiteError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        typer.echo(
            f"模拟器需要 pip install 'gatehouse[simulators]'（缺 {error.name}）。 That extra is missing.", err=True
        )
        return 2

    def ready(address: str) -> None:
        wires = folder / "wires.yaml"
        typer.echo(
            f"模拟设备已就绪，各线路端口见 {wires}，控制接口 {address}；按 Ctrl-C 结束。\n"
            f"The simulated devices stand; the ends of their lines are in {wires}; Ctrl-C ends it.\n"
            f"下一步 next: gatehouse run {site} --wires {wires}"
        )

    async def stand() -> None:
        me = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, lambda: me.cancel() if me else None)
        with contextlib.suppress(asyncio.CancelledError):  # ports and links are gone by then
            await estate.run(site, folder, pace=pace, control_port=control_port, ready=ready)

    try:
        asyncio.run(stand())
    except (SiteError, OSError) as error:
        typer.echo(str(error), err=True)
        return 2
    return 0


def demo(site: Path | None, scenario: str | None, language: str, folder: Path | None, *, forever: bool) -> int:
    """Let the simulated estate tell its story; 0 when all of it was true."""
    try:
        from simulators import demo as story  # noqa: PLC0415 - an extra that a guarded site does not need
    except ModuleNotFoundError as error:
        typer.echo(f"演示需要 pip install 'gatehouse[demo]'（缺 {error.name}）。 That extra is missing.", err=True)
        return 2
    words: Literal["zh", "en", "both"] = "zh" if language == "zh" else "en" if language == "en" else "both"
    with asyncio.Runner() as runner:
        return runner.run(story.run(site, scenario=scenario, forever=forever, language=words, folder=folder))
