"""A water, gas or heat meter that speaks CJ/T 188 (after published frames and shiyuecamus/ng-gateway)."""

from collections.abc import Mapping
from typing import Any

from simulators.clock import Clock
from simulators.meter import Meter, decimal, sound, summed

_HEAD = 11
_TYPES = {"cold_water": 0x10, "hot_water": 0x11, "drinking_water": 0x12, "reclaimed_water": 0x13, "heat": 0x20,
          "gas": 0x30}  # fmt: skip
_CUBIC_METRES, _KWH, _KW, _CUBIC_METRES_AN_HOUR = b"\x2c", b"\x05", b"\x17", b"\x35"


class Device(Meter):
    """Reads (01) of 901F; anything else is refused."""

    digits = 14

    def __init__(self, settings: Mapping[str, Any], clock: Clock) -> None:
        super().__init__(settings, clock)
        kind = settings.get("type")
        if kind not in _TYPES:
            raise ValueError(f"type: one of {', '.join(_TYPES)} is wanted, found {kind!r}")
        self.type = int(settings.get("code") or _TYPES[kind])
        self._identifier = b"\x90\x1f" if settings.get("identifier") == "high_first" else b"\x1f\x90"
        self._serial = 3
        self._heat = kind == "heat"
        self.values.add(volume=1234.56, volume_settled=1200.0, clock="20260517120000", valve_shut=False,
                        valve_fault=False, battery_low=False)  # fmt: skip
        if self._heat:
            self.values.add(energy=54427.88, power=3.21, flow=0.27, supply=48.15, back=39.64, hours=5834)

    def asked(self, frame: bytes) -> bool:
        """Whether it is the one; any type of its ten will do."""
        frame = sound(frame, _HEAD)
        return frame[2:9] == self._wire_address() and frame[1] // 16 == self.type // 16

    def answer(self, frame: bytes) -> bytes | None:
        """Everything at once. Its serial number is its own: not all meters repeat that of the request."""
        frame = sound(frame, _HEAD)
        control, data = frame[9], frame[_HEAD:-2]
        if control & 0x80:
            return None
        self._serial = (self._serial + 1) % 256
        if control != 0x01 or data[:2] != self._identifier:
            return self._say(control | 0xC0, bytes([self._serial]) + self._status())
        body = self._heat_body() if self._heat else self._flow_body()
        return self._say(0x81, self._identifier + bytes([self._serial]) + body)

    def disguised(self, answer: bytes) -> bytes:
        """Another number answers."""
        frame = bytearray(answer.lstrip(b"\xfe")[:-2])
        frame[2] ^= 0x01
        return summed(bytes(frame))

    def _wire_address(self) -> bytes:
        return bytes.fromhex(self.address)[::-1]

    def _say(self, control: int, data: bytes) -> bytes:
        return b"\xfe\xfe" + summed(b"\x68" + bytes([self.type]) + self._wire_address()
                                    + bytes([control, len(data)]) + data)  # fmt: skip

    def _number(self, name: str, size: int = 4) -> bytes:
        return decimal(self.values.now(name, self.clock.now()), size, 2)

    def _clock(self) -> bytes:
        return bytes.fromhex(str(self.values.all()["clock"]))[::-1]

    def _status(self) -> bytes:
        names = ("valve_shut", "valve_fault", "battery_low")
        return bytes([sum(self.values.flag(name) << bit for bit, name in enumerate(names)), 0])

    def _flow_body(self) -> bytes:
        return (self._number("volume") + _CUBIC_METRES + self._number("volume_settled") + _CUBIC_METRES
                + self._clock() + self._status())  # fmt: skip

    def _heat_body(self) -> bytes:
        hours = decimal(self.values.number("hours"), 3, 0)
        return (
            decimal(0, 4, 2) + _KWH + self._number("energy") + _KWH + self._number("power") + _KW
            + self._number("flow") + _CUBIC_METRES_AN_HOUR + self._number("volume") + _CUBIC_METRES
            + self._number("supply", 3) + self._number("back", 3) + hours + self._clock() + self._status()
        )  # fmt: skip
