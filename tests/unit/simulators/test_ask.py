import pytest

from simulators.ask import Ask, ControlError


def test_keys_are_taken_with_their_type() -> None:
    ask = Ask({"device": "io1", "on": True, "seconds": 2})
    assert ask.one("device", str) == "io1"
    assert ask.one("on", bool) is True
    assert ask.one("seconds", float) == 2.0
    assert ask.one("which", int, 0) == 0
    assert ask.maybe("late_ms", float) is None
    ask.done()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ([1], "a JSON object is wanted"),
        ({}, "'device' is missing"),
        ({"device": 7}, "device: str is wanted, found 7"),
        ({"device": "io9"}, "no device 'io9'; there are: io1, io2"),
        ({"device": "io1", "chanel": 1}, "unknown: chanel; known here: device"),
    ],
)
def test_faults_are_named(body: object, says: str) -> None:
    def read() -> None:
        ask = Ask(body)
        ask.name("device", {"io1": 1, "io2": 2})
        ask.done()

    with pytest.raises(ControlError, match=says):
        read()


def test_a_name_that_is_not_there_is_a_404() -> None:
    with pytest.raises(ControlError) as caught:
        Ask({"device": "x"}).name("device", {})
    assert caught.value.status == 404
