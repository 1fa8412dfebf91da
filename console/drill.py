"""`gatehouse drill` and `gatehouse walktest`: begin, end, look, report."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from console.documents import told
from console.options import (
    STATE,
    JsonOpt,
    LangOpt,
    Language,
    SocketOpt,
    StateOpt,
    client,
)

app = typer.Typer(
    help="演练：门和声光真的动作，真的呼叫人员。\n\n"
    "Drill: what the site chose moves, people are called, 演练 first; police hears `drill`; a real P1 ends it.",
    no_args_is_help=True,
)
walk_app = typer.Typer(
    help="逐点测试：逐个触发探测点，不响、不放行、不呼叫。\n\n"
    "Walk test: trip each head, it is ticked off; no siren, no release, no calls. A real fire there is no alarm then!",
    no_args_is_help=True,
)
ZoneArg = Annotated[str, typer.Argument(help="防区，如 b12。 A zone.")]
ByOpt = Annotated[str, typer.Option("--by", help="您的姓名。 Your name.")]
ReasonOpt = Annotated[str, typer.Option("--reason", help="原因。 Why.")]
MinutesOpt = Annotated[float, typer.Option(help="最多多少分钟，1 至 240。 At most so many minutes, 1 to 240.")]
IdArg = Annotated[str, typer.Argument(help="编号或防区，默认最近一次。 Its id, or a zone; else the latest.")]
XlsxOpt = Annotated[Path | None, typer.Option("--xlsx", help="写成表格文件。 Write a spreadsheet.")]


@app.command("start")
def start_drill(  # noqa: PLR0917 - typer calls it by name
    zone: ZoneArg,
    by: ByOpt,
    reason: ReasonOpt,
    minutes: MinutesOpt = 30,
    kind: Annotated[str, typer.Option(help="模拟哪种报警：fire、gas、sos。 What is played.")] = "fire",
    state: StateOpt = STATE,
    socket: SocketOpt = None,
) -> None:
    """开始演练。 Begin a drill: gatehouse drill start b12 --by 李四 --minutes 30 --reason 季度演练."""
    post = client(state, socket).post
    typer.echo(post("drills", zone, "start", by=by, reason=reason, minutes=str(minutes), kind=kind))


@walk_app.command("start")
def start_walk(  # noqa: PLR0917 - typer calls it by name
    zone: ZoneArg,
    by: ByOpt,
    reason: ReasonOpt,
    minutes: MinutesOpt = 30,
    head: Annotated[
        list[str] | None, typer.Option(help="只测这些点，可多次；其余照常报警。 These alone; the others stay live.")
    ] = None,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
) -> None:
    """开始逐点测试。 Begin a walk test: gatehouse walktest start b12 --by 李四 --minutes 30 --reason 季度测试."""
    post = client(state, socket).post
    typer.echo(post("walktests", zone, "start", by=by, reason=reason, minutes=str(minutes), heads=",".join(head or ())))


def _both(sort: str, section: str) -> tuple[Callable[..., None], Callable[..., None], Callable[..., None]]:
    """What drills and walk tests have in common: stop, status, report."""

    def stop(zone: ZoneArg, by: ByOpt, state: StateOpt = STATE, socket: SocketOpt = None) -> None:
        """提前结束。 End it before its time; what is still tripped is a real alarm at once."""
        typer.echo(client(state, socket).post(section, zone, "stop", by=by))

    def status(
        state: StateOpt = STATE, socket: SocketOpt = None, lang: LangOpt = Language.ZH, json_: JsonOpt = False
    ) -> None:
        """正在进行的演练和测试。 What runs, and how far it has come."""
        _show(client(state, socket).get("/v1/exercises"), lang, as_json=json_, report=False)

    def report(  # noqa: PLR0917 - typer calls it by name
        id_: IdArg = "",
        xlsx: XlsxOpt = None,
        state: StateOpt = STATE,
        socket: SocketOpt = None,
        lang: LangOpt = Language.ZH,
        json_: JsonOpt = False,
    ) -> None:
        """报告：每人、每门、每点的时间（秒）。 Times per person, door and head, in seconds."""
        found = client(state, socket).get(f"/v1/exercises/{sort}/report", id=id_)
        if xlsx is not None:
            from console.show_drills import write  # noqa: PLC0415 - each command loads only what it needs
            from console.words_drills import word  # noqa: PLC0415

            write(xlsx, found, lang.value)
            typer.echo(word("written", lang.value, file=xlsx))
            return
        _show(found, lang, as_json=json_, report=True)

    return stop, status, report


def _show(document: Any, lang: Language, *, as_json: bool, report: bool) -> None:  # noqa: ANN401 - JSON
    def draw(document: Any) -> None:  # noqa: ANN401 - JSON
        from console.show import Show  # noqa: PLC0415 - each command loads only what it needs
        from console.show_drills import ShowDrills  # noqa: PLC0415

        show = ShowDrills(Show(lang.value).console, lang.value)
        (show.report if report else show.status)(document)

    told(document, draw, as_json=as_json)


for _typer, _sort, _section in ((app, "drill", "drills"), (walk_app, "walktest", "walktests")):
    for _name, _command in zip(("stop", "status", "report"), _both(_sort, _section), strict=True):
        _typer.command(_name)(_command)
