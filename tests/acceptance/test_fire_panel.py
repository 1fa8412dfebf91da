"""Fire panels call the running daemon over GB/T 26875.3: their fires open doors, whatever befalls the connection."""

from datetime import datetime

from simulators.fire_link import SEND, Frame, clock, component, pack
from tests.acceptance.conftest import HouseMaker
from tests.acceptance.house import House

CENTRE = 88888
ASKED = {61, 62, 81, 90}
"""States of systems, components and the device; the time of day."""
NOW = datetime(2026, 3, 1, 12, 0, 0)  # noqa: DTZ001 - a clock on a wall


def line(last: int) -> dict[str, object]:
    return {"listen": f"10.20.12.2:{5200 + last}", "peer": f"10.20.12.{last}"}


def panel(name: str, address: int) -> dict[str, object]:
    channels = {"stair": {"place": "10-2", "title": "3层烟感"}, "mains": {"device": "mains", "title": "主电故障"}}
    common = {"line": name, "driver": "gb26875", "address": address, "centre": CENTRE, "silence": 10.0, "sync": True}
    return common | {"channels": channels}


async def guarded(house: HouseMaker) -> House:
    zone = {"title": "试", "release": ["doors.unit12"], "sirens": ["siren"]}
    estate = await house(
        lines={"panel-a": line(30), "panel-b": line(31)},
        devices={"a": panel("panel-a", 889), "b": panel("panel-b", 890)},
        zones={"za": zone | {"fire": ["a.fire"]}, "zb": zone | {"fire": ["b.stair"]}},
    )
    await estate.guard()
    return estate


async def there(estate: House, name: str, *, online: bool, mark: int = 0) -> None:
    wanted = ("device.online" if online else "device.offline", f"devices.{name}")
    await estate.hears("property", lambda heard: (heard.kind, heard.subject) == wanted, mark, 15)


async def test_panels_call_report_fall_silent_and_return(house: HouseMaker) -> None:
    estate = await guarded(house)
    control, ear = estate.control, estate.ears["property"]
    for name in ("a", "b"):
        await there(estate, name, online=True)
        await control.until(lambda state, name=name: set(state["devices"][name]["orders"]) >= ASKED, 5)
    gone = ear.mark()
    await control.do("line", line="panel-b", plugged=False)

    number = (await control.state())["number"]
    data = bytes((2, 1)) + component((1, 1), 40, (10, 2), 2, "") + clock(NOW)
    addresses = [each.to_bytes(6, "little") for each in (889, CENTRE)]
    wrong = bytearray(pack(Frame(77, (1, 1), clock(NOW), *addresses, SEND, data)))
    wrong[-3] ^= 1
    await control.do("babble", line="panel-a", hex=f"404000{wrong.hex()}{wrong.hex()}ff")
    await control.do("fire", zone="za", on=True)
    await estate.alarm("zones.za.fire")
    await control.happened("doors.unit12", "unlocked", number)
    await control.happened("outputs.siren", "on", number)
    state = await control.until(lambda state: state["devices"]["a"]["untold"] == 0, 5)
    assert state["devices"]["a"]["faults"] == []
    heard = (await estate.status())["lines"]["panel-a"]["devices"]["a"]
    assert heard["online"], heard
    assert heard["crc"] >= 2, heard

    mark = ear.mark()
    await control.do("line", line="panel-a", plugged=False)
    await control.do("fire", zone="za", on=False)
    await control.do("line", line="panel-a", plugged=True)
    await estate.alarm("zones.za.fire", "alarm.returned", mark)

    await there(estate, "b", online=False, mark=gone)
    await control.do("fire", zone="zb", on=True)
    mark = ear.mark()
    await control.do("line", line="panel-b", plugged=True)
    await estate.alarm("zones.zb.fire", mark=mark)
    await there(estate, "b", online=True, mark=mark)
    assert not [each for each in ear.after(gone) if (each.kind, each.subject) == ("device.offline", "devices.a")]
    await estate.settled()
