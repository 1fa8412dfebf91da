from pathlib import Path
from typing import Any

import pytest

from simulators.clock import HandClock
from simulators.estate import Estate, known
from simulators.site import SiteError, read

SMALL = Path("config/small/site.yaml")


def estate(site: dict[str, Any], tmp_path: Path) -> Estate:
    return Estate(site, tmp_path, HandClock(), pace=True)


def site(**changes: Any) -> dict[str, Any]:
    board = {"line": "gate", "driver": "modbus", "profile": "waveshare/rtu-relay-d", "unit": 1}
    return {"lines": {"gate": {"serial": "/dev/x"}}, "devices": {"io1": board}, **changes}


def test_everything_that_is_simulated_is_known_by_the_name_of_its_profile() -> None:
    assert known() == [
        "bender/rcms410",
        "cjt188",
        "dlt645",
        "eastron/sdm230",
        "gb26875",
        "gb45839",
        "lingxun/lx47le-125",
        "rdm6300",
        "waveshare/rtu-relay",
        "waveshare/rtu-relay-d",
        "xy-md02",
    ]


def test_every_known_profile_has_its_file_and_the_other_way_round() -> None:
    profiles = Path("config/profiles")
    there = {file.relative_to(profiles).with_suffix("").as_posix() for file in profiles.rglob("*.yaml")}
    assert set(known()) - {"rdm6300", "dlt645", "cjt188", "gb26875", "gb45839"} <= there


async def test_the_small_site_stands_as_it_is_written(tmp_path: Path) -> None:
    small = estate(read(SMALL), tmp_path)
    assert list(small.doors) == ["north", "east", "unit12"]
    assert list(small.booms) == ["in", "out"]
    assert list(small.readers) == ["north", "lane-in"]
    assert len(small.units) == 7
    assert small.state()["hit"] is False


async def test_doors_booms_and_fire_are_wired_to_their_boards(tmp_path: Path) -> None:
    small = estate(read(SMALL), tmp_path)
    io1, io2 = small.units["io1"], small.units["io2"]
    for board in (io1, io2):
        board.write_block(0x1000, [0] * 8)
    small.doors["unit12"].force()
    small.fires["b12"][0].hold(True)
    assert io1.read_inputs(0, 8) == [False] * 4 + [True, False, False, True]
    small.booms["out"].arrive()
    assert io2.read_inputs(0, 8) == [False, False, True, True, False, True, False, False]
    small.units["relays"].write_coil(0, 0xFF00)
    assert small.diary.after(0)[-1]["subject"] == "outputs.siren"


async def test_inverted_inputs_are_turned_round(tmp_path: Path) -> None:
    inverted = site(doors={"north": {"lock": "io1.relay1", "contact": "io1.input1"}})
    inverted["devices"]["io1"]["inverted"] = ["input1"]
    standing = estate(inverted, tmp_path)
    assert standing.units["io1"].read_inputs(0, 1) == [True]
    standing.doors["north"].force()
    assert standing.units["io1"].read_inputs(0, 1) == [False]


BOARD = site()["devices"]["io1"]
METER = {"line": "gate", "driver": "dlt645", "address": "012345678901"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"devices": {"io1": BOARD | {"profile": "acme/x"}}}, r"devices\.io1\.profile: 'acme/x'.*know: bender/rcms410"),
        ({"devices": {"io1": BOARD | {"driver": "osdp"}}}, r"devices\.io1\.driver: 'osdp' cannot be simulated"),
        ({"devices": {"io1": BOARD | {"line": "gat"}}}, r"devices\.io1\.line: 'gat' is no line; there are: gate"),
        ({"devices": {"io1": BOARD | {"unit": 0}}}, r"devices\.io1\.unit: .* from 1 to 255"),
        ({"lines": {"gate": {"serial": "x", "baud": "fast"}}}, r"lines\.gate\.baud: .* found 'fast'"),
        (
            {"lines": {"gate": {"serial": "x", "format": 80.0}}},
            r"lines\.gate\.format: .* found 80.0 \(8E1 without quotes",
        ),
        ({"doors": {"n": {"lock": "io9.relay1"}}}, r"doors\.n\.lock: 'io9.relay1' .* there are: io1"),
        ({"doors": {"n": {"lock": "io1.relay9"}}}, r"doors\.n\.lock: io1 has no terminal 'relay9'; it has: relay1"),
        ({"doors": {"n": {}}}, r"doors\.n\.lock: missing"),
        (
            {"devices": {"m": METER | {"address": 12345678901}}},
            r"devices\.m\.address: 12 digits in quotes .* 12345678901",
        ),
        ({"lines": {"gate": {"tcp": "a:1"}}, "devices": {"m": METER}}, "dlt645 needs a line that is serial"),
        ({"lines": {"gate": {"tcp": "a:1"}}, "devices": {"r": {"line": "gate", "driver": "rdm6300"}}}, "not tcp"),
    ],
)
async def test_what_cannot_be_simulated_is_named_with_what_can(tmp_path: Path, changes: Any, says: str) -> None:
    with pytest.raises(SiteError, match=says):
        estate(site(**changes), tmp_path)


PANEL = {"line": "fire", "driver": "gb26875", "address": 889, "centre": 88888}


async def test_a_fire_panel_stands_on_a_line_that_calls(tmp_path: Path) -> None:
    """Its terminals are its bits; a zone's contact may be one of them."""
    heads = {"stair": {"place": "10-2"}, "mains": {"device": "mains"}, "heat": {"place": "10-2", "analog": 3}}
    standing = estate(
        site(
            lines={"gate": {"serial": "/dev/x"}, "fire": {"listen": "10.0.0.1:5200", "peer": "10.0.0.9"}},
            devices={"panel": PANEL | {"channels": heads}},
            zones={"b12": {"fire": ["panel.stair"]}},
        ),
        tmp_path,
    )
    panel = standing.panels["panel"]
    assert panel.channels == ("fire", "fault", "stair", "mains")
    standing.fires["b12"][0].hold(True)
    assert [panel.sense(each) for each in panel.channels] == [False, False, True, False]
    assert panel.state()["untold"] == 1
    assert standing.lines["fire"].port.address["peer"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("device", "said"),
    [
        (PANEL | {"line": "gate"}, "on a line with listen"),
        (PANEL | {"check": "xor"}, "only sum"),
        (PANEL | {"centre": "x"}, "devices.panel.centre: a number"),
        ({"line": "fire", "driver": "rdm6300"}, "one gb26875"),
    ],
)
def test_panels_that_cannot_be_simulated(device: dict[str, Any], said: str, tmp_path: Path) -> None:
    lines = {"gate": {"serial": "/dev/x"}, "fire": {"listen": "10.0.0.1:5200"}}
    with pytest.raises(SiteError, match=said):
        estate(site(lines=lines, devices={"panel": device}), tmp_path)
