"""A profile says what a product is; what it cannot mean is refused in words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from drivers.modbus import Device
from drivers.modbus.profile import Mark, Profile
from gatehouse.driver import DriverError

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
    pushes = [name for name, (entry, _) in profile.channels.items() if profile.points[entry].self_clearing]
    assert sorted(scanned) == sorted(point.name for point in device.points() if point.name not in pushes)
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
        ({"form": "u8"}, "u8 is half a register: say byte: high or byte: low"),
        ({"form": "u32", "byte": "low"}, "byte cuts one register"),
        ({"bit": 16}, "bit 16: the highest is 15"),
        ({"form": "text"}, "a text says how many registers it takes"),
        ({"form": "text", "registers": 4, "scale": 0.1}, "a text has no scale"),
        ({"form": "bcd", "registers": 3}, "a bcd takes at most 2 registers"),
        ({"form": "bcd", "bit": 3}, "a bcd number has no slices"),
        ({"registers": 2}, "registers is for the forms bcd and text"),
        ({"chars": "low"}, "chars is for the form text"),
        ({"words": "low-first"}, "only numbers of several registers have an order of words"),
        ({"form": "u64", "words": "settled"}, "words: settled is for the forms u32, s32 and float32"),
        ({"table": "coil", "writable": True, "self_clearing": True, "inverted": True}, "what clears itself has no"),
        ({"self_clearing": True}, "self_clearing is for what is written: say writable: true"),
        ({"times": ["ct"]}, "there is no point ct"),
        ({"times": ["thing"]}, "thing go round in a circle"),
        ({"times": ["thing"], "bit": 1}, "only a number can be multiplied"),
        ({"only_if": "valid"}, "there is no point valid"),
        ({"only_if": "thing"}, "thing is neither true nor false"),
        ({"period": "0s"}, "greater than or equal to 0.02"),
        ({"period": "25h"}, "less than or equal to 86400"),
        ({"table": "coil", "flash_on": {"address": 5, "step": "0s"}}, "greater than 0"),
        ({"table": "coil", "flash_on": {"address": 5, "most": 0}}, "greater than or equal to 1"),
        ({"table": "coil", "count": 3, "flash_off": {"address": 65534}}, "its flash reaches beyond address 65535"),
        ({"scale": 0}, "scale: 0 would make the same of everything"),
        ({"scale": float("nan")}, "less than or equal"),
        ({"scale": float("inf")}, "less than or equal"),
        ({"offset": float("inf")}, "finite number"),
        ({"low": float("nan")}, "finite number"),
        ({"low": 5, "high": 1}, "low (5) is above high (1)"),
        ({"enum": {-1: "a"}, "flags_above": 3}, "flags_above wants an enum"),
        ({"flags_above": 3}, "flags_above wants an enum"),
    ],
)
def test_what_makes_no_sense_is_refused(entry: dict[str, Any], message: str, made: Callable[..., Profile]) -> None:
    with pytest.raises(ValidationError) as refusal:
        made({"thing": entry})
    assert message in str(refusal.value)


def test_the_push_of_a_button_may_be_a_register(made: Callable[..., Profile]) -> None:
    device = Device(
        1, made({"leak": {}, "reset": {"table": "holding", "address": 10, "writable": True, "self_clearing": True}})
    )
    assert device.write("reset", True).request.startswith(bytes.fromhex("01 06 00 0A 00 01"))
    assert [scan.points for scan in device.scans()] == [("leak",)]
    with pytest.raises(DriverError, match="only true"):
        device.write("reset", False)
    with pytest.raises(ValidationError, match="for what is written"):
        made({"reset": {"table": "holding", "self_clearing": True}})
    with pytest.raises(ValidationError, match="has no enum"):
        made({"reset": {"table": "holding", "writable": True, "self_clearing": True, "enum": {0: "no"}}})


def test_a_setting_may_be_owed_only_with_what_is_asked_for(made: Callable[..., Profile]) -> None:
    setting = {"table": "holding", "address": 59000, "values": [1], "why": "writes", "only_with": ["test"]}
    points = {"volts": {}, "test": {"table": "coil", "count": 2, "optional": True}}
    profile = made(points, prepare=[setting])
    assert not Device(1, profile).prepare()
    for also in (("test",), ("test2",)):
        [question] = Device(1, profile, also=also).prepare()
        assert question.request.startswith(bytes.fromhex("01 06 E6 78 00 01"))
    for name in ("volts", "amps"):
        with pytest.raises(ValidationError, match=f"only_with: {name} is no optional point"):
            made(points, prepare=[{**setting, "only_with": [name]}])


def test_a_channel_cannot_come_twice(made: Callable[..., Profile]) -> None:
    with pytest.raises(ValidationError, match="relay2 comes twice"):
        made({"relay": {"table": "coil", "count": 4}, "relay2": {"table": "coil"}})


@pytest.mark.parametrize("limits", [{"worst": "1h"}, {"patience": "6s", "worst": "7s"}, {"gap": "1m"}])
def test_no_device_keeps_its_line_for_minutes(limits: dict[str, str], made: Callable[..., Profile]) -> None:
    with pytest.raises(ValidationError, match="less than or equal to"):
        made({"thing": {}}, limits=limits)


def test_worst_is_not_shorter_than_patience(made: Callable[..., Profile]) -> None:
    with pytest.raises(ValidationError, match="worst"):
        made({"thing": {}}, limits={"patience": "1s", "worst": "500ms"})


@pytest.mark.parametrize(
    ("mark", "registers", "good", "bad"),
    [
        ({"expect": [2, 3]}, 1, b"\0\3", b"\3\0"),
        ({"form": "u32", "expect": [0x12345678]}, 2, b"\x12\x34\x56\x78", b"\x56\x78\x12\x34"),
        ({"form": "text", "text": "MRCD"}, 2, b"MRCD", b"CMDR"),
        ({"form": "text", "text": "MRC"}, 2, b"MRC\0", b"MR\0C"),
        ({"form": "text", "text": "RC", "chars": "low"}, 2, b"\0R\0C", b"R\0C\0"),
        ({"form": "text", "text": "RC", "chars": "high"}, 2, b"R\0C\0", b"\0R\0C"),
    ],
)
def test_a_mark_tells_a_product(mark: dict[str, Any], registers: int, good: bytes, bad: bytes) -> None:
    entry = Mark.model_validate({"table": "holding", "address": 0, **mark})
    assert entry.width == registers
    assert entry.fits(good)
    assert not entry.fits(bad)


@pytest.mark.parametrize("mark", [{}, {"form": "text"}, {"text": "MRCD"}, {"form": "text", "text": "A", "expect": [1]}])
def test_a_mark_says_one_thing(mark: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="write form: text and the text, or the numbers to expect"):
        Mark.model_validate({"table": "holding", "address": 0, **mark})


def test_how_it_leaves_the_factory(made: Callable[..., Profile]) -> None:
    assert made({"thing": {}}).line.baud is None
    profile = made({"thing": {}}, line={"baud": 19200, "format": "8E1", "unit": 247})
    assert (profile.line.baud, profile.line.format, profile.line.unit) == (19200, "8E1", 247)
    with pytest.raises(ValidationError, match="format"):
        made({"thing": {}}, line={"format": "9N1"})


VALID = {"table": "input", "address": 0, "bit": 0}


@pytest.mark.parametrize(
    ("valid", "limits", "message"),
    [
        (VALID | {"period": "2s"}, {}, "is read in another exchange: give both the same table, kind and period"),
        (VALID | {"kind": "safety"}, {}, "is read in another exchange"),
        ({"table": "discrete"}, {}, "is read in another exchange"),
        (
            VALID | {"address": 3},
            {},
            "does not stand beside it; where the registers between exist, say so with limits: bridge",
        ),
        (VALID | {"bit": 1, "only_if": "other"}, {}, "valid itself waits for other"),
    ],
)
def test_a_validity_is_read_with_what_it_says(
    valid: dict[str, Any], limits: dict[str, Any], message: str, made: Callable[..., Profile]
) -> None:
    points = {"thing": {"address": 1, "only_if": "valid"}, "valid": valid, "other": VALID}
    with pytest.raises(ValidationError, match=message):
        made(points, limits=limits)
    made(points | {"valid": VALID | {"address": 3}}, limits={"bridge": 1})


def test_factors_are_numbers(made: Callable[..., Profile]) -> None:
    with pytest.raises(ValidationError, match="times: word is no number"):
        made({"thing": {"times": ["word"]}, "word": {"address": 1, "enum": {1: "one"}}})
    with pytest.raises(ValidationError, match="a, b go round in a circle"):
        made(
            {
                "a": {"times": ["b"]},
                "b": {"address": 1, "times": ["a"]},
                "c": {"address": 2, "times": ["d"]},
                "d": {"address": 3},
            }
        )


def test_what_is_read_says_how_often(made: Callable[..., Profile]) -> None:
    title = {"zh": "点", "en": "point"}
    head = {
        "maker": "m",
        "model": "m",
        "title": title,
        "source": [{"text": "made up"}],
        "hardware": False,
        "grade": "B",
    }
    with pytest.raises(ValidationError, match="kind and period missing: say in which class it is read, and how often"):
        Profile.model_validate({**head, "points": {"thing": {"title": title, "table": "input", "address": 0}}})


def test_patience_is_not_shorter_than_usual(made: Callable[..., Profile]) -> None:
    with pytest.raises(ValidationError, match="shorter than usual"):
        made({"thing": {}}, limits={"usual": "400ms"})


def test_a_profile_that_is_copied_and_changed_is_planned_anew(made: Callable[..., Profile]) -> None:
    """What its devices share is of that very profile: with the old plan registers would be read by the old words."""
    one = made({"it": {"table": "input", "address": 1, "title": {"zh": "量", "en": "it"}, "kind": "measure"}})
    Device(unit=1, profile=one)
    moved = one.points["it"].model_copy(update={"address": 9})
    other = one.model_copy(update={"points": {"it": moved}})
    (scan,) = Device(unit=1, profile=other).scans()
    assert scan.name.startswith("input 9-9")
