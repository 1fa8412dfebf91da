"""Values that are multiplied by other values of the device: bad until those were read, anew when those change."""

from collections.abc import Callable
from typing import Any

import pytest

from drivers.modbus import Device
from drivers.modbus.profile import Profile
from gatehouse.driver import DriverError, Sample, Scan
from gatehouse.points import Quality

Made = Callable[..., Profile]
METER: dict[str, dict[str, Any]] = {
    "pt": {"address": 100, "kind": "slow", "period": "60s"},
    "ct": {"address": 101, "kind": "slow", "period": "60s"},
    "volts": {"scale": 0.1, "times": ["pt"]},
    "watts": {"address": 1, "form": "s16", "times": ["pt", "ct"]},
    "hertz": {"address": 2, "scale": 0.01},
}


def scan_of(device: Device, channel: str) -> Scan:
    return next(scan for scan in device.scans() if channel in scan.points)


def give(device: Device, channel: str, *words: int) -> dict[str, Sample]:
    data = b"".join(word.to_bytes(2, "big") for word in words)
    return dict(device.read(scan_of(device, channel), bytes((4, len(data))) + data))


def test_bad_until_the_factors_were_read(made: Made) -> None:
    device = Device(1, made(METER))
    samples = give(device, "volts", 1000, 5, 5001)
    assert samples["hertz"] == Sample(50.01)
    assert samples["watts"] == Sample(None, Quality.BAD, "it is multiplied by pt and ct, not read yet or implausible")
    assert give(device, "pt", 10, 40) == {"pt": Sample(10), "ct": Sample(40)}
    samples = give(device, "volts", 1001, 0xFFFB, 5001)
    assert samples == {"volts": Sample(1001.0), "watts": Sample(-2000), "hertz": Sample(50.01)}


def test_a_product_has_the_decimals_of_all_its_factors(made: Made) -> None:
    points = {"ct": {"scale": 0.01}, "amps": {"address": 1, "scale": 0.001, "times": ["ct"]}}
    assert give(Device(1, made(points)), "ct", 333, 1001)["amps"] == Sample(3.33333)


def test_a_product_with_a_float_has_seven_digits(made: Made) -> None:
    points = {"ct": {"form": "float32"}, "amps": {"address": 2, "scale": 0.1, "times": ["ct"]}}
    assert give(Device(1, made(points)), "ct", 0x3DCC, 0xCCCD, 3)["amps"] == Sample(0.03)


def test_factors_may_have_factors(made: Made) -> None:
    points = {"watts": {"times": ["ratio"]}, "ratio": {"address": 1, "times": ["ct"]}, "ct": {"address": 2}}
    samples = give(Device(1, made(points)), "watts", 3, 5, 7)
    assert [samples[name].value for name in ("watts", "ratio", "ct")] == [105, 35, 7]


def test_a_bad_factor_makes_no_value(made: Made) -> None:
    points = {"ct": {"invalid": [0]}, "amps": {"address": 1, "times": ["ct"]}}
    device = Device(1, made(points))
    assert give(device, "ct", 0, 5)["amps"].quality is Quality.BAD
    assert give(device, "ct", 2, 5)["amps"] == Sample(10)
    assert give(device, "ct", 0, 6)["amps"].quality is Quality.BAD


def test_an_implausible_factor_makes_no_value(made: Made) -> None:
    """A ratio of 0 would make a good 0 of any current."""
    points = {"ct": {"low": 1, "high": 9999}, "amps": {"address": 1, "times": ["ct"]}}
    device = Device(1, made(points))
    assert give(device, "amps", 40, 3)["amps"] == Sample(120)
    assert give(device, "amps", 0, 3)["amps"].quality is Quality.BAD
    assert give(device, "amps", 10000, 3)["amps"].quality is Quality.BAD


def test_what_a_factor_made_is_read_anew_when_the_factor_is_none_any_more(made: Made) -> None:
    """Its own answer would be the same bytes as before, which nobody looks at."""
    device = Device(1, made(METER | {"ct": METER["ct"] | {"low": 1}}))
    give(device, "pt", 10, 40)
    before = scan_of(device, "watts").name
    with pytest.raises(DriverError, match="ct changed"):
        give(device, "pt", 10, 0)
    assert device.learn(scan_of(device, "pt"), bytes.fromhex("04 04 000A 0000"))
    assert scan_of(device, "watts").name != before
    assert give(device, "pt", 10, 0)["ct"] == Sample(0)  # it is the daemon that holds it against low
    assert give(device, "volts", 1001, 5, 5001)["watts"].quality is Quality.BAD


def test_a_product_beyond_all_numbers_is_none(made: Made) -> None:
    many = {f"f{n}": {"address": 2 * n, "form": "float32"} for n in range(9)}
    points = many | {"amps": {"address": 18, "form": "float32", "times": list(many)}}
    words = [0x7F00, 0] * 10
    assert give(Device(1, made(points)), "amps", *words)["amps"].quality is Quality.BAD


def test_when_a_factor_changes_all_that_it_multiplies_is_read_anew(made: Made) -> None:
    """The registers of the others may be the same bytes that mean other values now; a line would not look again."""
    device = Device(1, made(METER))
    give(device, "pt", 10, 40)
    give(device, "volts", 1000, 5, 5000)
    before, factors = scan_of(device, "volts").name, scan_of(device, "pt")
    answer = bytes.fromhex("04 04 000A 0050")
    with pytest.raises(DriverError, match="ct changed: what is multiplied by it is read anew"):
        device.read(factors, answer)
    assert device.learn(factors, answer)
    assert scan_of(device, "volts").name != before
    assert give(device, "volts", 1000, 5, 5000)["watts"] == Sample(4000)
    assert give(device, "pt", 10, 80) == {"pt": Sample(10), "ct": Sample(80)}


def test_what_came_back_may_be_another_meter(made: Made) -> None:
    device = Device(1, made(METER))
    give(device, "pt", 10, 40)
    device.prepare()
    assert give(device, "volts", 1000, 5, 5000)["volts"].quality is Quality.BAD
