"""The kit passes what is right, and names what is wrong: each slip is caught by the check that is there for it."""

import json
import re
from collections.abc import Mapping

import pytest

from daemon.plugins.kit import words
from daemon.plugins.kit.verdict import FORM
from tests.unit.daemon.plugins.kit.meter import GOLDEN, HONEST, failed, tried

START = '            start = received.find(b"B")\n'
SUM = "            if summed(received[:4]) != received[:6]:\n"
MINE = "            if received[1] != mine:\n"
SHORT = "            if len(received) < 6:\n                return None\n"
READ = "        if answer[2] > 200:\n"
GIVES = '        return {"level": Sample(answer[2])'
ASKS = '        return self.question(b"?")'
WRITES = '        if channel != "on" or not isinstance(value, bool):\n'


def slip(*changes: tuple[str, str]) -> str:
    """The honest driver with these slips."""
    source = HONEST
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source


NOTES = ("SCAN =", "SEEN = []\nSCAN =")
SLIPS = {
    "no sum": (slip((SUM, "            if False:\n")), {"flips": "flip"}),
    "any address": (slip((MINE, "            if False:\n")), {"foreign": "foreign"}),
    "half is enough": (
        slip(
            (SHORT, SHORT.replace("6", "5")),
            (SUM, "            if sum(received[:4]) & 0xFF != received[4]:\n"),
            ("Found(6, received[:6])", "Found(min(6, len(received)), received[:6])"),
        ),
        {"doubled": "half"},
    ),
    "raises in find": (slip((SHORT, "            received[5]\n")), {"pieces": "raised", "rubbish": "raised"}),
    "raises in read": (slip((READ, "        {42: 1, 255: 1}[answer[2]]\n" + READ)), {"answers": "raised"}),
    "brings what it does not have": (
        slip(('"on": Sample(bool(answer[3]))}', '"off": Sample(not answer[3])}')),
        {"golden": "other_samples", "answers": "strange_samples"},
    ),
    "waits for ever": (
        slip((START, START + "            if start < 0:\n                return None\n")),
        {"rubbish": "kept"},
    ),
    "byte by byte": (
        slip(("Found(start if start > 0 else len(received), why", "Found(1, why")),
        {"rubbish": "many_steps"},
    ),
    "quadratic": (
        slip((START, START + "            [received[n:].count(received[:n]) for n in range(len(received))]\n")),
        {"timing": "slow_find"},
    ),
    "its echo is a yes": (
        slip((START, '            if received == request:\n                return Found(5, b"B\\7*\\1")\n' + START)),
        {"doubled": "echo_taken"},
    ),
    "writes anything": (
        slip((WRITES, "        if not isinstance(value, bool):\n")),
        {"orders": "not_refused_order"},
    ),
    "chokes on an order": (slip((WRITES, "        len(value)\n" + WRITES)), {"orders": "raised"}),
    "says yes to a no": (slip(("        if answer[3] != (", "        if False and (")), {"golden": "not_refused"}),
    "remembers in the module": (
        slip((GIVES, '        SEEN.append(1)\n        return {"level": Sample(len(SEEN))'), NOTES),
        {"repeats": "shared"},
    ),
    "another request": (slip((ASKS, ASKS.replace("?", "!"))), {"golden": "other_request"}),
    "counts its requests": (
        slip((ASKS, "        SEEN.append(1)\n        return self.question(bytes((len(SEEN) & 0x3f,)))"), NOTES),
        {"golden": "other_request", "repeats": "not_the_same"},
    ),
    "expects less": (slip(("expected=6)", "expected=4)")), {"golden": "short_expected"}),
    "impatient": (slip(("expected=6)", "expected=6, patience=0.5, worst=0.2)")), {"contract": "manners"}),
    "lazy about safety": (slip(("period=0.5", "period=5.0")), {"contract": "slow_safety"}),
    "nameless": (slip((' title="液位",', "")), {"contract": "no_title"}),
    "never read": (
        slip(('points=("level", "on")', 'points=("on",)')),
        {"contract": "never_read", "answers": "strange_samples"},
    ),
    "no words about itself": (re.sub(r'"""A meter.*?"""', '""', HONEST), {"contract": "no_doc"}),
    "will not be made": (
        slip(("    address: int\n", "    address: int\n\n    def __post_init__(self):\n        raise ValueError\n")),
        {"loads": "broken"},
    ),
}


def codes(source: str, golden: Mapping[str, object] | None = None) -> dict[str, set[str]]:
    wrong = failed(tried(source, golden))
    return {name: {one.code for one in check.findings if not one.remark} for name, check in wrong.items()}


def test_an_honest_driver_passes_all_that_can_be_tried() -> None:
    result = tried()
    assert result.good, failed(result)
    assert {check.name: check.verdict for check in result.checks if check.verdict != "pass"} == {}
    figures = {check.name: check.figures for check in result.checks}
    assert figures["flips"]["bits"] == 4 * 6 * 8
    assert figures["answers"]["tried"] > 50


@pytest.mark.parametrize("name", SLIPS)
def test_each_slip_is_found_by_name(name: str) -> None:
    source, expected = SLIPS[name]
    found = codes(source)
    for check, code in expected.items():
        assert code in found.get(check, set()), found


def test_without_golden_frames_nothing_is_proved() -> None:
    assert codes(HONEST, {}) == {"golden": {"no_golden"}}


def test_a_protocol_without_a_sum_says_so() -> None:
    result = tried(SLIPS["no sum"][0], {**GOLDEN, "checksum": False})
    assert result.good, failed(result)
    assert {check.name for check in result.checks if check.verdict == "skip"} == {"flips"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"samples": {"level": 43}}, "other_samples"),
        ({"samples": {"on": 1}}, "other_samples"),
        ({"samples": {"level": None}}, "other_samples"),
        ({"answer": "42 07 2A 01 75 0A"}, "not_found"),
        ({"request": "41 07 3F 87 0B"}, "other_request"),
        ({"scan": "stat"}, "no_scan"),
        ({"refused": True}, "not_refused"),
    ],
)
def test_golden_frames_are_held_to_the_bit(change: dict[str, object], code: str) -> None:
    frames = [{**GOLDEN["frames"][0], **change}, *GOLDEN["frames"][1:]]  # type: ignore[index,misc]
    assert code in codes(HONEST, {**GOLDEN, "frames": frames})["golden"]


def test_the_result_travels_without_a_name_of_place_or_person() -> None:
    document = json.loads(json.dumps(tried(SLIPS["no sum"][0]).document()))
    assert (document["form"], document["good"], document["kind"], document["name"]) == (FORM, False, "driver", "meter")
    assert document["at"] == "2026-11-22T00:00:00+00:00"
    (flips,) = (check for check in document["checks"] if check["check"] == "flips")
    assert flips["verdict"] == "fail"
    assert {finding["code"] for finding in flips["findings"]} == {"flip"}
    assert flips["findings"][0]["zh"] != flips["findings"][0]["en"]
    assert not re.search(r"/(home|root|tmp|Users)/", json.dumps(document))


def test_the_same_driver_has_the_same_result() -> None:
    first, second = (tried(SLIPS["no sum"][0]).document() for _ in range(2))
    assert first == second


def test_everything_is_said_in_two_languages() -> None:
    tables = [words.CHECKS, words.FINDINGS, words.VERDICTS, words.SCREEN]
    for zh, en in (pair for table in tables for pair in table.values()):
        assert zh
        assert en
        assert re.findall(r"\{(\w+)", zh) is not None
        assert set(re.findall(r"\{(\w+)", zh)) == set(re.findall(r"\{(\w+)", en)), (zh, en)
