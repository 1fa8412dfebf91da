"""Every profile in the repository, against a unit that another hand made from its YAML, on every wire it may stand on.

Read, written, settled, and not settled: what comes out of our driver must be what pymodbus put into the registers.
"""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from drivers.modbus import Device
from drivers.modbus.profile import Profile
from gatehouse.driver import DriverError, Question, Sample
from gatehouse.points import Quality
from simulators import profile_units as units
from simulators.profile_units import BAD, Unit

SHIPPED = sorted((Path(__file__).parents[2] / "config/profiles").rglob("*.yaml"))
YAMLS = {str(file).partition("profiles/")[2].removesuffix(".yaml"): units.load(file) for file in SHIPPED}
WIRES = [
    (name, framing)
    for name, yaml in YAMLS.items()
    for framing in (["ascii"] if yaml.get("framing") == "ascii" else ["rtu", "tcp"])
]
SETTLED = [(name, place) for name, yaml in YAMLS.items() for place in range(len(yaml.get("settle", [])))]
CALM = 4
"""Rounds without anything learnt, after which nothing will be: two to settle what some points wait for, then values."""
MOST = 2000
"""Exchanges after which a device that learns for ever has failed."""


def device(yaml: dict[str, Any], framing: str, *, everything: bool = True) -> Device:
    """Ours, with all optional points or without any."""
    profile = Profile.model_validate(yaml)
    also = tuple(name for name, spec in profile.points.items() if spec.optional and everything)
    return Device(unit=1, profile=profile, wire="tcp" if framing == "tcp" else "serial", also=also)


def exchange(unit: Unit, framing: str, question: Question) -> bytes:
    """One question and its answer: recognised as a whole, and no longer than was reckoned with."""
    heard = unit.answer(framing, question.request)
    found = question.find(heard)
    assert found is not None
    assert found.used == len(heard) <= max(question.expected, 11)
    assert found.answer is not None, found.why
    return found.answer


def poll(ours: Device, unit: Unit, framing: str) -> Iterator[Mapping[str, Sample]]:
    """What a line makes of a device, round by round, each scan once."""
    calm = 0
    while calm < CALM:
        calm += 1
        samples: dict[str, Sample] = {}
        for scan in ours.scans():
            answer = exchange(unit, framing, ours.ask(scan))
            try:
                samples.update(ours.read(scan, answer))
            except DriverError as error:
                samples.update(dict.fromkeys(scan.points, Sample(None, Quality.BAD, str(error))))
                learnt = ours.learn(scan, answer)
            else:
                learnt = not scan.points and ours.learn(scan, answer)
            if learnt:
                calm = 0
                break
        assert len(unit.asked) < MOST
        yield samples


def same(sample: Sample, wanted: object) -> bool:
    if wanted is BAD:
        return sample.quality is Quality.BAD and bool(sample.note)
    if isinstance(wanted, bool | str):
        return sample == Sample(wanted)
    return sample.quality is Quality.GOOD and sample.value == pytest.approx(wanted, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("name", "framing"), WIRES)
def test_every_channel_is_read(name: str, framing: str) -> None:
    """Whatever the registers hold; and after at most a few refusals no more than the map has is asked for."""
    for seed in range(3):
        yaml, unit = YAMLS[name], Unit(YAMLS[name])
        unit.fill(random.Random(f"{name} {seed}"))
        ours = device(yaml, framing)
        samples = list(poll(ours, unit, framing))[-1]
        wanted = unit.expected({point.name for point in ours.points()})
        assert samples.keys() == wanted.keys()
        assert not [(name, samples[name], value) for name, value in wanted.items() if not same(samples[name], value)]


@pytest.mark.parametrize("name", YAMLS)
def test_optional_points_are_left_alone(name: str) -> None:
    """Not even read over in passing: reading some of them does something."""
    yaml, unit = YAMLS[name], Unit(YAMLS[name])
    unit.fill(random.Random(name))
    framing = yaml.get("framing", "rtu")
    ours = device(yaml, framing, everything=False)
    asked = {point.name for point in ours.points()}
    wanted = {place for entry in unit.entries() if entry.name in asked for place in entry.places}
    unit.forbidden = {place for entry in unit.entries() if entry.name not in asked for place in entry.places} - wanted
    unit.forbidden -= {(entry["table"], entry["address"] + n) for entry in units.settles(yaml) for n in range(2)}
    for samples in poll(ours, unit, framing):
        assert samples.keys() <= asked


@pytest.mark.parametrize(("name", "framing"), WIRES)
def test_every_order_arrives(name: str, framing: str) -> None:
    yaml, unit = YAMLS[name], Unit(YAMLS[name])
    unit.fill(random.Random(name))
    ours = device(yaml, framing)
    list(poll(ours, unit, framing))
    for entry in unit.entries():
        if not entry.said.get("writable"):
            continue
        for value, word in told(entry, random.Random(name)):
            question = ours.write(entry.name, value)
            ours.accept(question, exchange(unit, framing, question))
            assert unit.values[entry.places[0]] == word, (entry.name, value)


def told(entry: units.Entry, dice: random.Random) -> list[tuple[Any, int]]:
    """Values, and what must stand in the coil or register then."""
    said = entry.said
    if said.get("self_clearing"):
        return [(True, 1)]
    if said["table"] == "coil":
        return [(value, int(value is not said.get("inverted", False))) for value in (True, False)]
    words = [units.words_of(units.raw(said, "u16", dice), "u16")[0] for _ in range(3)]
    if "enum" in said:
        return [(value, word) for word, value in said["enum"].items()]
    return [(units.meaning(said, [word], "high-first"), word) for word in words]


@pytest.mark.parametrize("name", [name for name, yaml in YAMLS.items() if yaml.get("prepare")])
def test_settings_that_it_must_have_arrive(name: str) -> None:
    yaml, unit = YAMLS[name], Unit(YAMLS[name])
    ours = device(yaml, "rtu")
    for question in ours.prepare():
        ours.accept(question, exchange(unit, "rtu", question))
    for entry in yaml["prepare"]:
        places = [(entry["table"], entry["address"] + offset) for offset in range(len(entry["values"]))]
        assert [unit.values[place] for place in places] == entry["values"]


@pytest.mark.parametrize(("name", "place"), SETTLED)
def test_what_is_not_settled_does_not_count(name: str, place: int) -> None:
    """Nothing that waits for it is read, written or given a value; with the reason, in both languages. Then all is."""
    yaml, unit, dice = YAMLS[name], Unit(YAMLS[name]), random.Random(name)
    unit.fill(dice)
    entry = yaml["settle"][place]
    framing = yaml.get("framing", "rtu")
    unit.settle(entry, dice, well=False)
    ours = device(yaml, framing)
    waiting = units.waiting(yaml, entry) & {point.name for point in ours.points()}
    samples: Mapping[str, Sample] = {}
    for samples in poll(ours, unit, framing):
        assert not [channel for channel in waiting & samples.keys() if samples[channel].quality is not Quality.BAD]
    if entry.get("points") is None:
        assert {(function, address) for function, address, _ in unit.asked} == {
            (4 if entry["table"] == "input" else 3, entry["address"])
        }
        assert not [scan for scan in ours.scans() if scan.points]
    else:
        assert {entry["why"]["zh"] in samples[channel].note for channel in waiting} == {True}
        assert samples.keys() > waiting
    for channel in waiting:
        if yaml["points"].get(channel.rstrip("0123456789"), {}).get("writable"):
            with pytest.raises(DriverError, match="not settled"):
                ours.write(channel, True)
    unit.fill(dice)
    samples = list(poll(ours, unit, framing))[-1]
    wanted = unit.expected({point.name for point in ours.points()})
    assert not [(name, samples[name], value) for name, value in wanted.items() if not same(samples[name], value)]
