"""A three-phase electricity meter that speaks DL/T 645-2007 (after the tables of 600888/dlt645)."""

from collections.abc import Mapping
from typing import Any

from simulators.clock import Clock
from simulators.meter import Meter, decimal, sound, summed

_HEAD = 10
_ANYBODY = b"\xaa" * 6
_NO_SUCH = 0x02
_NUMBERS = {
    0x00000000: ("energy", 4, 2), 0x00010000: ("energy_import", 4, 2), 0x00020000: ("energy_export", 4, 2),
    0x02010100: ("volts_a", 2, 1), 0x02010200: ("volts_b", 2, 1), 0x02010300: ("volts_c", 2, 1),
    0x02020100: ("amps_a", 3, 3), 0x02020200: ("amps_b", 3, 3), 0x02020300: ("amps_c", 3, 3),
    0x02030000: ("power", 3, 4), 0x02030100: ("power_a", 3, 4), 0x02030200: ("power_b", 3, 4),
    0x02030300: ("power_c", 3, 4), 0x02040000: ("reactive", 3, 4), 0x02050000: ("apparent", 3, 4),
    0x02060000: ("power_factor", 2, 3), 0x02800001: ("amps_neutral", 3, 3), 0x02800002: ("hertz", 2, 2),
    0x02800007: ("temperature", 2, 1),
}  # fmt: skip
_DIGITS = {0x04000101: "date", 0x04000102: "time"}
_WORDS = {0x04000500 + number: f"status{number}" for number in range(1, 8)}
_OWN_NUMBER = 0x04000401


class Device(Meter):
    """Reads (11) and the reading of its address (13)."""

    def __init__(self, settings: Mapping[str, Any], clock: Clock) -> None:
        wanted = settings.get("address")
        super().__init__({"address": "000000000001"} if wanted == "A" * 12 else settings, clock)
        self.waking = 2
        """FE before each of its answers."""
        self.values.add(
            energy=1523.42, energy_import=1530.02, energy_export=6.6, volts_a=229.8, volts_b=231.4, volts_c=230.6,
            amps_a=3.214, amps_b=2.871, amps_c=4.006, power=2.2041, power_a=0.7012, power_b=0.6321, power_c=0.8708,
            reactive=0.4331, apparent=2.2463, power_factor=0.981, amps_neutral=0.321, hertz=50.01, temperature=31.5,
            date="26051705", time="120000", **dict.fromkeys(_WORDS.values(), 0),
        )  # fmt: skip

    def asked(self, frame: bytes) -> bool:
        """Whether it is the one."""
        frame = sound(frame, _HEAD)
        return frame[7:8] == b"\x68" and frame[1:7] in {self._wire_address(), _ANYBODY}

    def answer(self, frame: bytes) -> bytes | None:
        """Its values, its address, or that there is no such value."""
        frame = sound(frame, _HEAD)
        control, data = frame[8], bytes((byte - 0x33) % 256 for byte in frame[_HEAD:-2])
        if control == 0x13:
            return self._say(0x93, self._wire_address())
        if control != 0x11 or len(data) < 4:
            return None
        value = self._value(int.from_bytes(data[:4], "little"))
        return self._say(0xD1, bytes([_NO_SUCH])) if value is None else self._say(0x91, data[:4] + value)

    def disguised(self, answer: bytes) -> bytes:
        """The number one higher answers."""
        frame = bytearray(answer.lstrip(b"\xfe")[:-2])
        frame[6] ^= 0x01
        return summed(bytes(frame))

    def _wire_address(self) -> bytes:
        return bytes.fromhex(self.address)[::-1]

    def _say(self, control: int, data: bytes) -> bytes:
        head = b"\x68" + self._wire_address() + bytes([0x68, control, len(data)])
        return b"\xfe" * self.waking + summed(head + bytes((byte + 0x33) % 256 for byte in data))

    def _value(self, identifier: int) -> bytes | None:
        if identifier in _NUMBERS:
            name, size, places = _NUMBERS[identifier]
            return decimal(self.values.now(name, self.clock.now()), size, places)
        if identifier in _DIGITS:
            return bytes.fromhex(str(self.values.all()[_DIGITS[identifier]]))[::-1]
        if identifier in _WORDS:
            return self.values.number(_WORDS[identifier]).to_bytes(2, "little")
        return self._wire_address() if identifier == _OWN_NUMBER else None
