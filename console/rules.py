"""`gatehouse rules`: what rules there are, why one did or did not fire, and whether they do what a timetable says."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.documents import told
from console.options import STATE, JsonOpt, LangOpt, Language, SocketOpt, StateOpt, client

if TYPE_CHECKING:
    from console.show_rules import ShowRules

app = typer.Typer(help="规则：列出、说明、试验。 Rules: list, explain, test.", invoke_without_command=True)


@app.callback()
def rules(
    context: typer.Context,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """规则：列出、说明、试验；不带子命令时列出全部。 Rules: list, explain, test; by itself it lists them all."""
    if context.invoked_subcommand is not None:
        return
    told(client(state, socket).get("/v1/rules"), lambda its: _screen(lang).listed(its), as_json=json_)


@app.command()
def explain(  # noqa: PLR0917 - typer calls it by name
    name: Annotated[
        str, typer.Argument(metavar="ID", help="规则或报警，可用结尾。 A rule, or an alarm; or its ending.")
    ],
    at: Annotated[
        str, typer.Option(help="此刻之前的经过，如 2026-11-21T14:00。 What had happened by then, in the site's time.")
    ] = "",
    past: Annotated[int, typer.Option(min=0, help="过去几条。 So many events of the past.")] = 6,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """为何触发或没触发：输入、门限、延时、谁压过它。 Why a rule did or did not fire, and who stands against it."""
    from urllib.parse import quote

    document = client(state, socket).get(f"/v1/rules/{quote(name, safe='')}", at=at, past=past)

    def draw(document: dict[str, Any]) -> None:
        show = _screen(lang)
        (show.past if at else show.explained)(document)

    told(document, draw, as_json=json_)


@app.command("test")
def try_out(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="时间表文件或文件夹。 Timetables, or folders of them.")
    ],
    explain: Annotated[
        str, typer.Option(metavar="ID", help="结束时说明此规则或报警。 Explain this rule or alarm in the end.")
    ] = "",
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """在虚拟时间里按时间表试验规则。 Play timetables in virtual time; exit 0 as expected, 1 not, 2 faults."""
    from console import rehearsal

    raise typer.Exit(rehearsal.test(files, explain, lang.value, as_json=json_))


def _screen(lang: Language) -> "ShowRules":
    from console.show_rules import ShowRules

    return ShowRules(lang.value)
