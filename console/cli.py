"""The command line: `gatehouse`. Every face of it is short; what a command does stands in the file it calls."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from console.alarms import alarms
from console.alarms import app as alarm_app
from console.certs import app as certs_app
from console.changes import reload, replace
from console.documents import put_line, told
from console.drill import app as drill_app
from console.drill import walk_app
from console.driver import app as driver_app
from console.journal import app as journal_app
from console.ladder import app as ladder_app
from console.options import (
    STATE,
    ByOpt,
    DoorArg,
    JsonLinesOpt,
    JsonOpt,
    LaneArg,
    LangOpt,
    Language,
    ReasonOpt,
    SecretsOpt,
    SiteArg,
    SocketOpt,
    StateOpt,
    WiresOpt,
    ZoneArg,
    client,
    me,
)
from console.patrol import app as patrol_app
from console.replay import replay
from console.rollcall import app as rollcall_app
from console.rules import app as rules_app
from console.technician import probe, scan, trace
from console.usage import USAGE_ERROR, mistyped

app = typer.Typer(
    help="小区门卫守护进程：读设备、判规则、开门放行、记日志、报警。\n\n"
    "The daemon in the guard's room: reads, judges, acts, remembers, tells.",
    epilog="退出码：0 成功，1 被拒绝或不符，2 有错误，3 守护进程没有应答。\n\n"
    "Exit status: 0 done, 1 refused or not whole, 2 faults, 3 no daemon answers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(alarm_app, name="alarm")
app.add_typer(certs_app, name="certs")
app.add_typer(journal_app, name="journal")
app.add_typer(drill_app, name="drill")
app.add_typer(walk_app, name="walktest")
app.add_typer(driver_app, name="driver")
app.add_typer(ladder_app, name="ladder")
app.add_typer(patrol_app, name="patrol")
app.add_typer(rollcall_app, name="rollcall")
app.add_typer(rules_app, name="rules")


class DemoLanguage(StrEnum):
    """Languages of the demo."""

    ZH = "zh"
    EN = "en"
    BOTH = "both"


class DoorVerb(StrEnum):
    """What can be done to a door by hand."""

    OPEN = "open"


class LaneVerb(StrEnum):
    """What can be done to a boom by hand."""

    OPEN = "open"
    CLOSE = "close"


class ZoneVerb(StrEnum):
    """What can be done to a zone by hand."""

    RESET = "reset"


DoorVerbArg = Annotated[DoorVerb, typer.Argument(help="做什么。 What to do.")]
LaneVerbArg = Annotated[LaneVerb, typer.Argument(help="抬杆或落杆。 Boom up, boom down.")]
ZoneVerbArg = Annotated[ZoneVerb, typer.Argument(help="做什么。 What to do.")]


@app.command()
def run(
    site: SiteArg,
    state: StateOpt = STATE,
    wires: WiresOpt = None,
    secrets: SecretsOpt = None,
    socket: SocketOpt = None,
) -> None:
    """启动守护。 Guard a site until SIGTERM or Ctrl-C.

    站点文件有错时，改用上次正确的副本。 A faulty site file is refused; its last good copy is run instead.
    """
    from console import offline

    raise typer.Exit(offline.run(site, state, wires, secrets, socket))


@app.command()
def check(  # noqa: PLR0917 - typer calls it by name
    site: SiteArg,
    secrets: SecretsOpt = None,
    wires: WiresOpt = None,
    state: StateOpt = STATE,
    allow_untested: Annotated[
        bool, typer.Option("--allow-untested", help="通道未测试只作提示。 Channels without a test are a warning only.")
    ] = False,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """检查站点文件，一次列出全部错误。 Check a site and report every fault at once; exit status 0 or 2."""
    from console import offline

    done = offline.check(site, secrets, wires, lang.value, as_json=json_, state=state, allow_untested=allow_untested)
    raise typer.Exit(done)


@app.command()
def lines(
    site: SiteArg,
    detail: Annotated[str, typer.Option(help="只看这条线路，逐项计算。 One line, item by item.")] = "",
    wires: WiresOpt = None,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """每条线路的负载，以及每类点位最旧会有多旧。 What each line has to do, and how old its readings may get."""
    from console import offline

    raise typer.Exit(offline.lines(site, wires, lang.value, detail, as_json=json_))


@app.command()
def schema() -> None:
    """打印站点文件的 JSON Schema，供编辑器补全。 Print the JSON Schema of a site file, for editors."""
    from console import offline

    offline.schema()


@app.command()
def status(
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    points: Annotated[bool, typer.Option(help="列出全部点位。 List every point.")] = True,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """当前状态：总线、设备、点位、执行、报警。 Lines, devices, points with quality and age, outputs, alarms."""
    from console.show import Show

    document = client(state, socket).get("/v1/status")
    told(document, lambda its: Show(lang.value).status(its, points=points), as_json=json_)


@app.command()
def events(  # noqa: PLR0917 - one option for each thing people look for
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="种类，如 alarm.* access.denied，可多次。 Kinds wanted.")
    ] = None,
    subject: Annotated[str, typer.Option(help="对象，如 doors.north 或 zones.*。 What it is about.")] = "",
    text: Annotated[str, typer.Option(help="内容含这些字。 Words anywhere in it.")] = "",
    since: Annotated[
        str, typer.Option(help="从何时，小区当地时间，如 2026-11-21T14:00。 From then on, in the site's time.")
    ] = "",
    until: Annotated[str, typer.Option(help="到何时。 Up to this time.")] = "",
    severity: Annotated[int, typer.Option(min=0, max=4, help="至少这么严重，1 最重。 This grave or graver.")] = 0,
    drill: Annotated[bool, typer.Option("--drill", help="只看演练和测试。 Drills and walk tests only.")] = False,
    live: Annotated[bool, typer.Option("--live", help="不看演练和测试。 None of them.")] = False,
    after: Annotated[int, typer.Option(min=0, help="此编号之后。 After this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=5000, help="最多几条，取最近的。 At most so many, the newest.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="持续显示新事件。 Go on with new ones.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="直接读日志文件。 Read the file, without a daemon.")
    ] = False,
    lang: LangOpt = Language.ZH,
    json_: JsonLinesOpt = False,
) -> None:
    """列出、筛选、跟踪日志事件。 List, filter and follow the journal."""
    from console.show import Show

    words = {"kinds": ",".join(kind or ()), "subject": subject, "since": since, "until": until, "text": text}
    query = {key: value for key, value in words.items() if value} | ({"severity": str(severity)} if severity else {})
    query |= {"drill": "only" if drill else "without"} if drill != live else {}
    show = Show(lang.value)

    def put(event: dict[str, object]) -> None:
        if json_:
            put_line(event)
        else:
            show.event(event)

    if offline:
        from console import offline as file

        raise typer.Exit(file.put_events(state, query, after, limit, put))
    daemon = client(state, socket)
    head = daemon.get("/v1/status")["journal"]["head"] if follow else 0
    found = daemon.get("/v1/events", after=after, limit=limit, newest=not after, **query)
    for event in found:
        put(event)
    if follow:
        for line in daemon.follow("/v1/events", after=found[-1]["number"] if found else head, follow=True, **query):
            put(json.loads(line))


@app.command()
def door(  # noqa: PLR0917 - typer calls it by name
    name: DoorArg,
    verb: DoorVerbArg,
    reason: ReasonOpt,
    by: ByOpt = "",
    state: StateOpt = STATE,
    socket: SocketOpt = None,
) -> None:
    """开一次门，到时自动上锁。 Unlock a door for its usual time: gatehouse door north open --reason 送水."""
    typer.echo(client(state, socket).post("doors", name, verb.value, by=by or me(), reason=reason))


@app.command()
def lane(  # noqa: PLR0917 - typer calls it by name
    name: LaneArg,
    verb: LaneVerbArg,
    reason: ReasonOpt,
    by: ByOpt = "",
    state: StateOpt = STATE,
    socket: SocketOpt = None,
) -> None:
    """抬杆或落杆；杆下有车时不会落。 Raise or lower a boom; it does not fall onto a car."""
    typer.echo(client(state, socket).post("lanes", name, verb.value, by=by or me(), reason=reason))


@app.command()
def zone(name: ZoneArg, verb: ZoneVerbArg, by: ByOpt, state: StateOpt = STATE, socket: SocketOpt = None) -> None:
    """火警消除后复位一个防区。 End a zone's fire release once all its contacts are clear."""
    typer.echo(client(state, socket).post("zones", name, verb.value, by=by))


@app.command()
def simulate(
    site: SiteArg,
    folder: Annotated[Path, typer.Option("--dir", help="端口和 wires.yaml 放在此。 Where ports and wires.yaml go.")],
    pace: Annotated[bool, typer.Option(help="按波特率真实耗时。 Take the time that the baud rate takes.")] = True,
    control_port: Annotated[int, typer.Option(help="控制接口端口，0 为自动。 Port of the control face.")] = 0,
) -> None:
    """模拟站点文件里的每一台设备。 Stand up every device that a site file names."""
    from console import offline

    raise typer.Exit(offline.simulate(site, folder, pace=pace, control_port=control_port))


@app.command()
def demo(
    site: Annotated[Path | None, typer.Argument(help="站点文件，默认随附的小站点。 Default: the small estate.")] = None,
    scenario: Annotated[
        str | None,
        typer.Option("--scenario", help="只演一场；写错则列出全部。 One scene; a wrong name lists all."),
    ] = None,
    forever: Annotated[bool, typer.Option("--forever", help="演完后继续运行。 Go on after the story.")] = False,
    lang: Annotated[
        DemoLanguage, typer.Option("--lang", envvar="GATEHOUSE_LANG", help="zh、en 或 both。 zh, en or both.")
    ] = DemoLanguage.BOTH,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="保留在此目录，默认临时目录。 Keep its files here.")
    ] = None,
) -> None:
    """演示：模拟小区讲自己的故事，每一行都经核对。 The simulated estate tells its story; every line is checked."""
    from console import offline

    raise typer.Exit(offline.demo(site, scenario, lang.value, folder, forever=forever))


for _command in (alarms, reload, replace, replay, scan, probe, trace):
    app.command()(_command)


def main() -> None:
    """Run the command line; troubles that a person can mend are told without a traceback."""
    from console.client import RefusedError, UnreachableError

    try:
        status = app(standalone_mode=False)
    except (RefusedError, UnreachableError) as trouble:
        typer.echo(str(trouble), err=True)
        sys.exit(1 if isinstance(trouble, RefusedError) else 3)
    except typer.Abort:
        sys.exit(1)
    except USAGE_ERROR as trouble:
        if said := mistyped(trouble):
            typer.echo(said, err=True)
        sys.exit(2)
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
