"""Options and arguments that several commands take."""

import getpass
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from console.client import Client


class Language(StrEnum):
    """Languages of the screen."""

    ZH = "zh"
    EN = "en"


SiteArg = Annotated[Path, typer.Argument(help="站点文件或文件夹。 The site file, or a folder of them.")]
StateOpt = Annotated[
    Path, typer.Option("--state", envvar="GATEHOUSE_STATE", help="守护进程的数据目录。 The daemon's state folder.")
]
SocketOpt = Annotated[
    Path | None,
    typer.Option("--socket", envvar="GATEHOUSE_SOCKET", help="本地接口，默认 STATE/api.sock。 The local API."),
]
SecretsOpt = Annotated[
    Path | None, typer.Option("--secrets", help="密钥文件夹（权限 0600）。 Folder of secrets, each file mode 0600.")
]
WiresOpt = Annotated[
    Path | None, typer.Option("--wires", help="模拟器给出的 wires.yaml，替换线路端口。 Endpoints of simulated lines.")
]
LangOpt = Annotated[
    Language, typer.Option("--lang", envvar="GATEHOUSE_LANG", help="界面语言。 Language of the screen.")
]
JsonOpt = Annotated[bool, typer.Option("--json", help="输出 JSON。 Print JSON.")]
JsonLinesOpt = Annotated[bool, typer.Option("--json", help="输出 JSON，一行一条。 Print JSON, one event a line.")]
DoorArg = Annotated[str, typer.Argument(help="站点文件里门的名字，如 north。 Name of the door in the site file.")]
LaneArg = Annotated[str, typer.Argument(help="站点文件里车道的名字，如 in。 Name of the lane in the site file.")]
ZoneArg = Annotated[str, typer.Argument(help="站点文件里防区的名字，如 b12。 Name of the zone in the site file.")]
AlarmArg = Annotated[str, typer.Argument(help="报警编号或其结尾。 Its id, or an ending of it.")]
ByOpt = Annotated[str, typer.Option("--by", help="操作人姓名，记入日志。 Your name; it is written to the journal.")]
ReasonOpt = Annotated[str, typer.Option("--reason", help="原因，记入日志。 Why; it is written to the journal.")]
STATE = Path(os.environ.get("STATE_DIRECTORY", "state"))


def me() -> str:
    """The user of this machine; the daemon notes who it was besides, whatever is said here."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without a name
        return f"uid {os.getuid()}"


def client(state: Path, socket: Path | None) -> "Client":
    """The daemon of a state folder, or at a socket."""
    from console.client import Client  # noqa: PLC0415 - each command loads only what it needs

    return Client(socket or state / "api.sock")
