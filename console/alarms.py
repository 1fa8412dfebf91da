"""`gatehouse alarms` and `gatehouse alarm VERB`: what stands, and what a named person does about it."""

from typing import Annotated, Any

import typer

from console.documents import told
from console.options import STATE, AlarmArg, ByOpt, JsonOpt, LangOpt, Language, ReasonOpt, SocketOpt, StateOpt, client

app = typer.Typer(
    help="报警：列出、处理、搁置、屏蔽、复位。\n\n"
    "Alarms: list, acknowledge, assign, on site, verify, close, silence, shelve, disable, reset.",
    no_args_is_help=True,
)


ForOpt = Annotated[str, typer.Option("--for", help="多久：30m、2h、3d。 For how long: 30m, 2h, 3d.")]
NoteOpt = Annotated[str, typer.Option("--note", help="备注。 A remark.")]
TargetArg = Annotated[
    str,
    typer.Argument(
        metavar="WHAT",
        help="点位、设备、防区或报警。 A point, io1.input8; devices.io1; zones.b12; an alarm.",
    ),
]


def alarms(
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    all_: Annotated[bool, typer.Option("--all", help="也列出最近结束的。 Ended ones, too.")] = False,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """列出报警、未结案和屏蔽。 Alarms that stand, open cases, and what is set apart."""

    def draw(document: dict[str, Any]) -> None:
        from console.show import Show
        from console.show_alarms import ShowAlarms

        ShowAlarms(Show(lang.value)).everything(document)

    told(client(state, socket).get("/v1/alarms", all=all_), draw, as_json=json_)


@app.command("list")
def list_(
    state: StateOpt = STATE, socket: SocketOpt = None, lang: LangOpt = Language.ZH, json_: JsonOpt = False
) -> None:
    """列出未恢复的报警。 Every alarm not back to normal; `gatehouse alarms` shows open cases besides."""
    from console.show import Show

    standing = client(state, socket).get("/v1/alarms")["alarms"]
    told(standing, Show(lang.value).alarms, as_json=json_)


@app.command()
def ack(alarm: AlarmArg, by: ByOpt, state: StateOpt = STATE, socket: SocketOpt = None) -> None:
    """确认一个报警，或一组。 Acknowledge an alarm by its id, or an unambiguous ending of it; or a whole incident."""
    typer.echo(client(state, socket).post("alarms", alarm, "ack", by=by))


@app.command()
def assign(
    alarm: AlarmArg,
    to: Annotated[str, typer.Argument(help="派谁。 Whom.")],
    by: ByOpt,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
) -> None:
    """派人处理。 Send somebody; he has to answer himself."""
    typer.echo(client(state, socket).post("alarms", alarm, "assign", by=by, to=to))


@app.command("on-site")
def on_site(alarm: AlarmArg, by: ByOpt, state: StateOpt = STATE, socket: SocketOpt = None) -> None:
    """报到场。 Say that you are there."""
    typer.echo(client(state, socket).post("alarms", alarm, "on-site", by=by))


@app.command()
def verify(  # noqa: PLR0917 - typer calls it by name
    alarm: AlarmArg,
    verdict: Annotated[str, typer.Argument(help="true 真实、false 误报、test 测试。 What you found.")],
    by: ByOpt,
    cause: Annotated[str, typer.Option(help="误报原因，如 油烟 或 cooking。 Why it was false.")] = "",
    note: NoteOpt = "",
    state: StateOpt = STATE,
    socket: SocketOpt = None,
) -> None:
    """核实：真实、误报（须写原因）、测试。 Say what you found; a false alarm needs a cause of the site's list."""
    post = client(state, socket).post
    typer.echo(post("alarms", alarm, "verify", by=by, verdict=verdict, cause=cause, note=note))


@app.command()
def close(alarm: AlarmArg, by: ByOpt, note: NoteOpt = "", state: StateOpt = STATE, socket: SocketOpt = None) -> None:
    """归档：已恢复且已核实。 Close a case that is back to normal and verified; P1 and P2 need it."""
    typer.echo(client(state, socket).post("alarms", alarm, "close", by=by, note=note))


@app.command()
def silence(
    by: ByOpt,
    alarm: Annotated[
        str, typer.Argument(help="报警、事件组、防区 zones.b12，或 all。 An alarm, an incident, a zone, or all.")
    ] = "all",
    state: StateOpt = STATE,
    socket: SocketOpt = None,
) -> None:
    """消音，不等于确认；再有报警会再响。 Stop the sirens; not an acknowledgement, the next alarm sounds again."""
    typer.echo(client(state, socket).post("alarms", alarm, "silence", by=by))


@app.command()
def shelve(  # noqa: PLR0917 - typer calls it by name
    alarm: AlarmArg, for_: ForOpt, reason: ReasonOpt, by: ByOpt, state: StateOpt = STATE, socket: SocketOpt = None
) -> None:
    """搁置一个报警，到时恢复；P1 不能搁置。 Set one alarm apart for a while; P1 is refused."""
    typer.echo(client(state, socket).post("alarms", alarm, "shelve", by=by, reason=reason, **{"for": for_}))


@app.command()
def unshelve(alarm: AlarmArg, by: ByOpt, state: StateOpt = STATE, socket: SocketOpt = None) -> None:
    """取消搁置。 Take it back before its time."""
    typer.echo(client(state, socket).post("alarms", alarm, "unshelve", by=by))


@app.command()
def disable(  # noqa: PLR0917 - typer calls it by name
    target: TargetArg, for_: ForOpt, reason: ReasonOpt, by: ByOpt, state: StateOpt = STATE, socket: SocketOpt = None
) -> None:
    """屏蔽点位、设备、防区或报警，到时恢复；P1 照报。 Put it out of service for a while; P1 alarms go on."""
    typer.echo(client(state, socket).post("alarms", target, "disable", by=by, reason=reason, **{"for": for_}))


@app.command()
def enable(target: TargetArg, by: ByOpt, state: StateOpt = STATE, socket: SocketOpt = None) -> None:
    """解除屏蔽。 Back into service before its time."""
    typer.echo(client(state, socket).post("alarms", target, "enable", by=by))


@app.command()
def reset(alarm: AlarmArg, by: ByOpt, state: StateOpt = STATE, socket: SocketOpt = None) -> None:
    """复位一个锁存的报警。 Let a latched alarm go once its condition is gone."""
    typer.echo(client(state, socket).post("alarms", alarm, "reset", by=by))
