"""`gatehouse rules`: what rules there are, why one did or did not fire, and whether they do what a timetable says."""

from pathlib import Path
from typing import Annotated

import typer

from console.options import JsonOpt, LangOpt, Language

app = typer.Typer(help="规则：试验。 Rules: test.", no_args_is_help=True)


@app.command("test")
def try_out(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="时间表文件或文件夹。 Timetables, or folders of them.")
    ],
    explain: Annotated[
        str, typer.Option(help="结束时说明此规则或报警。 Explain this rule or alarm as it stands in the end.")
    ] = "",
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """在虚拟时间里按时间表试验规则。 Play timetables in virtual time; exit 0 as expected, 1 otherwise, 2 faults."""
    from console import rehearsal

    raise typer.Exit(rehearsal.test(files, explain, lang.value, as_json=json_))


@app.callback()
def rules() -> None:
    """Only a group: `test` stays a word of its own even while it is the only one."""
