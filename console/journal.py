"""`gatehouse journal`: checks, proves and hands out the record."""

from pathlib import Path
from typing import Annotated

import typer

from console.options import STATE, LangOpt, Language, StateOpt

app = typer.Typer(help="日志：校验、证实、导出。 The journal: verify, prove, export.", no_args_is_help=True)

FileArg = Annotated[
    Path | None, typer.Argument(help="日志文件或其副本，默认 STATE/journal.db。 The journal's file, or a copy of it.")
]


@app.command()
def verify(
    file: FileArg = None,
    state: StateOpt = STATE,
    head: Annotated[str, typer.Option(help="已知的 编号:哈希，用来发现被截去的尾部。 A known NUMBER:HASH.")] = "",
) -> None:
    """校验哈希链，指出被改、被删、被插入的行。 Find a changed, removed or inserted line and name it; exit 0 or 1.

    守护进程运行时也可用。 The daemon may be running meanwhile.
    """
    from console import journal_file

    raise typer.Exit(journal_file.verify(file or state / "journal.db", head))


@app.command()
def prove(
    file: FileArg = None,
    state: StateOpt = STATE,
    head: Annotated[
        list[str] | None, typer.Option(help="存于别处的 编号:哈希，可多次。 A NUMBER:HASH kept elsewhere.")
    ] = None,
    heads: Annotated[
        Path | None,
        typer.Option(help="存有链头或 MQTT 状态消息的文件。 A file of heads, or of state messages."),
    ] = None,
    lang: LangOpt = Language.ZH,
) -> None:
    """用存于别处的链头证实历史未被改写。 Prove by heads kept elsewhere that history is as it was; exit 0 or 1."""
    from console import journal_file

    raise typer.Exit(journal_file.held_against(file or state / "journal.db", head or [], heads, lang.value))
