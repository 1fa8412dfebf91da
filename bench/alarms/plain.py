"""Do it yourself: pymodbus and paho in a loop, as well as one can write it on a good afternoon (`plain_loop.py`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.alarms.contestant import Place, environment, version
from bench.alarms.street import MEASURES, UNITS

PYMODBUS, PAHO = "3.16.1", "2.2.0"


class Plain:
    """No retries, 300 ms of patience, and measures spread over their ten seconds."""

    topics = ("plain/#",)

    def __init__(self, *, back_off: bool = False) -> None:
        """`back_off`: units that have missed three times are asked every ten seconds only."""
        self.name = "plain pymodbus" + (", own back-off" if back_off else "")
        self._back_off = back_off
        self._python = Path()

    def install(self, where: Path) -> str:
        """pymodbus, paho and pyserial."""
        self._python = environment(where / "plain", f"pymodbus=={PYMODBUS}", f"paho-mqtt=={PAHO}", "pyserial")
        return f"pymodbus {version(self._python, 'pymodbus')}"

    def command(self, place: Place) -> list[str]:
        """There is nothing to configure."""
        program = Path(__file__).with_name("plain_loop.py")
        words = [str(word) for word in (self._python, program, place.port, place.broker, UNITS, MEASURES)]
        return [*words, "--back-off"] if self._back_off else words

    def reply(self, _: str) -> None:
        """It asks for nothing."""

    def alarms(self, topic: str, payload: Any) -> Mapping[int, bool]:
        """plain/UNIT {"alarm": true}."""
        return {int(topic.rpartition("/")[2]): bool(payload["alarm"])}
