import random

import pytest

from simulators.faults import SHAPES, LineFaults, UnitFaults, facts
from simulators.modbus import checksum

ANSWER = checksum(bytes.fromhex("010304000A000B"))


def test_a_healthy_unit_changes_nothing() -> None:
    assert UnitFaults().shape(ANSWER, random.Random(1)) == ANSWER
    assert UnitFaults().packet(ANSWER) == ANSWER


@pytest.mark.parametrize("shape", SHAPES)
def test_a_fault_spoils_as_many_answers_as_it_says(shape: str) -> None:
    faults, dice = UnitFaults(**{shape: 2}), random.Random(1)
    spoilt = [faults.shape(ANSWER, dice) != ANSWER for _ in range(4)]
    assert spoilt == [True, True, False, False]
    assert getattr(faults, shape) == 0


def test_what_the_shapes_are() -> None:
    dice = random.Random(1)
    assert UnitFaults(half=1).shape(ANSWER, dice) == ANSWER[:4]
    assert UnitFaults(doubled=1).shape(ANSWER, dice) == ANSWER * 2
    assert len(UnitFaults(lost=1).shape(ANSWER, dice)) == len(ANSWER) - 1
    corrupt = UnitFaults(corrupt=1).shape(ANSWER, dice)
    assert corrupt[:-1] == ANSWER[:-1]
    assert corrupt != checksum(corrupt[:-2])
    foreign = UnitFaults(foreign=1).shape(ANSWER, dice)
    assert foreign[0] == 2
    assert foreign == checksum(foreign[:-2])


@pytest.mark.parametrize("shape", ["corrupt", "half", "lost", "foreign"])
def test_a_gateway_does_not_pass_on_what_does_not_check(shape: str) -> None:
    faults = UnitFaults(**{shape: 1})
    assert faults.packet(ANSWER) == b""
    assert faults.packet(ANSWER) == ANSWER


def test_noise_comes_before_its_share_of_answers() -> None:
    faults = LineFaults(noise=0.3)
    strays = [faults.stray() for _ in range(1000)]
    assert 240 < sum(bool(stray) for stray in strays) < 360
    assert max(map(len, strays)) <= 3
    assert LineFaults().stray() == b""


def test_facts_leave_the_dice_out() -> None:
    assert facts(LineFaults()) == {"cut": False, "noise": 0.0, "echo": False}
