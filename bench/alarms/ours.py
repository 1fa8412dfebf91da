"""gatehouse as a technician would set it up: one profile, 32 devices, 32 rules, one subscriber."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.alarms.contestant import Place
from bench.alarms.street import MEASURES, UNITS

_PROFILE = """
maker: bench
model: sensor
title: {{zh: 探测器, en: sensor}}
source: [{{text: "bench/alarms/street.py"}}]
hardware: false
grade: B
limits: {{usual: 20ms, patience: 300ms, worst: 600ms}}
points:
  alarm:
    {{title: {{zh: 报警, en: alarm}}, table: input, address: 0, unit: mA, low: 0, high: 5000, kind: safety,
      period: {alarm}}}
  volts:
    {{title: {{zh: 测量, en: measure}}, table: input, address: 1, count: {count}, unit: V, low: 0, high: 500,
      kind: measure, period: 10s}}
"""


_KINDS = {"gatehouse.alarm.raised": True, "gatehouse.alarm.repeated": True, "gatehouse.alarm.returned": False}
"""Once more within a minute is the same alarm with a counter."""


class Gatehouse:
    """The daemon itself."""

    name = "gatehouse"
    topics = ("gatehouse/v1/street/desk/#",)

    def __init__(self, period: str = "500ms") -> None:
        """`period` of the alarm registers: shorter than the line can do even for twenty living units, so that they are
        read as often as possible, as the peers read them. (With 1 s the line waits where twelve are dead.)"""
        self._period = period

    def install(self, where: Path) -> str:
        """It is this checkout."""
        head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
        return f"gatehouse, this checkout ({head.stdout.strip() or 'no git'})"

    def command(self, place: Place) -> list[str]:
        """Write the site."""
        folder = place.folder
        (folder / "profiles").mkdir()
        (folder / "profiles" / "sensor.yaml").write_text(_PROFILE.format(alarm=self._period, count=MEASURES))
        units = range(1, UNITS + 1)
        devices = [f"  u{unit}: {{line: street, driver: modbus, profile: sensor, unit: {unit}}}" for unit in units]
        rules = [
            f"  a{unit}: {{kind: electrical_fire, current: u{unit}.alarm, alarm: 500 mA, for: 0s}}" for unit in units
        ]
        (folder / "site.yaml").write_text("\n".join([
            "site: {id: street, name: street, timezone: Asia/Shanghai}",
            f"lines: {{street: {{serial: {place.port}, unstable_name: true, baud: 9600}}}}",
            "devices:", *devices, "rules:", *rules,
            f"subscribers: {{desk: {{broker: 'mqtt://127.0.0.1:{place.broker}', tier: 1, title: desk}}}}",
        ]))  # fmt: skip
        return [sys.executable, "-m", "console.cli", "run", str(folder / "site.yaml"), "--state", str(folder / "state")]

    def reply(self, _: str) -> None:
        """It asks for nothing."""

    def alarms(self, _: str, payload: Any) -> Mapping[int, bool]:
        """An alarm rose or went."""
        kind = _KINDS.get(payload.get("type"))
        found = re.fullmatch(r"a(\d+)\.alarm", str(payload.get("data", {}).get("alarm", "")))
        return {int(found[1]): kind} if found and kind is not None else {}
