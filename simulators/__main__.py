"""`python -m simulators SITE --dir DIR`: a whole site, simulated, until Ctrl-C or SIGTERM."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from simulators.control import facing
from simulators.estate import Estate, standing
from simulators.site import SiteError


def _tell(estate: Estate, control: str) -> None:
    for name, line in estate.lines.items():
        ((form, address),) = line.port.address.items()
        on_it = ", ".join([*line.sockets, *line.speakers])
        typer.echo(f"{name:12} {form}: {address}  {line.pace.baud} {line.pace.form}  {on_it}")
    typer.echo(f"{'control':12} {control}")


async def _stand(site: Path, folder: Path, *, pace: bool, control_port: int) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with standing(site, folder, pace=pace) as estate, facing(estate, folder, control_port) as control:
        _tell(estate, control)
        await stop.wait()


def main(
    site: Annotated[Path, typer.Argument(help="A site file, or a folder of them.")],
    folder: Annotated[Path, typer.Option("--dir", help="Where ports, wires.yaml and control.json are put.")],
    pace: Annotated[bool, typer.Option(help="Bytes take the time that their baud rate takes.")] = True,
    control_port: Annotated[int, typer.Option(help="Port of the control face; 0 takes a free one.")] = 0,
) -> None:
    """Stand up every device that a site names."""
    try:
        asyncio.run(_stand(site, folder, pace=pace, control_port=control_port))
    except (SiteError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
