"""The scenes of the demo, in the order in which they are told. Each begins and ends with the estate at rest."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.screen import Words
from simulators.stage import Pace
from simulators.story import Story

PACE = Pace()
ALLOWED = 0.3
"""Seconds from the fire contact to the release command at the device, at worst."""
_FAILED = 1.0
"""Later than this is no slow machine any more."""

RESIDENT, DRIVER, STRANGER = "0004712345", "0004712346", "0009999999"
ZONE, FIRE = "zones.b12", "zones.b12.fire"
DOORS, LANES = ("doors.north", "doors.east", "doors.unit12"), ("lanes.in", "lanes.out")
GUARD, CHIEF, ELECTRICIAN = "值班员李四", "值班长王敏", "电工周师傅"


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that happens in an estate."""

    name: str
    words: Words
    play: Callable[[Story], Awaitable[None]]
    needs: tuple[str, ...]
    """What the site must have."""


async def _resident(story: Story) -> None:
    """A card that is good."""
    north = "doors.north"
    await story.act(
        north,
        Words("李秀英在读头上刷卡", "resident Li Xiuying holds her card to the reader"),
        "swipe",
        reader="north",
        number=RESIDENT,
    )
    await story.happens(north, "unlocked", Words("门锁松开", "the lock lets go"))
    await story.hears("access.granted", north, card=RESIDENT, person="李秀英")
    await story.act(
        north, Words("她推门走进来", "she pushes the door and walks in"), "door", door="north", do="push", seconds=1.0
    )
    await story.happens(north, "opened", Words("门开了", "the door opens"))
    await story.happens(north, "shut", Words("门在她身后关上", "the door falls shut behind her"))
    await story.happens(north, "locked", Words("门锁自动锁上", "the lock holds again"), PACE.unlock + 3)


async def _stranger(story: Story) -> None:
    """A card that nobody has registered."""
    north = "doors.north"
    await story.act(
        north,
        Words("陌生人刷一张没登记的卡", "a stranger holds up a card that nobody registered"),
        "swipe",
        reader="north",
        number=STRANGER,
    )
    await story.hears("access.denied", north, card=STRANGER, reason="unknown")
    await story.act(north, Words("他推门试试", "he tries the door"), "door", door="north", do="push", seconds=1.0)
    await story.happens(north, "pushed in vain", Words("门没有开", "it stays shut"))


async def _forced(story: Story) -> None:
    """A door that was opened with a crowbar."""
    east, alarm = "doors.east", "doors.east.forced"
    await story.act(east, Words("有人把东门撬开", "someone breaks the east door open"), "door", door="east", do="force")
    await story.hears("alarm.raised", east, alarm=alarm)
    await story.act(east, Words("保安把门关上", "a guard shuts it"), "door", door="east", do="shut")
    await story.hears("alarm.returned", east, alarm=alarm)
    await story.types(GUARD, "alarm", "ack", alarm)
    await story.hears("alarm.acknowledged", east, alarm=alarm)


async def _barrier(story: Story) -> None:
    """A car is let in while another one stands under the boom."""
    lane = "lanes.in"

    def boom(state: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = state["lanes"]["in"]
        return found

    await story.act(
        lane, Words("王建国的车开到道闸前", "resident Wang Jianguo drives up"), "car", lane="in", do="arrives"
    )
    await story.act(lane, Words("他刷卡", "he holds his card out"), "swipe", reader="lane-in", number=DRIVER)
    await story.happens(lane, "rises", Words("道闸起杆", "the boom rises"))
    await story.hears("access.granted", lane, card=DRIVER)
    await story.happens(lane, "up", Words("杆到顶", "the boom is up"), 8)
    await story.act(
        lane,
        Words("第二辆车紧跟着开到杆下", "a second car follows right under the boom"),
        "car",
        lane="in",
        do="arrives",
    )
    await story.act(lane, Words("王建国开进小区", "Wang drives in"), "car", lane="in", do="drives")
    await story.happens(
        lane, "car through", Words("第一辆车已进，第二辆停在杆下", "first car in, the second stands below")
    )
    await story.stays(
        lane,
        Words("时间已到，杆下有车：道闸不落", "time is up, a car stands below: the boom waits"),
        lambda state: boom(state)["position"] == 1 and boom(state)["cars"] == 1,
        PACE.stay - 2,
    )
    await story.act(lane, Words("第二辆车倒车离开", "the second car backs away"), "car", lane="in", do="leaves")
    await story.happens(lane, "falls", Words("道闸落杆", "the boom falls"))
    await story.happens(lane, "down", Words("杆已落到底", "the boom is down"), 6)
    await story.stands(
        lane,
        Words("杆没有碰到任何车，也没有在车上方下落", "it never touched a car, nor fell over one"),
        lambda state: boom(state)["hits"] == 0 and boom(state)["falls_over_cars"] == 0,
    )


async def _leakage(story: Story) -> None:
    """Residual current that rises, as it does long before a cable burns."""
    zone, device = "zones.b12", "devices.b12"
    warning, alarm = "b12-leakage.warning", "b12-leakage.alarm"
    late = PACE.delay + 4
    await story.act(
        device,
        Words("剩余电流升到 350 mA（预警值 300）", "residual current rises to 350 mA (warning at 300)"),
        "set",
        device="b12",
        field="rms1",
        value=0.35,
    )
    await story.hears("alarm.raised", zone, late, alarm=warning)
    await story.act(
        device,
        Words("继续升到 620 mA（报警值 500）", "it rises to 620 mA (alarm at 500)"),
        "set",
        device="b12",
        field="rms1",
        value=0.62,
    )
    await story.hears("alarm.raised", zone, late, alarm=alarm)
    await story.act(
        device,
        Words("电工断开故障回路，电流回到 40 mA", "an electrician takes the faulty circuit off: 40 mA"),
        "set",
        device="b12",
        field="rms1",
        value=0.04,
    )
    await story.hears("alarm.returned", zone, late, alarm=alarm)
    await story.types(ELECTRICIAN, "alarm", "ack", warning)
    await story.hears("alarm.acknowledged", zone, alarm=warning)
    await story.types(ELECTRICIAN, "alarm", "reset", alarm)
    await story.hears("alarm.reset", zone, alarm=alarm)


async def _fire(story: Story) -> None:
    """Everything goes free, and stays so until a person resets it by name."""
    await _release(story)
    await _reset(story)


def _free(state: Mapping[str, Any]) -> bool:
    open_doors = all(state["doors"][door.partition(".")[2]]["unlocked"] for door in DOORS)
    return open_doors and all(state["lanes"][lane.partition(".")[2]]["position"] == 1 for lane in LANES)


async def _release(story: Story) -> None:
    zone, alarm = ZONE, FIRE
    await story.act(
        zone,
        Words("12栋烟感动作，消防主机触点闭合", "smoke in building 12: the fire panel's contact closes"),
        "fire",
        zone="b12",
        on=True,
    )
    await story.hears("alarm.raised", zone, alarm=alarm)
    times = {door: await story.happens(door, "unlocked", Words("门锁松开", "unlocked")) for door in DOORS}
    times |= {lane: await story.happens(lane, "rises", Words("道闸起杆", "the boom rises")) for lane in LANES}
    times["outputs.siren"] = await story.happens("outputs.siren", "on", Words("声光报警器响起", "the siren sounds"))
    for lane in LANES:
        await story.happens(lane, "up", Words("杆到顶", "the boom is up"), 8)
    story.screen.bars(
        Words("从触点闭合到指令到达设备", "from the contact to the command at the device"),
        {f"{story.place(subject)} {subject}": seconds for subject, seconds in times.items()},
        ALLOWED,
    )
    if max(times.values()) > _FAILED:
        story.fail(story.place(zone), Words("放行太慢", "the release was too slow"), [f"{max(times.values()):.2f} s"])


async def _reset(story: Story) -> None:
    """Nobody but a person ends a release, and only once the contact is clear."""
    zone, alarm = ZONE, FIRE
    await story.types(GUARD, "lane", "in", "close", "--reason", "车流太大", refused=True)
    await story.hears("command.refused", "lanes.in")
    await story.act(
        zone, Words("火已扑灭，触点断开", "the fire is out, the contact opens"), "fire", zone="b12", on=False
    )
    await story.hears("alarm.returned", zone, alarm=alarm)
    await story.stays(
        zone, Words("未经复位：门仍敞开，杆仍抬起", "not reset yet: doors stay free, booms stay up"), _free, 1.5
    )
    await story.types(CHIEF, "alarm", "ack", alarm)
    await story.hears("alarm.acknowledged", zone, alarm=alarm)
    await story.types(CHIEF, "zone", "b12", "reset")
    await story.hears("alarm.reset", zone, alarm=alarm)
    for door in DOORS:
        await story.happens(door, "locked", Words("重新上锁", "locked again"))
    await story.happens("outputs.siren", "off", Words("声光报警器停止", "the siren stops"))
    for lane in LANES:
        await story.happens(lane, "down", Words("杆已落到底", "the boom is down"), 8)


SCENES = {
    scene.name: scene
    for scene in (
        Scene("resident", Words("住户刷卡进门", "A resident's card opens the north door"), _resident, ("doors.north",)),
        Scene("stranger", Words("陌生卡被拒绝", "A stranger's card is refused"), _stranger, ("doors.north",)),
        Scene("forced", Words("门被强行打开", "A door is forced"), _forced, ("doors.east",)),
        Scene("barrier", Words("放车进来，杆下还有车", "A car is let in, another stands under the boom"), _barrier,
              ("lanes.in",)),
        Scene("leakage", Words("剩余电流升高", "Leakage current rises"), _leakage, ("devices.b12", "zones.b12")),
        Scene("fire", Words("火警：全部放行，按名复位", "Fire: all free, reset by name"), _fire,
              ("zones.b12", "doors.north", "doors.east", "doors.unit12", "lanes.in", "lanes.out", "outputs.siren")),
    )
}  # fmt: skip
