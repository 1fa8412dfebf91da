"""What may be pasted into a site file: free names, and what stands there already."""

from typing import Any

import pytest

from daemon.config.site import SLUG, Device
from daemon.field.proposal import known_units, proposed

DEVICES = {
    "climate": Device(line="power", driver="modbus", profile="xy-md02", unit=3),
    "meter": Device(line="power", driver="modbus", profile="eastron/sdm220", unit=2),
    "other": Device(line="gate", driver="modbus", profile="xy-md02", unit=9),
    "kwh": Device(line="power", driver="dlt645", address="012345678901"),
}


def identified(driver: str, *profiles: tuple[str, float], **settings: Any) -> dict[str, Any]:
    likely = [{"profile": name, "fit": fit} for name, fit in profiles]
    first = {"profile": profiles[0][0] if profiles else ""} if driver == "modbus" else {}
    return {"driver": driver, "settings": first | settings, "likely": likely}


def test_units_of_this_line_are_known() -> None:
    assert known_units(DEVICES, "power") == {3: "climate", 2: "meter"}


def test_one_that_the_site_has_is_called_by_its_name() -> None:
    found = proposed(identified("modbus", ("xy-md02", 1.0), unit=3), "power", DEVICES, set(DEVICES))
    assert (found["known"], found["differs"]) == ("climate", False)
    meter = proposed(identified("dlt645", address="012345678901"), "power", DEVICES, set(DEVICES))
    assert (meter["known"], meter["differs"]) == ("kwh", False)


def test_a_twin_that_fits_as_well_is_no_difference_but_another_product_is() -> None:
    twins = identified("modbus", ("eastron/sdm230", 1.0), ("eastron/sdm220", 1.0), unit=2)
    assert not proposed(twins, "power", DEVICES, set())["differs"]
    worse = identified("modbus", ("eastron/sdm230", 1.0), ("eastron/sdm220", 0.5), unit=2)
    assert proposed(worse, "power", DEVICES, set()) == {
        "known": "meter",
        "written": "eastron/sdm220",
        "differs": True,
        "entry": {"line": "power", "driver": "modbus", "profile": "eastron/sdm230", "unit": 2},
    }


def test_the_same_address_on_another_line_is_another_device() -> None:
    assert proposed(identified("modbus", ("xy-md02", 1.0), unit=9), "power", DEVICES, set())["known"] == ""


@pytest.mark.parametrize(
    ("its", "name"),
    [
        (identified("modbus", ("waveshare/rtu-relay-d", 1.0), unit=1), "rtu-relay-d-1"),
        (identified("modbus", unit=17), "unit-17"),
        (identified("modbus", ("x/485_Ü!", 1.0), unit=4), "d-485_-4"),
        (identified("cjt188", address="78330011223344", type="gas"), "cjt188-3344"),
    ],
)
def test_names_are_made_of_product_and_address(its: dict[str, Any], name: str) -> None:
    taken: set[str] = set()
    assert proposed(its, "power", {}, taken)["name"] == name
    assert SLUG.fullmatch(name)
    assert proposed(its, "power", {}, taken)["name"] == f"{name}-2", "and are never given twice"
