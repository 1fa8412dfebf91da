"""Published frames become readings, and each is confirmed; whatever else is said is denied, or nobody's business."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.gb26875 import Channel, Device, explain
from gatehouse.points import Quality
from tests.unit.drivers.gb26875_vectors import FRAMES, LATER_TO_DEVICE, TIME, TO_CENTRE, by_hand, sealed

CONFIRMED_AT = datetime(2012, 9, 26, 9, 58, 35, tzinfo=timezone(timedelta(hours=8)))
CHANNELS = {
    "stair": Channel(place="10-2"),
    "mains": Channel(device="mains"),
    "panel": Channel(bit="fault"),
    "heat": Channel(place="10-2", analog=3, step=0.1, measures="°C"),
}


def device(**more: Any) -> Device:
    return Device(**({"address": 889, "centre": 88888, "channels": CHANNELS, "clock": lambda: CONFIRMED_AT} | more))


def said(data: str, sequence: int = 2) -> bytes:
    """A message of the device, added up by hand."""
    raw = bytes.fromhex(data)
    head = TO_CENTRE.replace("40 40 01 00", f"40 40 {sequence:02x} 00")
    return sealed(f"{head} {len(raw):02x} 00 02 {data}")


def hear(its: Device, raw: bytes, now: float = 0.0) -> tuple[dict[str, Any], bytes]:
    """Values of the good samples, and the reply."""
    heard = its.hear(raw, now)
    assert heard is not None
    found, samples = heard
    assert found.used == len(raw)
    return {name: sample.value for name, sample in samples.items() if sample.quality is Quality.GOOD}, found.reply


def test_a_published_fire_is_read_and_confirmed() -> None:
    """The confirmation is the published one, byte for byte."""
    its = device()
    assert hear(its, FRAMES["smoke"]) == ({"stair": True, "fire": True, "fault": False}, FRAMES["confirm"])
    assert hear(its, FRAMES["mains fault"]) == ({"mains": True, "fire": True, "fault": False}, FRAMES["confirm"])


def test_a_box_that_has_lost_its_time_hears_the_fire() -> None:
    """No year that the protocol knows: the confirmation bears the device's own time."""
    its = device(clock=lambda: datetime(1970, 1, 1, tzinfo=timezone.utc), sync=True)  # noqa: UP017 - beside timezone
    assert its.begin(0.0)
    values, reply = hear(its, FRAMES["smoke"])
    assert values["fire"] is True
    assert reply[26] == 3


def test_a_fire_ends_with_the_next_report_of_the_same_component_and_no_other() -> None:
    """Another one's, and the system's, leave it standing; a reset of the system ends it."""
    its = device()
    hear(its, FRAMES["smoke"])
    other = f"02 01 01 01 28 0B 00 02 00 01 00 {'00 ' * 31}{TIME}"
    assert hear(its, said(other, 2))[0]["fire"] is True
    assert hear(its, said(f"01 01 01 01 05 00 {TIME}", 3))[0] == {"panel": True, "fire": True, "fault": True}
    same = f"02 01 01 01 28 0A 00 02 00 01 00 {'00 ' * 31}{TIME}"
    assert hear(its, said(same, 4))[0] == {"stair": False, "fire": False, "fault": True}
    hear(its, FRAMES["smoke"], now=100.0)
    values, _ = hear(its, said(f"04 01 01 01 01 00 {TIME}", 5))
    assert values == {"operation": "reset", "stair": False, "panel": False, "fire": False, "fault": False}


REPORTS = st.tuples(st.sampled_from([10, 10, 11]), st.booleans())
REPEATS = st.integers(0, 5)


def component(state: int, head: int = 10) -> str:
    return f"02 01 01 01 28 {head:02x} 00 02 00 {state:02x} 00 {'00 ' * 31}{TIME}"


def test_a_message_that_comes_again_is_confirmed_again_and_takes_nothing_back() -> None:
    """The fire that was told over; then the same report of it once more, as a repeat brings it: it is asked."""
    its = device()
    over = said(component(1))
    hear(its, over)
    hear(its, FRAMES["smoke"])
    its.begin(20.0)
    values, reply = hear(its, over, now=30.0)
    assert values == {"stair": True, "fire": True, "fault": False}
    assert reply[26] == 3
    assert reply[30 + 26 : -3].hex() == "043e01" + "01010a000200", "how does it stand?"
    assert hear(its, over, now=31.0)[1] == reply[:30], "not asked again at once"
    assert hear(its, said("", 9))[0]["fire"] is True, "a heartbeat does not end it"
    assert hear(its, said(f"04 01 01 01 02 00 {TIME}", 7))[0]["operation"] == "silenced"
    assert "operation" not in hear(its, said(f"04 01 01 01 02 00 {TIME}", 7), now=5.0)[0]
    assert hear(its, over, now=60.0)[0]["fire"] is False, "nobody repeats for so long"


def test_the_answer_ends_the_doubt() -> None:
    its = device()
    hear(its, said(component(1), 2))
    hear(its, said(component(2), 3))
    assert hear(its, said(component(1), 2))[0]["fire"] is True
    raw = bytes.fromhex(component(1))
    answer = sealed(f"{TO_CENTRE} {len(raw):02x} 00 05 {raw.hex()}")
    assert hear(its, answer)[0] == {"stair": False, "fire": False, "fault": False}


def test_a_panel_that_does_not_count_is_heard_each_time() -> None:
    """Sequence and times frozen: fire, normal, fire, normal within a minute are four reports."""
    its = device()
    told = [hear(its, said(component(state)), now=at)[0]["fire"] for at, state in enumerate((2, 2, 1, 2, 1))]
    assert told == [True, True, False, True, False]


@settings(max_examples=60)
@given(st.sampled_from(["counts", "frozen", "in turn"]), st.lists(REPORTS | REPEATS, min_size=3, max_size=10))
@example("in turn", [(10, True), (10, False), (10, True)])
@example("in turn", [(10, False), (10, True), (10, True), (10, False)])
@example("counts", [(10, False), (10, True), 1])
def test_no_fire_is_lost_whatever_is_repeated(numbers: str, told: list[tuple[int, bool] | int]) -> None:
    """Two heads behind a panel whose clock stands still. One that counts repeats whatever it believes unconfirmed; one
    that does not waits for each confirmation, and repeats only its last message."""
    its, sent, burns = device(), list[bytes](), {10: False, 11: False}

    def report(head: int, *, fire: bool, now: float) -> dict[str, Any]:
        burns[head] = fire
        number = {"counts": len(sent), "frozen": 0, "in turn": len(sent) % 2}[numbers]
        sent.append(said(component(2 if fire else 1, head), number))
        return hear(its, sent[-1], now)[0]

    for at, each in enumerate(told):
        if not isinstance(each, int):
            report(each[0], fire=each[1], now=at)
        elif sent:
            hear(its, sent[-1] if numbers != "counts" else sent[-1 - each % len(sent)], at)
        assert hear(its, said("", 200), at)[0].get("fire", False) or not any(burns.values())
    later = len(told) + 60.0
    assert (report(10, fire=False, now=later) and report(11, fire=False, now=later))["fire"] is False, "it ends, too"


def test_measures() -> None:
    """61.5 degrees, less than nothing too; another component's are not ours."""
    its = device()
    assert hear(its, said(f"03 01 01 01 12 0A 00 02 00 03 67 02 {TIME}"))[0]["heat"] == pytest.approx(61.5)
    assert hear(its, said(f"03 01 01 01 12 0A 00 02 00 03 CE FF {TIME}", 3))[0]["heat"] == pytest.approx(-5.0)
    assert "heat" not in hear(its, said(f"03 01 01 01 12 0A 00 03 00 03 67 02 {TIME}", 4))[0]


@pytest.mark.parametrize(
    ("raw", "command"),
    [
        (FRAMES["smoke"][:-3] + b"\x47##", 6),
        (said("01 01 01 01"), 6),
        (said("80 01 00 00 00"), 3),
        (said("09 01 00"), 3),
        (sealed(f"{TO_CENTRE} 00 00 04"), 6),
        (sealed(f"{TO_CENTRE} 00 00 03"), None),
        (sealed(f"{TO_CENTRE} 00 00 07"), 6),
        (sealed(f"{LATER_TO_DEVICE} 00 00 02"), None),
        (FRAMES["read state"], None),
    ],
)
def test_what_is_denied(raw: bytes, command: int | None) -> None:
    """Damaged, broken, not for us to answer; types that makers add are confirmed and left alone."""
    _, reply = hear(device(), raw)
    assert (reply[26] if reply else None) == command
    if reply:
        assert reply[2:4] == raw[2:4]
        assert reply[-3] == by_hand(reply)


def test_nothing_is_known_before_it_has_reported() -> None:
    """A heartbeat says that it is there, not that there is no fire; unless the site believes so."""
    its = device()
    assert hear(its, said(""))[0] == {}
    answer = sealed(f"{TO_CENTRE} 0C 00 05 01 01 01 01 01 00 {TIME}")
    assert hear(its, answer) == ({"panel": False, "fire": False, "fault": False}, b"")
    assert hear(device(quiet=True), said(""))[0] == {"fire": False, "fault": False}


def test_it_is_asked_when_it_calls() -> None:
    """For its own state, its systems' and the components' that matter; and its clock is set where that is wanted."""
    raw = device(sync=True).begin(0.0)
    frames = [b"@@" + part for part in raw.split(b"@@")[1:]]
    assert [frame[26:-3].hex() for frame in frames] == [
        "04510100", "043d010101", "043e01" + "01010a000200", "015a01" + "233a091a090c",
    ]  # fmt: skip
    assert [frame[2] for frame in frames] == [0, 1, 2, 3]
    assert all(frame[-3] == by_hand(frame) for frame in frames)
    its = device(ask=False, sync=True)
    assert len(its.begin(0.0)) == 38
    assert hear(its, said(""), now=86399.0)[1][26] == 3
    assert len(hear(its, said("", 3), now=86400.0)[1]) == 30 + 38, "and once a day"
    assert device(ask=False).begin(0.0) == b""


@pytest.mark.parametrize("channels", [{"fire": Channel()}, {"Bad": Channel()}, {"x": Channel(analog=3)}])
def test_channels_that_cannot_be(channels: Any) -> None:
    """A name that is taken, one that is none, a measure of nothing."""
    with pytest.raises(ValueError, match="channels"):
        device(channels=channels)


def test_frames_in_words() -> None:
    """For the trace of the line."""
    assert "component_state system 1/1 10-2 state 0x2" in explain(FRAMES["smoke"])
    assert explain(FRAMES["confirm"]) == "confirm 1 from 88888 to 889"
    assert "no frame" in explain(b"rubbish")
    assert "not known" in explain(said("80 01 00"))
