"""`gatehouse ladder`: who is being called, who would be, and tests whether they can be."""

from pathlib import Path
from typing import Annotated, Any

import typer

from console.documents import put, told
from console.options import STATE, ByOpt, JsonOpt, LangOpt, Language, SecretsOpt, SocketOpt, StateOpt, client

app = typer.Typer(
    help="逐级呼叫：正在呼叫谁、将会呼叫谁、测试通道。\n\n"
    "Ladders: who is being called, who would be called when, and tests of every channel.",
    invoke_without_command=True,
)

_PATIENCE = 90.0
"""Seconds in which every channel has said yes or no; a slow SMS gateway takes half a minute."""
_LOOK = 0.5


@app.callback()
def status(
    context: typer.Context,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """正在进行的呼叫，每一步、每个人、每条消息的结果。 What is being climbed, with the fate of every message."""
    if context.invoked_subcommand is not None:
        return
    told(client(state, socket).get("/v1/ladder"), lambda its: _screen(lang).status(its), as_json=json_)


@app.command()
def show(  # noqa: PLR0917 - typer calls it by name
    zone: Annotated[str, typer.Argument(help="防区，如 b12。 A zone.")] = "",
    at: Annotated[str, typer.Option(help="小区当地时间，如 2026-10-01T03:00。 At this time of the site.")] = "",
    kind: Annotated[str, typer.Option(help="报警种类。 Kind of alarm.")] = "fire",
    site: Annotated[
        Path | None, typer.Option(help="直接读站点文件，不问守护进程。 Read a site file instead of asking the daemon.")
    ] = None,
    secrets: SecretsOpt = None,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """会呼叫谁、何时、用什么通道。 Who would be called, when, and by what."""
    if site is not None:
        from console import ladder_file

        document = ladder_file.show(site, secrets, state, zone, kind, at, lang.value)
        if document is None:
            raise typer.Exit(2)
    else:
        document = client(state, socket).get("/v1/ladder/show", zone=zone, at=at, kind=kind)
    told(document, lambda its: _screen(lang).picture(its), as_json=json_)


@app.command("test")
def try_out(  # noqa: PLR0917 - typer calls it by name
    person: Annotated[str, typer.Argument(help="人员或群通道的名称。 A person, or the channel of a group.")],
    by: ByOpt,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """逐一测试一个人的全部通道，记下结果。 Test every channel to somebody.

    全部通畅退出码为 0。 Exit status 0 when all came through. What came of it counts for `gatehouse check`.
    """
    daemon = client(state, socket)
    number = daemon.post("ladder", person, "test", by=by)
    trial = _wait(lambda: daemon.get(f"/v1/ladder/test/{number}"))
    through = not trial["waits"] and all(
        leg and leg["state"] in ("sent", "delivered", "read") for leg in trial["legs"].values()
    )
    if json_:
        put(trial)
    else:
        from console.words_ladder import word

        _screen(lang).trial(trial)
        typer.echo(word("all_through" if through else "some_failed", lang.value))
    raise typer.Exit(0 if through else 1)


@app.command()
def answer(
    alarm: Annotated[str, typer.Argument(help="报警编号。 Its id.")],
    by: ByOpt,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
) -> None:
    """应答呼叫，不等于确认。 Answer a call; it is not acknowledged by that."""
    typer.echo(client(state, socket).post("ladder", alarm, "answer", by=by))


def _screen(lang: Language) -> Any:  # noqa: ANN401 - loaded only where something is drawn
    from console.show import Show
    from console.show_ladder import ShowLadder

    return ShowLadder(Show(lang.value))


def _wait(ask: Any) -> dict[str, Any]:  # noqa: ANN401 - a question to the daemon
    """Ask until every channel has said something, or nobody need wait any longer."""
    import time
    from threading import Event

    end, pause = time.monotonic() + _PATIENCE, Event()
    while (trial := ask())["waits"] and time.monotonic() < end:
        pause.wait(_LOOK)
    return trial  # type: ignore[no-any-return]
