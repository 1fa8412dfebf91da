from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from simulators.clock import HandClock
from simulators.control import app
from simulators.estate import Estate
from simulators.site import read


@pytest.fixture
def estate(clock: HandClock, tmp_path: Path) -> Estate:
    estate = Estate(read(Path("config/small/site.yaml")), tmp_path, clock, pace=True)
    for name in ("io1", "io2"):
        estate.units[name].write_block(0x1000, [0] * 8)
    return estate


@pytest.fixture
async def http(estate: Estate) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app(estate)), base_url="http://x") as client:
        yield client


async def test_values_are_set(http: httpx2.AsyncClient, estate: Estate) -> None:
    answer = await http.post("/set", json={"device": "b12", "field": "rms1", "value": 0.35})
    assert answer.json() == {"ok": True, "at": estate.clock.now()}
    assert (await http.get("/state")).json()["devices"]["b12"]["values"]["rms1"] == 0.35


async def test_cars_and_doors_and_fire(http: httpx2.AsyncClient, estate: Estate) -> None:
    await http.post("/car", json={"lane": "in", "do": "arrives"})
    await http.post("/door", json={"door": "north", "do": "force", "seconds": 5})
    await http.post("/fire", json={"zone": "b12", "on": True})
    state = (await http.get("/state")).json()
    assert state["lanes"]["in"]["cars"] == 1
    assert state["doors"]["north"]["open"]
    assert state["zones"]["b12"]["fire"] == [True]
    log = (await http.get("/log", params={"after": 1})).json()
    assert [line["subject"] for line in log["lines"]] == ["doors.north", "zones.b12.fire"]


async def test_a_press_is_let_go(http: httpx2.AsyncClient, estate: Estate, clock: HandClock) -> None:
    await http.post("/press", json={"device": "io1", "channel": "input4"})
    assert estate.units["io1"].read_inputs(3, 1) == [True]
    clock.advance(0.6)
    assert estate.units["io1"].read_inputs(3, 1) == [False]
    await http.post("/input", json={"device": "io1", "channel": "input4", "on": True})
    clock.advance(60)
    assert estate.units["io1"].read_inputs(3, 1) == [True]


async def test_faults_are_set_and_shown(http: httpx2.AsyncClient) -> None:
    answer = (await http.post("/unit", json={"device": "io1", "silent": True, "late_ms": 400, "corrupt": 2})).json()
    assert answer["unit"]["faults"] | {"silent": True, "late": 0.4, "corrupt": 2} == answer["unit"]["faults"]
    answer = (await http.post("/unit", json={"device": "io1", "silent": False})).json()
    assert (answer["unit"]["faults"]["silent"], answer["unit"]["faults"]["corrupt"]) == (False, 2)
    answer = (await http.post("/line", json={"line": "gate", "noise": 0.5, "cut": True})).json()
    assert answer["line"]["faults"] == {"cut": True, "noise": 0.5, "echo": False}


@pytest.mark.parametrize(
    ("verb", "body", "status", "says"),
    [
        ("fly", {}, 404, "no verb 'fly'; there are: set, drift, input"),
        ("set", {"device": "b13", "field": "rms1", "value": 1}, 404, "no device 'b13'; there are: io1"),
        ("set", {"device": "b12", "field": "rms9", "value": 1}, 400, "no value 'rms9'; there are: ac1"),
        ("set", {"device": "b12", "field": "rms1", "value": "hot"}, 400, "cannot become 'hot'"),
        ("input", {"device": "io1", "channel": "input9", "on": True}, 400, "it has: relay1"),
        ("input", {"device": "io1", "channel": "relay1", "on": True}, 400, "not an input"),
        ("swipe", {"reader": "north", "number": "471"}, 400, "ten decimal digits"),
        ("swipe", {"reader": "south", "number": "0004712345"}, 404, "there are: north, lane-in"),
        ("car", {"lane": "in", "do": "flies"}, 404, "arrives, leaves, drives"),
        ("car", {"lane": "in", "do": "leaves"}, 409, "no car stands at lanes.in"),
        ("fire", {"zone": "b12", "on": True, "which": 1}, 404, "1 fire contacts"),
        ("unit", {"device": "io1", "silent": 1}, 400, "bool is wanted"),
        ("unit", {"device": "io1", "corrupt": -1}, 400, "below 0"),
        ("unit", {"device": "io1", "deaf": True}, 400, "unknown: deaf; known here: device, late_ms"),
        ("babble", {"line": "building12", "hex": "00"}, 409, "gateway"),
        ("babble", {"line": "gate", "hex": "0g"}, 400, "hexadecimal"),
    ],
)
async def test_refusals_teach(http: httpx2.AsyncClient, verb: str, body: object, status: int, says: str) -> None:
    answer = await http.post(f"/{verb}", json=body)
    assert answer.status_code == status
    assert says in answer.json()["error"]


async def test_what_is_no_json_is_refused(http: httpx2.AsyncClient) -> None:
    assert (await http.post("/set", content=b"{")).status_code == 400
    assert (await http.get("/log", params={"after": "x"})).status_code == 400
