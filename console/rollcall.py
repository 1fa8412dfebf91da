"""`gatehouse rollcall`: which fire monitoring centre asks whether anybody is awake, and a named person's answer."""

from typing import Annotated, Any

import typer

from console.documents import told
from console.options import STATE, ByOpt, JsonOpt, LangOpt, Language, SocketOpt, StateOpt, client

app = typer.Typer(
    help="查岗：列出待应答的查岗，由值班人署名应答。\n\nRoll call: what waits for an answer, and the answer.",
    invoke_without_command=True,
)
_NONE = {"zh": "目前没有待应答的查岗。", "en": "No roll call waits for an answer."}
_LINE = {
    "zh": "{title}（{subscriber}）：查岗，还剩 {left} 秒。应答：gatehouse rollcall answer {subscriber} --by 姓名",
    "en": "{title} ({subscriber}): roll call, {left} s left. Answer: gatehouse rollcall answer {subscriber} --by NAME",
}


@app.callback()
def standing(
    context: typer.Context,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """待应答的查岗。 Roll calls that wait for an answer."""
    if context.invoked_subcommand is not None:
        return
    told(client(state, socket).get("/v1/rollcall"), lambda its: _draw(its["rollcalls"], lang.value), as_json=json_)


@app.command()
def answer(
    by: ByOpt,
    name: Annotated[str, typer.Argument(help="哪个中心，默认全部。 Which centre; all without a name.")] = "all",
    state: StateOpt = STATE,
    socket: SocketOpt = None,
) -> None:
    """应答查岗。 Answer it, in your own name."""
    typer.echo(client(state, socket).post("rollcall", name, "answer", by=by))


def _draw(rollcalls: list[dict[str, Any]], language: str) -> None:
    for call in rollcalls:
        typer.echo(_LINE[language].format_map(call))
    if not rollcalls:
        typer.echo(_NONE[language])
