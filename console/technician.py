"""`gatehouse scan`, `probe` and `trace`: over the daemon where one is at work, else on the line itself."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.documents import put_line
from console.options import STATE, JsonLinesOpt, LangOpt, Language, SocketOpt, StateOpt, WiresOpt, client

if TYPE_CHECKING:
    from console.client import Client

LineArg = Annotated[str, typer.Argument(help="站点文件里总线的名字，如 power。 Name of the line in the site file.")]
DeviceArg = Annotated[str, typer.Argument(help="站点文件里设备的名字，如 b12。 Name of the device in the site file.")]
MaybeSiteArg = Annotated[
    Path | None,
    typer.Argument(help="站点文件；守护进程未运行时必填。 The site file; needed where no daemon runs."),
]


def scan(  # noqa: PLR0917 - typer calls it by name
    line: LineArg,
    site: MaybeSiteArg = None,
    units: Annotated[str, typer.Option(help="地址，如 1-32,100。 Addresses to ask.")] = "1-247",
    bauds: Annotated[str, typer.Option(help="波特率，如 9600,19200。 Bauds to try.")] = "",
    formats: Annotated[str, typer.Option(help="格式，如 8N1,8E1。 Formats to try.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="找到后仍试其他设置。 Go on after a find.")] = False,
    ascii_: Annotated[bool, typer.Option("--ascii", help="用 Modbus ASCII 询问。 Ask in Modbus ASCII.")] = False,
    no_meters: Annotated[bool, typer.Option("--no-meters", help="不找电表水表。 Do not look for meters.")] = False,
    patience: Annotated[int, typer.Option(help="每个地址等几毫秒，0 为默认。 Milliseconds to wait; 0: usual.")] = 0,
    wires: WiresOpt = None,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    lang: LangOpt = Language.ZH,
    json_: JsonLinesOpt = False,
) -> None:
    """扫描总线：找设备、猜档案、给出 YAML。 Find units on a line, propose their YAML; reads only.

    有守护进程时经由它，只用总线自身的设置；没有时直接打开端口，试各种波特率与格式。
    """
    from console.show_scan import ShowScan

    daemon = _daemon(client(state, socket), "lines", line, needed=site is None)
    if daemon is not None:
        _only_alone(line, {"--bauds": bauds, "--formats": formats, "--all": everything, "--patience": patience})
        query = {"units": units, "ascii": ascii_, "no_meters": no_meters}
        events = _until_end(daemon, f"/v1/lines/{line}/scan", **query)
    else:
        from console import direct

        wish = direct.Wish(
            units=units,
            bauds=bauds,
            formats=formats,
            everything=everything,
            ascii=ascii_,
            meters=not no_meters,
            patience=patience / 1000 or None,
        )
        events = direct.scan(_given(site), wires, line, wish)
    raise typer.Exit(_printed(events) if json_ else ShowScan(line, lang.value).run(events))


def probe(  # noqa: PLR0917 - typer calls it by name
    device: DeviceArg,
    site: MaybeSiteArg = None,
    wires: WiresOpt = None,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    lang: LangOpt = Language.ZH,
    json_: JsonLinesOpt = False,
) -> None:
    """读遍一台设备：值与原始寄存器并列。 Read all of a device, values beside registers.

    有守护进程时经由它，没有时直接打开端口；只读不写。
    """
    from console.show_probe import ShowProbe

    daemon = _daemon(client(state, socket), "devices", device, needed=site is None)
    if daemon is not None:
        events = _until_end(daemon, f"/v1/devices/{device}/probe")
    else:
        from console import direct

        events = direct.probe_device(_given(site), wires, device)
    raise typer.Exit(_printed(events) if json_ else ShowProbe(device, lang.value).run(events))


def trace(  # noqa: PLR0917 - typer calls it by name
    line: Annotated[str, typer.Argument(help="总线名。 The line; with --saved, a file.")] = "",
    last: Annotated[bool, typer.Option("--last", help="只看最近 60 秒。 The last 60 s, then end.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="只显示十六进制。 Bytes only.")] = False,
    saved: Annotated[bool, typer.Option("--saved", help="看故障时保存的。 Traces saved at faults.")] = False,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    lang: LangOpt = Language.ZH,
    json_: JsonLinesOpt = False,
) -> None:
    """跟踪总线：每一帧的时间、方向、含义。 Follow the frames of a line, explained, live."""
    from console.show_trace import ShowTrace

    show = ShowTrace(lang.value, raw=raw)
    if saved:
        raise typer.Exit(_saved(state, line, show, as_json=json_))
    if not line:
        raise typer.BadParameter("请写总线的名字，如 gatehouse trace gate。 Name a line.")
    entries = _until_end(client(state, socket), f"/v1/lines/{line}/trace", follow=not last)
    raise typer.Exit(_printed(entries) if json_ else show.run(entries))


def _saved(state: Path, name: str, show: Any, *, as_json: bool) -> int:  # noqa: ANN401 - loaded when it is needed
    from console import direct

    if name:
        entries = direct.read_saved(state, name)
        return _printed(entries) if as_json else int(show.run(entries))
    heads = direct.saved(state)
    if as_json:
        return _printed(heads)
    show.saved(heads, direct.traces(state))
    return 0


def _only_alone(line: str, wishes: dict[str, object]) -> None:
    """RefusedError when something is wished that the daemon, with the line in its hands, cannot grant."""
    from console.client import RefusedError

    if asked := ", ".join(name for name, wish in wishes.items() if wish):
        raise RefusedError(
            f"守护进程正在使用总线 {line}，只能用总线自身的设置扫描：去掉 {asked}，或先停守护进程再写上站点文件。 "
            f"The daemon works this line at its own setting: leave out {asked}, or stop it and name the site file."
        )


def _daemon(its: "Client", section: str, name: str, *, needed: bool) -> "Client | None":
    """The daemon, when it runs and works this line or device; None where the site file was given and it does not."""
    from console.client import RefusedError, UnreachableError

    try:
        lines = its.get("/v1/status", only="lines")["lines"]
    except (UnreachableError, RefusedError) as error:
        if needed:
            raise type(error)(
                f"{error}\n或写上站点文件，直接在总线上做：gatehouse … {name} site.yaml。 "
                "Or name the site file, to work on the line itself."
            ) from error
        return None
    known = lines if section == "lines" else {device for line in lines.values() for device in line["devices"]}
    return its if needed or name in known else None


def _given(site: Path | None) -> Path:
    if site is None:
        raise typer.BadParameter("请写站点文件。 Name the site file.")
    return site


def _until_end(its: "Client", path: str, **query: object) -> Iterator[dict[str, Any]]:
    """Documents of a stream, up to the one that says that it is the last."""
    for line in its.follow(path, **query):
        document = json.loads(line)
        if document.get("kind") == "end":
            return
        yield document
        if document.get("event") == "end":
            return


def _printed(documents: Iterable[dict[str, Any]]) -> int:
    """As JSON, a line each; 0 when there were any, else 1."""
    count = 0
    try:
        for document in documents:
            put_line(document)
            count += 1
    except KeyboardInterrupt:
        return 0
    return 0 if count else 1
