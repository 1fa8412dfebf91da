"""`gatehouse journal`: checks, proves and hands out the record."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from console.options import STATE, ByOpt, LangOpt, Language, ReasonOpt, SocketOpt, StateOpt, me

app = typer.Typer(help="日志：校验、证实、导出。 The journal: verify, prove, export.", no_args_is_help=True)


class Tier(StrEnum):
    """Who may know what, as for subscribers."""

    HEALTH = "0"
    LIFE = "1"
    PEOPLE = "2"
    WHOLE = "3"


class FormatWord(StrEnum):
    """Forms of an export."""

    JSONL = "jsonl"
    XLSX = "xlsx"


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
    """用存于别处的链头证实历史未被改写。 Prove by heads kept elsewhere that history is as it was; exit 0 or 1.

    也可核对导出的文件。 Or check an exported file.
    """
    from console import export_file, journal_file

    if file is not None and file.is_file() and export_file.is_export(file):
        raise typer.Exit(export_file.proved(file, state / "journal.db", state, lang.value))
    raise typer.Exit(journal_file.held_against(file or state / "journal.db", head or [], heads, lang.value))


@app.command()
def export(  # noqa: PLR0917 - typer calls it by name
    target: Annotated[Path, typer.Argument(metavar="FILE", help="写入此文件，不得已存在。 The file to be written.")],
    since: Annotated[
        str, typer.Option("--from", help="从何时，如 2026-11-21T14:00。 From when, in the time of the site.")
    ] = "",
    until: Annotated[str, typer.Option("--to", help="到何时。 Up to this time.")] = "",
    kind: Annotated[
        list[str] | None, typer.Option(help="种类，如 alarm.*，可多次。 Kinds wanted, as often as you like.")
    ] = None,
    drill: Annotated[bool, typer.Option("--drill", help="连同演练和测试。 Drills and walk tests, too.")] = False,
    tier: Annotated[Tier, typer.Option(help="给谁看，2 起含个人信息。 For whom; 2 and 3 hold people.")] = Tier.LIFE,
    form: Annotated[
        FormatWord | None, typer.Option("--format", help="默认看文件名。 Default: by the file's name.")
    ] = None,
    by: ByOpt = "",
    reason: ReasonOpt = "",
    copy: Annotated[Path | None, typer.Option("--journal", help="改用日志的副本。 A copy of a journal.")] = None,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    lang: LangOpt = Language.ZH,
) -> None:
    """导出日志为 JSON Lines 或 XLSX，按级遮盖，导出本身也记入日志。 Hand out the journal, masked for its reader.

    每个文件末尾有链头，可用 gatehouse journal prove FILE 核对。 Each file ends with a head, by which it can be proved.
    """
    from console import export_file

    chosen = form.value if form else target.suffix.lower().removeprefix(".")
    if chosen not in set(FormatWord):
        typer.echo(
            f"{target} 的文件名应以 .jsonl 或 .xlsx 结尾，或用 --format 写明格式。 "
            "Its name must end in .jsonl or .xlsx, or say --format.",
            err=True,
        )
        raise typer.Exit(2)
    order = export_file.Order(
        since=since,
        until=until,
        kinds=",".join([*(kind or ["*"]), "drill.*", "walk.*"] if drill else kind or ()),
        tier=int(tier),
        format="xlsx" if chosen == "xlsx" else "jsonl",
        by=by or ("" if int(tier) > 1 else me()),
        reason=reason,
    )
    raise typer.Exit(
        export_file.export(order, target, export_file.Site(state=state, copy=copy, socket=socket), lang.value)
    )
