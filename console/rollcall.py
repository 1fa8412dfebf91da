"""`gatehouse rollcall`: which fire monitoring centre asks whether anybody is awake, and a named person's answer."""

import json
from typing import Annotated

import typer

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
    document = client(state, socket).get("/v1/rollcall")
    if json_:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    for call in document["rollcalls"]:
        typer.echo(_LINE[lang.value].format_map(call))
    if not document["rollcalls"]:
        typer.echo(_NONE[lang.value])


@app.command()
def answer(
    by: ByOpt,
    name: Annotated[str, typer.Argument(help="哪个中心，默认全部。 Which centre; all without a name.")] = "all",
    state: StateOpt = STATE,
    socket: SocketOpt = None,
) -> None:
    """应答查岗。 Answer it, in your own name."""
    typer.echo(client(state, socket).post("rollcall", name, "answer", by=by))
