"""People, rotas, ladders: each slip told at its place in both languages, the shipped example sound, gaps found."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from daemon.config import load, proofs
from daemon.config.secrets import Secrets
from tests.unit.daemon.escalation.estate import LADDERS, OUTPUTS, PEOPLE
from tests.unit.daemon.small import SITE, write

ROOT = Path(__file__).parents[4]
REST = PEOPLE[PEOPLE.index("people:") :]

SLIPS = YAML(typ="safe").load(Path(__file__).parent / "bad_ladders.yaml")


def faults(folder: Path, text: str) -> list[load.Fault]:
    try:
        load.load(write(folder, text))
    except load.ConfigError as error:
        return error.faults
    return []


def matches(said: str, wanted: str) -> bool:
    start, gap, end = wanted.partition("⋯")
    return said.endswith(wanted) if not gap else start in said and said.endswith(end)


@pytest.mark.parametrize("slip", SLIPS, ids=[slip["to"][:40] for slip in SLIPS])
def test_each_slip_is_told_once_where_it_is_in_both_languages(tmp_path: Path, slip: dict[str, str]) -> None:
    whole = OUTPUTS + PEOPLE + LADDERS
    assert slip["from"] in whole
    found = faults(tmp_path, SITE + whole.replace(slip["from"], slip["to"], 1))
    assert [fault.path for fault in found] == ([slip["path"]] if "path" in slip else []), [str(each) for each in found]
    for fault in found:
        assert matches(fault.text("en"), slip["en"]), fault.text("en")
        assert matches(fault.text("zh"), slip["zh"]), fault.text("zh")


def test_the_shipped_example_is_sound_and_says_what_its_comments_say(tmp_path: Path) -> None:
    for file in (*(ROOT / "config/small").glob("*.*"), ROOT / "config/escalation.yaml"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    plan = load.load(tmp_path)
    assert plan.warnings == ()
    directory = plan.directory
    swapped, usual = datetime(2026, 10, 1, 12, tzinfo=UTC), datetime(2026, 10, 2, 12, tzinfo=UTC)
    assert (directory.called(["gate"], swapped), directory.called(["gate"], usual)) == (["zhao"], ["wang"])
    gas = next(ladder for ladder in directory.ladders if ladder.name == "gas")
    assert not any(step.outputs for step in gas.steps)
    found = list(proofs.untested(plan, load.gather(tmp_path), tmp_path, Secrets([]), datetime.now(UTC)))
    assert {fault.path for fault in found} == {f"ladders.{name}" for name in ("life", "fire-b12", "gas", "rest")}


def test_without_ladders_the_usual_ones_are_climbed_and_untested_people_are_told_at_people(tmp_path: Path) -> None:
    file = write(tmp_path, SITE + OUTPUTS + PEOPLE)
    plan = load.load(file)
    assert plan.directory.standard
    (fault,) = proofs.untested(plan, load.gather(file), tmp_path, Secrets([]), datetime.now(UTC))
    assert (fault.path, fault.values["example"]) == ("people", "wang")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there are no people to call"),
        (REST.replace("addresses: {text: wang-1, live: wang-2}", "phone: '1'").replace("{live: li-1, text: li-2}", "{}")
         .replace("{live: chen-1}", "{}"), "there are no channels to call them by"),
        (OUTPUTS + PEOPLE + LADDERS.replace("[P1]", "[P4]"), "no ladder is for P1"),
    ],
)  # fmt: skip
def test_a_site_whose_alarms_reach_nobody_is_warned(tmp_path: Path, text: str, why: str) -> None:
    plan = load.load(write(tmp_path, SITE + text))
    assert [warning.values["why"] for warning in plan.warnings] == [why]


@pytest.mark.parametrize(
    ("own", "warned"),
    [
        ("", ["gas_bells"]),
        ("  gas: {kinds: [gas, gas_low, valve_open], steps: [{ring: [gate], by: [text]}]}\n", []),
        ("  gas: {kinds: [gas, gas_low, valve_open], steps: [{outputs: [lamp], ring: [gate], by: [text]}]}\n", []),
    ],
    ids=["by chance", "without bells", "on purpose"],
)
def test_bells_that_gas_would_ring_by_chance_are_warned_of(tmp_path: Path, own: str, warned: list[str]) -> None:
    rules = "rules:\n  stove: {kind: gas, heads: [io1.input7], zone: b12}\n"
    plan = load.load(write(tmp_path, SITE + OUTPUTS + PEOPLE + LADDERS + own + rules))
    assert [warning.code for warning in plan.warnings] == warned
    for warning in plan.warnings:
        assert warning.path == "ladders.life"
        assert "'stove'" in warning.text("zh")
        assert "outputs.siren" in warning.text("zh")


def test_steps_are_climbed_in_order_of_time_and_channels_fill_their_time(tmp_path: Path) -> None:
    text = """
ladders:
  life:
    until: verified
    steps:
      - {after: 2m, ring: [li], until: acknowledged}
      - {ring: [wang], by: [text, live]}
      - {after: 90s, ring: [wang]}
      - {after: 95s, ring: [wang], unread: 7s}
"""
    (ladder,) = load.load(write(tmp_path, SITE + PEOPLE + text)).directory.ladders
    assert [(step.after, step.unread, step.until) for step in ladder.steps] == [
        (0, 45, "verified"), (90, 10, "verified"), (95, 7, "verified"), (120, 60, "acknowledged"),
    ]  # fmt: skip


def test_addresses_are_shown_nowhere(tmp_path: Path) -> None:
    plan = load.load(write(tmp_path, SITE + PEOPLE))
    assert "wang-1" not in repr(plan.directory) + repr(plan.site) + str(plan.site.people["wang"].addresses)


def test_secrets_of_addresses_are_looked_for(tmp_path: Path) -> None:
    text = PEOPLE.replace("text: wang-1", "text: !secret wang_phone")
    file = write(tmp_path, SITE + text)
    with pytest.raises(load.ConfigError) as caught:
        load.load(file, secrets=Secrets([tmp_path / "secrets"]))
    paths = {fault.path: fault.code for fault in caught.value.faults}
    assert paths["people.wang.addresses.text"] == "secret_missing"


def test_the_example_in_the_document_is_one(tmp_path: Path) -> None:
    example = re.search(r"^```yaml\n(.*?)^```", (ROOT / "docs/escalation.md").read_text(), re.MULTILINE | re.DOTALL)[1]
    shipped = (ROOT / "config/escalation.yaml").read_text()
    channels = shipped[shipped.index("channels:") : shipped.index("people:")]
    plan = load.load(write(tmp_path, SITE + OUTPUTS + channels + example))
    assert [step.until for step in plan.directory.ladders[0].steps] == [*3 * ["acknowledged"], "on_site"]
