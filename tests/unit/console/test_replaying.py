"""`gatehouse replay` on a recording: what it shows, what it refuses, and the status it ends with."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console import replaying
from console.replaying import Wish
from daemon.config import lastgood
from daemon.recording.segment import MAGIC, Block, packed
from tests.unit.daemon import small

START = datetime(2026, 11, 21, 6, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A door that stood open for fifteen seconds at 14:00:30 of the site, and a card before."""
    folder = tmp_path / "state" / "recording"
    folder.mkdir(parents=True)
    names = [f"io1.input{number}" for number in range(1, 9)] + ["io1.online", "north.online", "north.card"]
    quiet = [(0, place, place in (6, 8, 9), 2) for place in range(10)]
    door = [(20_000, 10, None, 2), (30_000, 0, True, 2), (45_000, 0, False, 2)]
    at = START.timestamp()
    blocks = [Block(at, [], [], "cafe"), Block(at, names, [*quiet, *door])]
    (folder / "20261121T060000.000000Z.rec").write_bytes(MAGIC + b"".join(map(packed, blocks)))
    lastgood.keep(small.write(tmp_path / "old"), "cards.csv", tmp_path / "state")
    return tmp_path / "state"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """As it is by now: a door is held after ten seconds, not after twenty."""
    return small.write(tmp_path / "new", small.SITE.replace("unlock: 5s", "unlock: 5s, held: 10s"))


def wish(since: str = "2026-11-21T14:00:00", until: str = "2026-11-21T14:01:00", **more: object) -> Wish:
    return Wish(since=since, until=until, **({"before": None, "journal": False, "tolerance": 1.0} | more))


def test_what_would_be_otherwise_is_told_in_the_sites_time(
    site: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replaying.run(site, state, wish(), "zh", as_json=False) == 1
    said = capsys.readouterr().out
    assert "11-21 14:00:40.0  只有现在  doors.north.held  门常开超时 报警" in said
    assert "held = 10.0" in said
    assert "2 处不同" in said
    assert "1 次刷卡没有记录卡号" in said


def test_the_same_rules_differ_in_nothing(site: Path, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replaying.run(site, state, wish(before=site), "en", as_json=False) == 0
    assert "nothing would be otherwise" in capsys.readouterr().out


def test_against_an_empty_journal_all_is_new(site: Path, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replaying.run(site, state, wish(journal=True), "zh", as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert {"alarm", "output"} == {each["sort"] for each in told["changes"]}
    assert all(each["then"] is None for each in told["changes"])
    held = next(each for each in told["changes"] if each["what"] == "doors.north.held")
    assert (held["place"], held["now"]) == ("北门", "2026-11-21T06:00:40.000+00:00")
    assert (told["masked"], told["readings"]) == (1, 13)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (wish(since="gestern"), "不是时刻"),
        (wish(until="2026-11-21T13:00"), "须早于"),
        (wish(since="2026-01-01", until="2026-01-02"), "there is 2026-11-21T06:00"),
    ],
)
def test_what_cannot_be_played_says_why(
    site: Path, state: Path, wrong: Wish, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replaying.run(site, state, wrong, "zh", as_json=False) == 2
    assert words in capsys.readouterr().err


def test_without_an_old_site_it_is_said_what_to_do(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replaying.run(site, tmp_path, wish(), "zh", as_json=False) == 2
    assert "--before" in capsys.readouterr().err


def test_a_faulty_site_is_told_as_check_would(site: Path, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site.write_text(site.read_text().replace("io1.input8", "io1.input9"))
    assert replaying.run(site, state, wish(), "en", as_json=False) == 2
    assert "did you mean io1.input8?" in capsys.readouterr().err
