"""What `gatehouse check` reckons of a line against what happens on it.

    python -m bench.capacity            random lines, worked by the scheduler in virtual time
    python -m bench.capacity --wire     a pty as slow as 9600 baud, with the units of bench.alarms

A ratio of 1 is a promise that was just kept, below 1 it was broken.
"""

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from bench.alarms.street import BAUD
from daemon.clock import SystemClock
from daemon.config import capacity, site
from daemon.config.cycles import Outlook, Task, outlooks
from daemon.field.lines import LineOwner
from daemon.field.scheduler import Scheduler
from drivers.modbus import Device
from drivers.modbus.profile import Profile
from gatehouse.driver import Scan, ScanClass

WRITE = 0.03
SECONDS = 90.0
PERIODS = {
    ScanClass.SAFETY: (0.08, 0.25, 0.5, 1.0, 1.5),
    ScanClass.ACCESS: (0.5, 1.0, 2.0),
    ScanClass.MEASURE: (2.0, 5.0, 10.0),
    ScanClass.SLOW: (30.0, 60.0),
}
Found = dict[tuple[ScanClass, float], Outlook]


def random_line(dice: random.Random) -> list[Task]:
    """Up to thirty devices with up to two scans of each class; on half of the lines all of one kind are alike."""
    alike, most = dice.random() < 0.5, dice.choice((1, 2))
    periods = {kind: dice.choice(PERIODS[kind]) for kind in ScanClass}
    wanted = [kind for _ in range(dice.randint(1, 30)) for kind in ScanClass for _ in range(dice.randint(0, most))]
    return [
        Task(kind, periods[kind] if alike else dice.choice(PERIODS[kind]), 0.04 if alike else dice.uniform(0.02, 0.08))
        for kind in wanted
    ]


def accepted(found: Found) -> bool:
    """Whether a site with this line would be."""
    limits = {
        ScanClass.SAFETY: lambda period, its: its.cycle + its.jitter <= 2,
        ScanClass.ACCESS: lambda period, its: its.cycle + its.jitter <= max(3 * period, period + 2),
        ScanClass.MEASURE: lambda period, its: its.cycle <= period,
        ScanClass.SLOW: lambda period, its: True,
    }
    return all(limits[kind](period, its) for (kind, period), its in found.items())


def worked(tasks: list[Task], dice: random.Random) -> list[tuple[Task, float]]:
    """Each scan and the longest time between two of its readings."""
    names = {f"d{number}": task for number, task in enumerate(tasks)}
    scans = {name: [Scan(name=name, kind=its.kind, period=its.period, points=("x",))] for name, its in names.items()}
    scheduler, now, order = Scheduler(scans, 0.0), 0.0, dice.uniform(0, 3)
    last: dict[str, float] = {}
    worst: dict[str, float] = {}
    while now < SECONDS:
        if now >= order:
            now, order = now + WRITE, now + WRITE + dice.uniform(3, 6)
        elif (job := scheduler.next(now)) is None:
            now = min(max(scheduler.wake(now), now + 1e-6), max(order, now + 1e-6))
        else:
            now += names[job.device].seconds
            scheduler.answered(job, now)
            worst[job.device] = max(worst.get(job.device, 0.0), now - last.get(job.device, now))
            last[job.device] = now
    return [(names[name], longest) for name, longest in worst.items() if longest]


def virtual(lines: int, seed: int) -> None:
    """Random lines; only those that would be accepted are held to the promise."""
    dice, ratios, kept = random.Random(seed), defaultdict(list), 0
    for _ in range(lines):
        tasks = random_line(dice)
        found = outlooks(tasks, WRITE)
        if tasks and accepted(found):
            kept += 1
            for task, longest in worked(tasks, dice):
                its = found[task.kind, task.period]
                ratios[task.kind].append((its.cycle + its.jitter) / longest)
    print(f"{lines} lines, {kept} accepted\nclass      scans  broken    min    p50    p90")
    for kind, each in sorted(ratios.items()):
        each.sort()
        broken = sum(ratio < 1 - 1e-9 for ratio in each)
        print(f"{kind.name.lower():8}{len(each):8}{broken:8}{_shares(each)}")


def _shares(each: list[float]) -> str:
    return "".join(f"{each[len(each) * share // 100]:7.2f}" for share in (0, 50, 90))


def profile(alarm: str, measure: str) -> Profile:
    """The unit of bench.alarms."""
    title = {"zh": "点", "en": "point"}
    points = {
        "alarm": {"title": title, "table": "input", "address": 0, "kind": "safety", "period": alarm},
        "value": {"title": title, "table": "input", "address": 1, "count": 9, "kind": "measure", "period": measure},
    }
    head = {"maker": "m", "model": "m", "title": title, "source": [{"text": "bench"}], "hardware": False, "grade": "B"}
    return Profile.model_validate({**head, "limits": {"usual": "20ms"}, "points": points})


class _Nobody:
    def land(self, *_: object) -> None: ...
    def same(self, *_: object) -> None: ...
    def device(self, *_: object) -> None: ...
    def line(self, *_: object) -> None: ...


async def measure(port: str, units: int, alarm: str, every: str, seconds: float) -> None:
    """Work the line for a while and print the worst times beside the reckoned ones."""
    devices = {f"u{number}": Device(number, profile(alarm, every)) for number in range(1, units + 1)}
    line = site.Line(serial=port, baud=BAUD)
    load = capacity.reckon("street", line, [its for name, one in devices.items() for its in capacity.asked(name, one)])
    owner = LineOwner("street", line, devices, _Nobody(), SystemClock())
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(owner.run())
        await asyncio.sleep(seconds)
        status = owner.status()
        running.cancel()
    for kind in (ScanClass.SAFETY, ScanClass.MEASURE):
        mine = [each for each in load.promises if each.scan.kind is kind]
        seen = max(_ages(status["devices"].values(), kind), default=0.0)
        reckoned = max(each.cycle + each.jitter for each in mine)
        print(f"{units:3} units, {kind.name.lower():8} every {mine[0].scan.period:5g} s: reckoned {reckoned:6.2f} s,"
              f" seen {seen:6.2f} s, {reckoned / seen:5.2f}", flush=True)  # fmt: skip


def _ages(devices: Iterable[dict[str, dict[str, dict[str, object]]]], kind: ScanClass) -> Iterable[float]:
    for device in devices:
        for scan in device["scans"].values():
            if scan["kind"] == kind.name.lower() and isinstance(scan["worst_age"], float):
                yield scan["worst_age"]


def wire() -> None:
    """Four lines, each in turn, with the units in a process of their own."""
    shapes = ((8, "1s", "10s", 25), (24, "1s", "10s", 32), (32, "1s", "10s", 40), (20, "500ms", "2s", 15))
    for units, alarm, every, seconds in shapes:
        with tempfile.TemporaryDirectory() as folder:
            port = str(Path(folder) / "port")
            command = [sys.executable, "-m", "bench.alarms.street", port, str(Path(folder) / "flips")]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as street:
                try:
                    assert street.stdout is not None
                    street.stdout.readline()
                    asyncio.run(measure(port, units, alarm, every, seconds))
                finally:
                    street.terminate()


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wire", action="store_true")
    parser.add_argument("--lines", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.wire:
        wire()
    else:
        virtual(given.lines, given.seed)


if __name__ == "__main__":
    main()
