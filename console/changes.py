"""`gatehouse reload` and `gatehouse replace`: a changed site, a changed device, in a site that goes on running."""

from pathlib import Path
from typing import Annotated, Any

import typer

from console.documents import told
from console.options import STATE, ByOpt, JsonOpt, LangOpt, Language, SocketOpt, StateOpt, WiresOpt, client, me
from console.words_reload import said

WatchOpt = Annotated[float, typer.Option(help="应用后观察几秒。 Seconds to watch it.", min=5, max=600)]
YesOpt = Annotated[bool, typer.Option("--yes", "-y", help="不再询问。 Do not ask.")]


def reload(  # noqa: PLR0917 - typer calls it by name
    by: ByOpt = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只显示计划。 Show the plan only.")] = False,
    yes: YesOpt = False,
    watch: WatchOpt = 60,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """把改过的站点文件应用到运行中的守护进程。 Apply a changed site file, touching only what changed.

    先显示计划，再询问；应用后观察 60 秒，安全点位变差会自动回退。
    """
    from console.reload import Reload

    its = Reload(client(state, socket), by or me(), lang.value)
    proposal = its.proposal()
    told(proposal, its.show, as_json=json_)
    if proposal["faults"]:
        raise typer.Exit(2)
    if proposal["empty"] or dry_run:
        raise typer.Exit(0)
    if proposal["refusal"] or not (yes or typer.confirm(said("ask", lang.value))):
        raise typer.Exit(1)
    raise typer.Exit(0 if its.apply(proposal, watch) else 1)


def replace(  # noqa: PLR0917 - typer calls it by name
    device: Annotated[str, typer.Argument(help="设备的名字，如 io1。 Name of the device.")],
    driver: Annotated[str, typer.Option(help="新驱动。 The new driver.")] = "",
    profile: Annotated[str, typer.Option(help="新档案。 The new profile.")] = "",
    unit: Annotated[int | None, typer.Option(help="新地址。 The new address.", min=1, max=255)] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="其他设置 KEY=VALUE，可多次。 Other settings.")
    ] = None,
    unset: Annotated[list[str] | None, typer.Option(help="去掉的设置，可多次。 Settings to take away.")] = None,
    back: Annotated[bool, typer.Option("--back", help="换回上一次的。 Undo the last replacement.")] = False,
    untried: Annotated[bool, typer.Option("--untried", help="不试读。 Do not try it first.")] = False,
    yes: YesOpt = False,
    watch: WatchOpt = 60,
    by: ByOpt = "",
    site: Annotated[Path | None, typer.Option(help="站点文件，默认运行中的。 Default: the one that runs.")] = None,
    wires: WiresOpt = None,
    state: StateOpt = STATE,
    socket: SocketOpt = None,
    lang: LangOpt = Language.ZH,
) -> None:
    """更换设备：改站点文件一处，先试读，再应用。 Swap a device: name, place, rules and history stay.

    注释与顺序不变；先显示差异并试读；变差会自动回退，--back 可换回。
    """
    from console.replace import Replace, Wish

    values: dict[str, Any] = {"driver": driver or None, "profile": profile or None, "unit": unit}
    wish = Wish(
        values={key: value for key, value in values.items() if value is not None},
        texts=tuple(set_ or ()),
        dropped=frozenset(unset or ()),
        back=back,
    )
    confirm = None if yes else typer.confirm
    its = Replace(client(state, socket), device, site, wires, state, by or me(), lang.value)
    raise typer.Exit(its.run(wish, watch, confirm, untried=untried))
