"""Devices change while a line works: what stays never notices."""

import asyncio
import itertools

import pytest

from tests.unit.daemon.bus import Talker, scan, until
from tests.unit.daemon.field.conftest import Stage, io
from tests.unit.daemon.field.test_lines import Reader


def gaps(on: Stage, point: str, since: float) -> float:
    instants = [at for at in on.sink.renewals(point) if at >= since]
    return max(b - a for a, b in itertools.pairwise(instants))


def test_what_stays_misses_no_scan_and_keeps_its_figures(stage) -> None:
    stays, goes, comes = io("stays"), io("goes"), io("comes")

    async def story(on: Stage) -> None:
        await asyncio.sleep(5)
        before = on.line.status()["devices"]["stays"]
        began = asyncio.get_running_loop().time()
        for _ in range(20):
            on.line.change({"stays": stays, "comes": comes})
            await asyncio.sleep(0.313)
            on.line.change({"stays": stays, "goes": goes})
            await asyncio.sleep(0.287)
        after = on.line.status()["devices"]["stays"]
        assert after["polls"] > before["polls"]
        assert gaps(on, "stays.in", began) < 0.1 + 0.02 + 0.02
        assert [event for event in on.sink.devices if event[0] == "stays"] == [("stays", True, "answers")]
        assert on.sink.values("stays.in") == [(0, "GOOD")], "not even read anew"

    stage(story, stays, goes)


def test_who_comes_is_asked_at_once_and_who_goes_never_again(stage) -> None:
    stays, comes = io("stays"), io("comes")

    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.line.change({"stays": stays, "comes": comes})
        began = asyncio.get_running_loop().time()
        await until(lambda: on.sink.values("comes.in"))
        assert asyncio.get_running_loop().time() - began < 0.1
        assert "goes" not in on.line.status()["devices"]
        await asyncio.sleep(1)
        assert not [1 for at, what in on.bus.asked if what.startswith("goes") and at > began + 0.03]

    stage(story, stays, io("goes"))


def test_a_new_object_under_the_old_name_starts_anew(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        waiting = on.tell("io1", "relay")
        on.line.change({"io1": io(prepares=1)})
        assert len(waiting) == 1
        assert "order it again" in waiting[0]
        await asyncio.sleep(1)
        assert [event[:2] for event in on.sink.devices] == [("io1", True), ("io1", True)]
        assert [what for _, what in on.bus.told] == ["io1.setup=1"]
        assert on.line.status()["devices"]["io1"]["polls"] < 20

    stage(story, io())


def test_an_answer_to_who_has_gone_meanwhile_is_dropped(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        await until(lambda: on.bus.asked[-1][1] == "io1.in")
        on.bus.values["io1.in"] = "1"
        on.line.change({})
        landed = len(on.sink.landed)
        await asyncio.sleep(1)
        assert len(on.sink.landed) == landed
        assert on.line.status()["devices"] == {}

    stage(story, io())


@pytest.mark.parametrize("silent", [False, True])
def test_whoever_is_taken_away_in_the_middle_of_an_order_or_a_miss_breaks_nothing(silent: bool, stage) -> None:
    stays = io("stays")

    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        if silent:
            on.bus.dead.add("io1")
        answers = on.tell("io1")
        await until(lambda: on.bus.told)
        on.line.change({"stays": stays})
        await asyncio.sleep(2)
        assert answers == (["no answer"] if silent else [""])
        on.line.change({"stays": stays, "io1": io()})
        on.bus.dead.clear()
        await until(lambda: on.line.status()["devices"]["io1"]["online"])
        assert [event for event in on.sink.devices if event[:2] == ("io1", False)] == []

    stage(story, stays, io())


def test_changed_while_the_port_is_away(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.unplug()
        await asyncio.sleep(5)
        on.line.change({"io2": io("io2")})
        on.bus.present = True
        await until(lambda: on.sink.values("io2.in"))
        assert set(on.line.status()["devices"]) == {"io2"}

    stage(story, io())


def test_a_line_that_asks_does_not_become_one_that_listens(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        with pytest.raises(ValueError, match="line gate: reader speaks unasked"):
            on.line.change({"io1": io(), "reader": Reader()})  # type: ignore[dict-item]
        await asyncio.sleep(1)
        assert on.sink.devices == [("io1", True, "answers")]

    stage(story, io())


def test_a_line_that_listens_takes_another_reader_and_nobody_else(stage) -> None:
    first, second = Reader(), Reader()

    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        for devices in ({}, {"io1": io()}, {"reader": first, "other": second}):
            with pytest.raises(ValueError, match="line gate: it listens to one device"):
                on.line.change(devices)  # type: ignore[arg-type]
        on.line.change({"reader": first})  # type: ignore[dict-item]
        assert len(on.sink.devices) == 1
        on.line.change({"reader": second})  # type: ignore[dict-item]
        assert on.sink.devices == [("reader", True, "port open")] * 2
        on.bus.wire.bring(b"12.")
        assert on.sink.values("reader.card") == [("12", "GOOD")]
        assert [(e.kind, e.device, e.data) for e in on.line.ring.entries()][-1] == ("answer", "reader", b"12.")

    stage(story, first)


def test_the_load_of_a_line_and_the_ages_of_its_scans_are_measured(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(120)
        status = on.line.status()
        assert status["load"] == pytest.approx(10 * 0.01 + 1 * 0.01, abs=0.02)
        assert status["busy"] == pytest.approx(120 * status["load"], rel=0.1)
        scans = status["devices"]["io1"]["scans"]
        assert scans["in"]["kind"] == "safety"
        assert scans["in"]["period"] == 0.1
        assert 0.1 <= scans["in"]["worst_age"] < 0.14
        assert scans["relay"]["worst_age"] == pytest.approx(1.0, abs=0.05)
        assert scans["in"]["age"] < 0.14

    stage(story, io())


def test_late_and_doubled_answers_are_counted_for_the_device_that_gave_them(stage) -> None:
    async def story(on: Stage) -> None:
        await asyncio.sleep(1)
        on.bus.delays["io1"] = [0.2]
        await asyncio.sleep(2)
        counted = on.line.status()["devices"]
        assert (counted["io1"]["late"], counted["io2"]["late"]) == (1, 0)
        on.bus.garble = lambda answer: answer + answer if answer.startswith(b"!io2:in") else answer
        await asyncio.sleep(0.5)
        counted = on.line.status()["devices"]
        assert counted["io2"]["doubled"] >= 4
        assert counted["io1"]["doubled"] == 0
        assert [e.device for e in on.line.ring.entries() if e.kind in {"late", "stray"}][:2] == ["io1", "io2"]

    stage(story, io(), Talker("io2", (scan("in", period=0.1),)))
