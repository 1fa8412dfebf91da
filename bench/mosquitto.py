"""Debian's mosquitto for benches: anyone on loopback may do anything, and nothing is dropped from its queues."""

import asyncio
import getpass
from pathlib import Path

from simulators.broker import HOST
from simulators.child import Child

_READY = 10.0


def mosquitto(folder: Path, port: int, *, keeps: bool = False) -> Child:
    """Not started yet. `keeps`: it remembers its readers when it is stopped."""
    folder.mkdir(exist_ok=True)
    file = folder / "mosquitto.conf"
    file.write_text("\n".join([
        f"listener {port} {HOST}", f"user {getpass.getuser()}", "allow_anonymous true", "set_tcp_nodelay true",
        "max_queued_messages 0", "max_inflight_messages 0",
        f"persistence {str(keeps).lower()}", f"persistence_location {folder}/", "",
    ]))  # fmt: skip
    return Child("mosquitto", ["/usr/sbin/mosquitto", "-c", str(file)], folder / "mosquitto.log")


async def listening(port: int) -> None:
    """Wait until somebody does; TimeoutError when nobody will."""
    async with asyncio.timeout(_READY):
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
