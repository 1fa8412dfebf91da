"""How soon a fire contact frees everything, with neither broker nor disk: contact changes -> order carried out.

    python -m bench.fire [--trials 200] [--estates 3] [--unpaced] [--moving]

The small estate on lines paced as real ones of 9600 baud. Every trial closes the contact at a random moment of the
polling, waits until the devices have carried out all six orders (three locks, two booms, one siren; one RS-485 line
carries the contact and all of them), opens it, resets by hand and waits until all of it is undone and the booms are
down and known to rest; with `--moving` only until they have begun to fall: the next fire has to stop them first. Both
instants are the simulated devices' own; an order counts when its whole frame has arrived and the relay has moved, which
is later than "on the wire". Several estates run side by side to be done sooner; each gets less of the processor for it.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx2

from simulators.client import Control
from simulators.stage import Pace, SiteCopy, Stage, shipped

GOAL = 0.3
SOON = 5.0
PULSE = 0.2
"""Seconds of the booms' pulses, shorter than usual: a boom does not turn round while its first pulse lasts."""
RELEASE = {
    "doors.north": "unlocked", "doors.east": "unlocked", "doors.unit12": "unlocked",
    "lanes.in": "rises", "lanes.out": "rises", "outputs.siren": "on",
}  # fmt: skip
UNDONE = {
    "doors.north": "locked", "doors.east": "locked", "doors.unit12": "locked",
    "lanes.in": "falls", "lanes.out": "falls", "outputs.siren": "off",
}  # fmt: skip
READ_BACK = 1.2
"""Seconds after which the relays of a boom that has stopped have been read back."""
AT_REST = {"lanes.in": "down", "lanes.out": "down"}


class Guard:
    """The person who resets, over the daemon's own socket."""

    def __init__(self, socket: Path) -> None:
        transport = httpx2.AsyncHTTPTransport(uds=str(socket))
        self._http = httpx2.AsyncClient(transport=transport, base_url="http://gatehouse", timeout=5)

    async def status(self) -> dict[str, Any]:
        """Empty while nobody answers."""
        with contextlib.suppress(httpx2.TransportError):
            return dict((await self._http.get("/v1/status")).json())
        return {}

    async def reset(self) -> None:
        """Once the daemon has seen that the contact is open again."""
        async with asyncio.timeout(SOON):
            while (await self._http.post("/v1/zones/b12/reset", json={"by": "bench"})).is_error:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # another process must first see it

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()


async def all_of(control: Control, wanted: dict[str, str], after: int) -> dict[str, float]:
    """When each of these things happened first."""
    found: dict[str, float] = {}
    async with asyncio.timeout(SOON + 5):  # a boom whose pulse was lost is told again after its travel time
        while len(found) < len(wanted):
            for line in await control.log(after):
                if wanted.get(line["subject"]) == line["what"]:
                    found.setdefault(line["subject"], line["at"])
            await asyncio.sleep(0.02)
    return found


async def trial(control: Control, guard: Guard, dice: random.Random, *, moving: bool) -> dict[str, float]:
    """Seconds from the contact to each order, and to the first and the last of them."""
    await asyncio.sleep(dice.uniform(0, 0.15) + (0 if moving else READ_BACK))
    number = (await control.state())["number"]
    await control.do("fire", zone="b12", on=True)
    begun = (await control.happened("zones.b12.fire", "closed", number))["at"]
    took = {name: at - begun for name, at in (await all_of(control, RELEASE, number)).items()}
    await asyncio.sleep(PULSE)
    number = (await control.state())["number"]
    await control.do("fire", zone="b12", on=False)
    await guard.reset()
    await all_of(control, UNDONE, number)
    if not moving:
        await all_of(control, AT_REST, number)
    return took | {"first order": min(took.values()), "last order": max(took.values())}


async def estate(folder: Path, trials: int, seed: int, *, paced: bool, moving: bool) -> list[dict[str, float]]:
    """All trials of one estate."""
    copy = SiteCopy(shipped(), folder / "site")
    copy.quicken(Pace())
    for lane in copy.section("lanes").values():
        lane["pulse"] = f"{PULSE:g}s"
    (folder / "state").write_text("a file where the folder should be: there is no disk")
    stage = Stage(folder, copy, paced=paced, state=folder / "state")
    async with AsyncExitStack() as stack:
        await stage.raise_curtain(stack)
        await stage.broker.stop()
        await stage.daemon.start()
        guard = Guard(stage.socket)
        stack.push_async_callback(guard.close)
        async with asyncio.timeout(30):
            while not (status := await guard.status()).get("armed"):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        if not status["journal"]["trouble"] or any(feed["connected"] for feed in status["feeds"].values()):
            raise RuntimeError("broker or journal is there, so this would not be what it says")
        dice = random.Random(seed)
        return [await trial(stage.control, guard, dice, moving=moving) for _ in range(trials)]


async def run(trials: int, estates: int, *, paced: bool, moving: bool) -> int:
    """Measure, print, judge by the goal; 1 when it is missed."""
    share = -(-trials // estates)
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as name:
        folders = [Path(name) / str(number) for number in range(estates)]
        for folder in folders:
            folder.mkdir()
        many = await asyncio.gather(
            *(estate(each, share, n, paced=paced, moving=moving) for n, each in enumerate(folders))
        )
    results = [result for part in many for result in part]
    wire = "9600 baud" if paced else "bytes take no time"
    booms = "booms that have just begun to fall" if moving else "booms at rest"
    print(f"{len(results)} fires, {estates} estates side by side, {wire}, {booms}, no broker, no disk")
    print(f"{'contact -> order carried out':28} {'p50':>7} {'p90':>7} {'p99':>7} {'worst':>7}  ms")
    for key in (*RELEASE, "first order", "last order"):
        values = sorted(result[key] * 1000 for result in results)
        cuts = quantiles(values, n=100, method="inclusive")
        print(f"{key:28} {cuts[49]:7.1f} {cuts[89]:7.1f} {cuts[98]:7.1f} {values[-1]:7.1f}")
    worst = quantiles([result["last order"] for result in results], n=100, method="inclusive")[98]
    print(f"goal: p99 of the last order under {GOAL * 1000:.0f} ms: {'reached' if worst < GOAL else 'MISSED'}")
    return 0 if worst < GOAL else 1


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--estates", type=int, default=3)
    parser.add_argument("--unpaced", action="store_true")
    parser.add_argument("--moving", action="store_true", help="booms have just begun to fall")
    given = parser.parse_args()
    try:
        return asyncio.run(run(given.trials, given.estates, paced=not given.unpaced, moving=given.moving))
    except (TimeoutError, OSError, RuntimeError, httpx2.HTTPError) as error:
        print(f"could not measure: {error or type(error).__name__}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
