import pytest

from simulators.clock import HandClock
from simulators.units.xy_md02 import Device


@pytest.mark.parametrize(("celsius", "register"), [(24.6, 246), (-10.1, 0x10000 - 101), (0.0, 0)])
def test_tenths_of_degrees_with_a_sign(clock: HandClock, celsius: float, register: int) -> None:
    sensor = Device(1, clock)
    sensor.values.set("temperature", celsius)
    assert sensor.read_registers(1, 2) == [register, 513]


def test_corrections_are_added(clock: HandClock, talk) -> None:
    sensor = Device(1, clock)
    assert talk(sensor, "01 06 01 03 FF F6") == "01 06 01 03 FF F6"
    assert talk(sensor, "01 04 00 01 00 02") == "01 04 04 00 EC 02 01"


def test_settings(clock: HandClock, talk) -> None:
    sensor = Device(1, clock)
    assert talk(sensor, "01 03 01 01 00 02") == "01 03 04 00 01 25 80"
    assert talk(sensor, "01 06 01 01 00 07") == "01 06 01 01 00 07"
    assert sensor.address == 7
    assert talk(sensor, "07 06 01 05 00 07") == "07 86 02"
    assert talk(sensor, "07 06 01 01 00 F8") == "07 86 03"
