"""The driver to copy, and the two guides: their code and YAML are run here."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from drivers._blueprint import Device
from drivers.modbus import Device as Modbus
from drivers.modbus.profile import Delivered, Flash, Limits, Mark, PointSpec, Prepare, Profile, Settle
from gatehouse.demands import Pulse
from gatehouse.driver import DriverError, Found, Listener, Question, Sample, Writer
from gatehouse.points import Quality

DOCS = Path(__file__).parents[3] / "docs"


def blocks(document: str, kind: str) -> list[str]:
    text = (DOCS / document).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


# The blueprint

TANK = Device(address=7)
(SCAN,) = TANK.scans()


def heard(question: Question, stream: bytes, *, size: int = 0) -> tuple[bytes | None, list[str]]:
    """The answer, and what was thrown away; in pieces of `size`, or whole."""
    received, thrown = b"", []
    for at in range(0, len(stream), size or max(1, len(stream))):
        received += stream[at : at + (size or len(stream))]
        while received and (found := question.find(received)) is not None:
            assert 0 < found.used <= len(received)
            received = received[found.used :]
            if found.answer is not None:
                return found.answer, thrown
            thrown.append(found.why)
    return None, thrown


@pytest.mark.parametrize("size", [0, 1])
@pytest.mark.parametrize(
    ("stream", "thrown"),
    [
        (b">07 61.5 ON\r", []),
        (b"#07?\r>07 61.5 ON\r", ["echo"]),
        (b">08 20.0 OFF\r>07 61.5 ON\r", ["foreign"]),
        (b"\x00\xff>07 61.5 ON\r", ["noise"]),
    ],
)
def test_the_blueprint_finds_its_answer(stream: bytes, thrown: list[str], size: int) -> None:
    assert heard(TANK.ask(SCAN), stream, size=size) == (b">07 61.5 ON\r", thrown)


def test_the_blueprint_reads() -> None:
    assert TANK.ask(SCAN).request == b"#07?\r"
    assert TANK.read(SCAN, b">07 61.5 ON\r") == {"temperature": Sample(61.5), "heater": Sample(True)}
    assert TANK.read(SCAN, b">07 -- OFF\r")["temperature"].quality is Quality.BAD
    with pytest.raises(DriverError, match="is no state of a tank"):
        TANK.read(SCAN, b">07 hot\r")


def test_the_blueprint_writes() -> None:
    assert isinstance(TANK, Writer)
    question = TANK.write("heater", False)
    assert question.request == b"#07=OFF\r"
    TANK.accept(question, b"!07\r")
    with pytest.raises(DriverError, match="refused"):
        TANK.accept(question, b"?07\r")
    for channel, value in (("temperature", True), ("heater", Pulse(True, 1.0))):
        with pytest.raises(DriverError, match="heater can be on or off"):
            TANK.write(channel, value)


@given(stream=st.binary(max_size=200), size=st.integers(1, 50))
def test_the_blueprint_survives_rubbish(stream: bytes, size: int) -> None:
    heard(TANK.ask(SCAN), stream, size=size)


# The guides


def test_the_drivers_guide_is_run() -> None:
    driver, test = blocks("writing-a-driver.md", "python")
    told: dict[str, Any] = {"__name__": "guide"}
    exec(compile(driver, "docs/writing-a-driver.md", "exec"), told)  # the guide's own code
    exec(compile(test, "docs/writing-a-driver.md", "exec"), told)  # the guide's own test
    told["test_a_card_in_pieces_behind_a_key"]()
    reader = told["Device"]()
    assert isinstance(reader, Listener)
    assert reader.hear(b"0000123478\r", 0.0) is None
    assert reader.hear(b"12\r\n", 0.0)[0] == Found(1, why="noise")


@given(stream=st.binary(max_size=60))
def test_the_guides_reader_always_gets_on(stream: bytes) -> None:
    told: dict[str, Any] = _guide()
    reader = told["Device"]()
    while stream and (heard := reader.hear(stream, 0.0)) is not None:
        assert heard[0].used >= 1
        stream = stream[heard[0].used :]
    assert len(stream) < 12


def _guide() -> dict[str, Any]:
    if not _READER:
        exec(compile(blocks("writing-a-driver.md", "python")[0], "docs/writing-a-driver.md", "exec"), _READER)
    return _READER


_READER: dict[str, Any] = {}


def test_the_guides_profile_asks_what_it_says() -> None:
    whole = next(block for block in blocks("writing-a-profile.md", "yaml") if "maker:" in block)
    device = Modbus(1, Profile.model_validate(YAML(typ="safe").load(whole)))
    first = device.ask(device.scans()[0]).request
    assert first.hex(" ").upper() in (DOCS / "writing-a-profile.md").read_text(encoding="utf-8")
    assert device.scans()[0].points == ("abnormal", "co")


def test_the_guides_fragments_are_built(made: Callable[..., Profile]) -> None:
    fragments = [block for block in blocks("writing-a-profile.md", "yaml") if "maker:" not in block]
    assert len(fragments) == 4
    for fragment in fragments:
        said = YAML(typ="safe").load(fragment)
        Modbus(1, made(said.pop("points", {"thing": {}}), **said))


@pytest.mark.parametrize("part", [Profile, PointSpec, Limits, Prepare, Flash, Settle, Mark, Delivered])
def test_the_guide_explains_every_key(part: type[Profile]) -> None:
    text = (DOCS / "writing-a-profile.md").read_text(encoding="utf-8")
    for key in part.model_fields:
        assert re.search(rf"`{key}`|{key}:", text), key


def test_the_drivers_guide_knows_every_word_of_the_contract() -> None:
    text = (DOCS / "writing-a-driver.md").read_text(encoding="utf-8")
    verbs = ["points", "scans", "ask", "read", "write", "accept", "prepare", "hear", "find", "patience", "worst", "gap"]
    assert [verb for verb in verbs if f"`{verb}" not in text] == []
