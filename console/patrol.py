"""`gatehouse patrol`: a guard's phone at a terminal, and keys for phones."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from console.options import LangOpt, Language

app = typer.Typer(
    help="巡逻手机：在终端上接报警卡、答复。 A patrol phone at a terminal: cards of alarms, and answers to them.",
    invoke_without_command=True,
)
_LOOK = 0.1


@app.callback()
def patrol(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    guard: Annotated[
        str, typer.Option("--as", help="巡逻员，站点文件 people 里的名字。 The guard's name in the site file.")
    ] = "",
    site: Annotated[str, typer.Option(help="站点编号。 The site's id.")] = "",
    broker: Annotated[str, typer.Option(help="mqtts://主机:端口。 mqtts://host:port.")] = "",
    key: Annotated[Path | None, typer.Option(help="私钥文件。 File with the private key.")] = None,
    user: Annotated[str, typer.Option(help="代理的用户名。 User at the broker.")] = "",
    password_file: Annotated[Path | None, typer.Option(help="写着密码的文件。 File with the password.")] = None,
    ca: Annotated[Path | None, typer.Option(help="CA 证书（PEM）。 The authority.")] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="客户端证书和私钥（PEM，一个文件）。 Client certificate with its key.")
    ] = None,
    lang: LangOpt = Language.ZH,
) -> None:
    """在终端上当巡逻手机：显示报警卡，自动回执，输入答复。 Show cards, send receipts, answer by typing."""
    if context.invoked_subcommand is not None:
        return
    if not (guard and site and broker and key is not None):
        typer.echo("需要 --as、--site、--broker 和 --key。 --as, --site, --broker and --key are needed.", err=True)
        raise typer.Exit(2)
    from console.phone import Phone, PhoneError, Way, read_key, utc

    try:
        password = password_file.read_text("utf-8").strip() if password_file else ""
        way = Way(broker=broker, user=user, password=password, ca=ca, certificate=certificate)
        phone = Phone(site, guard, read_key(key), way, utc)
        phone.open()
    except (PhoneError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    try:
        _sit(phone, lang.value)
    except KeyboardInterrupt:
        pass  # as good as q
    finally:
        phone.close()


@app.command("key")
def make_key(
    file: Annotated[Path, typer.Argument(help="私钥写到这个新文件。 The private key goes into this new file.")],
    lang: LangOpt = Language.ZH,
) -> None:
    """生成手机密钥，打印公钥。 Make a phone's key; prints the public one for the site file."""
    from console.phone import PhoneError
    from console.phone import make_key as make
    from console.words_patrol import word

    try:
        public = make(file)
    except PhoneError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    typer.echo(word("key_made", lang.value, file=file), err=True)
    typer.echo(f"{file.stem}: {public}")


def _sit(phone, language: str) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - loaded only here
    """Show and answer until the guard has had enough, or what is piped in has ended."""
    import queue
    import threading

    from rich.console import Console

    from console.phone import utc
    from console.seat import Seat
    from console.show_patrol import ShowPatrol
    from console.words_patrol import word

    seat = Seat(phone, ShowPatrol(language, Console()))
    typed: queue.Queue[str] = queue.Queue(maxsize=100)

    def read() -> None:
        for line in sys.stdin:
            typed.put(line)
        typed.put("q")

    threading.Thread(target=read, daemon=True).start()
    typer.echo(word("help", language))
    while True:
        try:
            seat.hear(phone.heard.get(timeout=_LOOK))
        except queue.Empty:
            seat.look(utc())
        while not typed.empty():
            if not seat.type(typed.get()):
                return
