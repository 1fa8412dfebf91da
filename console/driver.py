"""`gatehouse driver test`: the conformance kit, for everybody who writes a driver or a profile."""

from pathlib import Path
from typing import Annotated

import typer

from console.options import JsonOpt, LangOpt, Language

app = typer.Typer(help="驱动与设备档案：检验。 Drivers and profiles: test.", no_args_is_help=True)


@app.command("test")
def try_out(  # noqa: PLR0917 - typer calls it by name
    what: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="驱动 .py、档案 .yaml，或已安装的名称。 A driver, a profile, or the name of one."
        ),
    ],
    golden: Annotated[
        Path | None, typer.Option(help="标准帧文件，默认在旁边：NAME.golden.yaml。 Golden frames; else beside it.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="设置，可多次。 A setting, such as address=7.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="结果另存为此文件。 Save the result in a file, to travel with the driver.")
    ] = None,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """检验驱动或档案：标准帧、杂波、误码、隔离。 Hold a driver or a profile to what ours keep; exit 0 or 1."""
    from console import driver_test  # noqa: PLC0415 - each command loads only what it needs

    raise typer.Exit(driver_test.run(what, golden, set_ or [], lang.value, out, as_json=json_))


@app.callback()
def driver() -> None:
    """Only a group: `test` stays a word of its own even while it is the only one."""
