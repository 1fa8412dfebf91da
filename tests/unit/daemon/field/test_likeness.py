"""Which profile a unit fits: held against units that pymodbus makes of every profile that is shipped."""

from pathlib import Path
from typing import Any

import pytest

from daemon.field.likeness import Candidate, Interview, Likeness, certain, shelf
from daemon.field.matter import NoAnswerError
from gatehouse.driver import Question, Sample
from gatehouse.points import Point, Quality
from simulators.profile_units import Unit
from tests.unit.daemon.bus import LoopClock, play
from tests.unit.daemon.units import unit

SHELF = shelf(Path("no-site-of-its-own"))
FORMAT: dict[str, object] = {"baud": 9600, "format": "8N1"}


class Asked:
    """Visits to one unit."""

    def __init__(self, its: Unit, framing: str = "rtu", silent: int = 0) -> None:
        self.its, self.framing, self.silent = its, framing, silent
        self.requests: list[bytes] = []

    async def __call__(self, question: Question, patience: float | None = None) -> bytes:
        self.requests.append(question.request)
        if self.silent:
            self.silent -= 1
            raise NoAnswerError("no answer")
        found = question.find(self.its.answer(self.framing, question.request))
        assert found is not None
        assert found.answer is not None
        return found.answer


def likely(visit: Asked, candidates: list[Candidate] = SHELF, **found_as: Any) -> list[Likeness]:
    found: list[Likeness] = []

    async def story() -> None:
        wire: Any = "tcp" if visit.framing == "tcp" else "serial"
        interview = Interview(visit, visit.its.unit, wire, found_as or FORMAT, LoopClock())
        framing = "ascii" if visit.framing == "ascii" else "rtu"
        fitting = [each for each in candidates if each.profile.framing == framing]
        found.extend(await interview.likeliest(fitting))

    play(story)
    return found


@pytest.mark.parametrize("name", [each.name for each in SHELF])
def test_every_product_is_among_the_likeliest_and_sure_is_never_wrong(name: str) -> None:
    framing = next(each.profile.framing for each in SHELF if each.name == name)
    visit = Asked(unit(name), framing)
    found = likely(visit)
    names = [each.name for each in found]
    assert name in names
    assert not certain(found) or names[0] == name
    assert len(visit.requests) == len(set(visit.requests)), "nothing is asked twice"


def test_nothing_is_ever_written() -> None:
    for name in ("waveshare/rtu-relay-d", "lingxun/lx47le-125", "wirenboard/wb-mr6c-v3"):
        its = unit(name)
        likely(Asked(its))
        assert {function for function, *_ in its.asked} <= {1, 2, 3, 4}


def test_marks_decide() -> None:
    found = likely(Asked(unit("wirenboard/wb-mao4")))
    assert [each.name for each in found] == ["wirenboard/wb-mao4"]
    assert found[0].marked
    assert certain(found)


def test_a_product_that_does_not_show_its_marks_is_not_it() -> None:
    its = unit("wirenboard/wb-mao4")
    for place in list(its.values):
        if place[1] >= 200 and place[0] == "holding":
            its.values[place] ^= 0x55
    assert "wirenboard/wb-mao4" not in [each.name for each in likely(Asked(its))]


def test_twins_are_no_certainty() -> None:
    found = likely(Asked(unit("hiking/dds238-2-zn-s")))
    assert {each.name for each in found[:2]} == {"hiking/dds238-2-zn-s", "hiking/dds238-2-zn-sr"}
    assert not certain(found)


def test_as_it_leaves_the_factory_is_said() -> None:
    home = next(each.profile.line for each in SHELF if each.name == "eastron/sdm120")
    its = unit("eastron/sdm120", home.unit or 1)
    (first, *_) = likely(Asked(its), baud=home.baud or 2400, format=home.format or "8N1")
    assert first.name == "eastron/sdm120"
    assert first.at_home
    (first, *_) = likely(Asked(its), baud=115200, format="8E1")
    assert not first.at_home


def test_one_that_ignores_what_comes_too_soon_is_asked_again_and_then_slowly() -> None:
    visit = Asked(unit("xy-md02"), silent=1)
    assert likely(visit)[0].name == "xy-md02"
    assert visit.requests[0] == visit.requests[1]


def test_one_that_says_nothing_is_like_nothing_and_is_not_asked_for_long() -> None:
    visit = Asked(unit("xy-md02"), silent=10**6)
    assert likely(visit) == []
    assert len(visit.requests) < 20


def test_over_tcp() -> None:
    assert likely(Asked(unit("bender/rcms410"), "tcp"))[0].name == "bender/rcms410"


def test_nothing_to_measure_is_a_sensible_answer_and_outside_the_limits_is_none() -> None:
    its = Likeness("x", SHELF[0].profile, channels=3)
    point = Point(name="volts", low=0, high=500)
    its.take(point, Sample(None, Quality.BAD, "the device says that there is nothing to measure (65535)"))
    its.take(Point(name="amps", low=0, high=100), Sample(7000.0))
    its.take(Point(name="word"), Sample("ok"))
    assert (its.answered, its.plausible, len(its.telling)) == (3, 2, 1)
    its.take(point, Sample(230.0))
    assert len(its.telling) == 2, "a later good reading counts"
    assert 0.4 < its.fit < 0.5
