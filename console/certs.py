"""`gatehouse certs`: a private authority for a site without internet, and what is left of each certificate's time."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.options import JsonOpt, LangOpt, Language

if TYPE_CHECKING:
    from console.authority import Authority, Paper

app = typer.Typer(
    help="自建证书机构：给没有互联网的小区签发证书。 A private authority, for a site without internet.",
    no_args_is_help=True,
)

FolderArg = Annotated[Path, typer.Argument(help="证书机构的目录。 The authority's folder.")]
NameArg = Annotated[str, typer.Argument(help="证书名，即代理上的用户名。 Its name and user.")]
DaysOpt = Annotated[int, typer.Option("--days", min=1, max=3650, help="有效天数。 Days until it ends.")]


@app.command()
def new(folder: FolderArg, site: Annotated[str, typer.Option("--site", help="小区的 id。 The site.")]) -> None:
    """建证书机构。 Make the authority; nobody is given its ca.key."""
    _say("已建", "made", lambda authority: authority.found(site, datetime.now(UTC)), folder)


@app.command()
def broker(
    folder: FolderArg,
    host: Annotated[list[str], typer.Option("--host", help="主机名或 IP，可重复。 Host name or IP.")],
    name: Annotated[str, typer.Option("--name", help="证书的名字。 Its name.")] = "broker",
    days: DaysOpt = 825,
) -> None:
    """给 MQTT 代理签发证书。 A certificate for the broker."""
    _say("已签发", "made", lambda authority: authority.broker(name, host, days, datetime.now(UTC)), folder)


@app.command()
def client(folder: FolderArg, name: NameArg, days: DaysOpt = 825) -> None:
    """给一个连接者签发证书。 A certificate for one who connects."""
    _say("已签发", "made", lambda authority: authority.client(name, days, datetime.now(UTC)), folder)


@app.command()
def renew(folder: FolderArg, name: NameArg, days: DaysOpt = 825) -> None:
    """续期：同名同用途，换新密钥。 The same once more, with a new key."""
    _say("已续期", "renewed", lambda authority: authority.renew(name, days, datetime.now(UTC)), folder)


@app.command()
def revoke(folder: FolderArg, name: NameArg) -> None:
    """吊销：手机或密钥丢了。 Take it back: the phone or the key is lost."""
    from console.authority import Authority, AuthorityError

    try:
        file = Authority(folder).revoke(name, datetime.now(UTC))
    except AuthorityError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    typer.echo(
        f"已吊销 {name}；把 {file} 拷给代理并重启它，才真正生效。 "
        f"Taken back. It counts once the broker has {file} and was restarted."
    )


@app.command()
def show(folder: FolderArg, lang: LangOpt = Language.ZH, json_: JsonOpt = False) -> None:
    """列出剩余天数；不足 30 天退出码 1。 What there is; exit 1 below 30 days."""
    from console import show_certs
    from console.authority import SOON, Authority, AuthorityError

    now = datetime.now(UTC)
    try:
        papers = Authority(folder).papers()
    except AuthorityError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if json_:
        show_certs.as_json(papers, now)
    else:
        show_certs.table(papers, now, lang.value)
    raise typer.Exit(1 if any(paper.days(now) < SOON for paper in papers) else 0)


def _say(zh: str, en: str, make: "Callable[[Authority], Paper]", folder: Path) -> None:
    from console.authority import Authority, AuthorityError

    try:
        paper = make(Authority(folder))
    except AuthorityError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    ends = f"{paper.ends:%Y-%m-%d}"
    typer.echo(f"{zh} {paper.file}，有效至 {ends}。 {en.capitalize()}, valid until {ends}.")
    if paper.use == "authority":
        typer.echo(
            f"ca.key 能签发任何身份：收好 {folder}，别放在门岗机上。 "
            f"Whoever has ca.key can be anybody: keep {folder} in a drawer, not on the guard's machine."
        )
    elif paper.use == "client":
        both = paper.file.with_suffix(".both.pem")
        typer.echo(
            f"交给 {paper.name} 的是 {both.name} 与 ca.pem；本机使用则放进密钥目录，权限 0600。 "
            f"Give {both.name} and ca.pem to {paper.name}; for this machine, into the folder of secrets, mode 0600."
        )
