"""What a calling device says: none of a storm is lost, and nothing is confirmed before it was taken."""

from collections.abc import Mapping
from typing import Any

import pytest

from daemon.field.listening import Listening
from daemon.field.trace import Ring
from drivers._gb26875_frames import Command, Frame
from drivers._gb26875_units import Object, State, Type, packed
from drivers.gb26875 import Device
from gatehouse.driver import Sample
from tests.unit.daemon.doubles import HandClock


class Beside:
    """Sink and wire at once, so that the order of both is seen."""

    lost = ""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.breaks = False

    def land(self, name: str, samples: Mapping[str, Sample], now: float) -> None:
        if self.breaks:
            raise RuntimeError("not taken")
        self.seen.append(f"fire {samples['fire'].value}")

    def device(self, name: str, online: bool | None, why: str, now: float) -> None:
        self.seen.append(f"online {online}")

    def send(self, data: bytes) -> None:
        self.seen.append("confirmed")


def report(number: int, state: State) -> bytes:
    one = Object(system=1, address=1, place=number, state=state, text="3层烟感", stamp=bytes((1, 1, 1, 1, 1, 26)))
    data = packed(Type.COMPONENT_STATE, [one])
    return Frame(sequence=number, command=Command.SEND, source=889, destination=88888, data=data).packed()


def listening(beside: Any) -> Listening:
    its = Listening("panel", Device(address=889, centre=88888, ask=False), beside, HandClock(), Ring(HandClock()))
    its._wire = beside
    return its


def test_none_of_a_storm_in_one_piece_is_lost() -> None:
    """A fire at its head, and more than is kept of what makes no sense, behind it."""
    beside = Beside()
    its = listening(beside)
    storm = report(0, State.FIRE) + b"".join(report(number, State.NORMAL) for number in range(1, 100))
    assert len(storm) > 7000
    its.hear(storm)
    assert beside.seen.count("confirmed") == 100
    assert beside.seen.count("fire True") == 100


def test_nothing_is_confirmed_before_it_was_taken() -> None:
    """And what breaks on the way is not confirmed, so it comes again."""
    beside = Beside()
    its = listening(beside)
    its.hear(report(1, State.FIRE))
    assert beside.seen[-2:] == ["fire True", "confirmed"]
    beside.breaks = True
    with pytest.raises(RuntimeError):
        its.hear(report(2, State.FIRE))
    assert beside.seen.count("confirmed") == 1
