"""A profile says what a product is; what it cannot mean is refused in words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from drivers.modbus import Device
from drivers.modbus.profile import Profile

SHIPPED = sorted((Path(__file__).parents[4] / "config/profiles").rglob("*.yaml"))
NEEDED = {
    "waveshare/rtu-relay": {"relay1", "relay8"},
    "waveshare/rtu-relay-d": {"relay1", "relay8", "input1", "input8"},
    "bender/rcms410": {"rms1", "rms4", "ac1", "dc1", "messages"},
    "lingxun/lx47le-125": {"current_residual", "temperature_n", "temperature_a", "closed", "locked", "trip_reason"},
    "eastron/sdm230": {"volts", "amps", "watts", "hertz", "energy"},
    "xy-md02": {"temperature", "humidity"},
}


def test_the_six_are_shipped() -> None:
    names = {str(file).partition("profiles/")[2].removesuffix(".yaml") for file in SHIPPED}
    assert names >= NEEDED.keys()


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_shipped_profile_builds_a_device(file: Path) -> None:
    profile = Profile.model_validate(YAML(typ="safe").load(file))
    device = Device(1, profile)
    scanned = [channel for scan in device.scans() for channel in scan.points]
    assert sorted(scanned) == sorted(point.name for point in device.points())
    assert len(set(scanned)) == len(scanned)
    assert profile.source
    assert not profile.hardware, "nobody has run one here; say otherwise only after having done so"
    for scan in device.scans():
        assert device.ask(scan).request
        assert device.ask(scan).expected <= 256


@pytest.mark.parametrize(("name", "channels"), NEEDED.items())
def test_the_channels_that_sites_name_are_there(
    name: str, channels: set[str], profile: Callable[[str], Profile]
) -> None:
    assert {point.name for point in Device(1, profile(name)).points()} >= channels


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"table": "coil", "scale": 0.1}, "a coil is on or off: it has no scale"),
        ({"table": "discrete", "form": "u16"}, "it has no form"),
        ({"table": "discrete", "writable": True}, "a discrete cannot be written"),
        ({"table": "input", "writable": True}, "a input cannot be written"),
        ({"byte": "high", "bit": 3}, "byte and bit are different ways"),
        ({"form": "float32", "bit": 3}, "a float32 has no slices"),
        ({"bits": [5, 2]}, "write lowest first"),
        ({"table": "holding", "form": "u32", "writable": True}, "only whole 16-bit registers"),
        ({"address": 65535, "form": "u32"}, "reaches beyond address 65535"),
        ({"flash_on": {"address": 512}}, "flash_on and flash_off are writes to coils"),
        ({"period": 5}, "write a number and its unit, such as 100ms or 10s"),
        ({"period": "5"}, "write a number and its unit"),
        ({"adress": 5}, "Extra inputs are not permitted"),
        ({"kind": "urgent"}, "'safety', 'access', 'measure' or 'slow'"),
    ],
)
def test_what_makes_no_sense_is_refused(entry: dict[str, Any], message: str, made: Callable[..., Profile]) -> None:
    with pytest.raises(ValidationError) as refusal:
        made({"thing": entry})
    assert message in str(refusal.value)


def test_a_channel_cannot_come_twice(made: Callable[..., Profile]) -> None:
    with pytest.raises(ValidationError, match="relay2 comes twice"):
        made({"relay": {"table": "coil", "count": 4}, "relay2": {"table": "coil"}})


def test_worst_is_not_shorter_than_patience(made: Callable[..., Profile]) -> None:
    with pytest.raises(ValidationError, match="worst"):
        made({"thing": {}}, limits={"patience": "1s", "worst": "500ms"})
