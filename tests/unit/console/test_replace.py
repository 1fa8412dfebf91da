"""Show, check, try, ask, write, apply: nothing is written before a yes, and what was taken back is put back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.client import RefusedError, UnreachableError
from console.replace import Replace, Wish
from tests.unit.daemon import small

UNIT = Wish(values={"unit": 7})
READ = {
    "event": "read", "scan": "discrete 0-7", "milliseconds": 9.0, "answer": "", "why": {"zh": "", "en": ""},
    "explained": {"zh": "", "en": ""}, "settling": False, "hints": [],
    "points": [{"channel": "input1", "title": "输入1", "value": False, "unit": "", "raw": "0", "quality": "good",
                "implausible": False, "limits": [None, None], "note": {"zh": "", "en": ""}}],
}  # fmt: skip
SILENT = READ | {"why": {"zh": "没有应答", "en": "no answer"}}
CHANGE = {"sign": "~", "subject": "devices.io1", "text": {"zh": "unit 1 → 7", "en": "unit 1 → 7"}}
PLAN: dict[str, Any] = {
    "number": 4, "faults": [], "empty": False, "refusal": None, "unread": {"io1": 0.3}, "changes": [CHANGE],
}  # fmt: skip


class Daemon:
    """What a daemon answers, and what it was asked."""

    def __init__(self, site: Path) -> None:
        self.site, self.runs = site, True
        self.events: list[dict[str, Any]] = [PLAN | {"event": "plan"}, READ, {"event": "end", "answered": 1}]
        self.end: dict[str, Any] = {"state": "kept", "left": 0, "worse": []}
        self.proposal = PLAN
        self.sent: list[dict[str, Any]] = []

    def get(self, _path: str, only: str = "") -> dict[str, Any]:
        if not self.runs:
            raise UnreachableError("nobody")
        if only:
            why = {"zh": "没有应答", "en": "no answer"}
            return {only: {"gate": {"devices": {name: {"online": False, "text": why} for name in ("io1", "north")}}}}
        return {"state": "idle", "site": str(self.site)}

    def stream(self, _path: str, **body: Any) -> Iterator[str]:
        self.sent.append(body)
        return (json.dumps(event) for event in self.events)

    def send(self, _path: str, **body: Any) -> dict[str, Any]:
        self.sent.append(body | {"file": self.site.read_text(encoding="utf-8")})
        return self.proposal

    def follow(self, _path: str, **_: Any) -> Iterator[str]:
        yield json.dumps({"state": "applying", "left": 0, "worse": []})
        yield json.dumps({"state": "watching", "left": 5, "worse": []})
        yield json.dumps(self.end)


@pytest.fixture
def daemon(tmp_path: Path) -> Daemon:
    return Daemon(small.write(tmp_path / "site"))


def typed(daemon: Daemon, wish: Wish = UNIT, *, yes: bool | None = True, untried: bool = False, **more: Any) -> int:
    """`yes=None`: as with --yes."""
    state = daemon.site.parents[1] / "state"
    language = more.pop("language", "en")
    its = Replace(daemon, "io1", more.pop("site", None), None, state, "王敏", language)
    return its.run(wish, 5, None if yes is None else lambda _: yes, untried=untried)


def says(daemon: Daemon) -> str:
    return daemon.site.read_text(encoding="utf-8")


def test_the_whole_way(daemon, capsys):
    assert typed(daemon) == 0
    out = capsys.readouterr().out
    assert "-  io1:   {line: gate, driver: modbus, profile: waveshare/rtu-relay-d, unit: 1" in out
    assert "+  io1:   {line: gate, driver: modbus, profile: waveshare/rtu-relay-d, unit: 7" in out
    assert out.index("devices.io1") < out.index("input1") < out.index("Written to") < out.index("Kept.")
    trial, proposal, accept = daemon.sent
    assert "unit: 7" in trial["text"]
    assert "unit: 7" in proposal["file"], "written before it is applied, and not before it was tried"
    assert (accept["accept"], accept["by"], accept["watch"]) == (4, "王敏", 5)
    assert says(daemon) == small.SITE.replace("unit: 1,", "unit: 7,")


def test_without_a_yes_nothing_is_written(daemon):
    assert typed(daemon, yes=False) == 1
    assert says(daemon) == small.SITE
    assert not (daemon.site.parents[1] / "state").exists()


def test_what_is_so_already_is_nothing_to_do(daemon, capsys):
    assert typed(daemon, Wish(values={"unit": 1})) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert daemon.sent == []


def test_faults_end_it_with_2_and_the_channels_side_by_side(daemon, capsys):
    assert typed(daemon, Wish(values={"profile": "waveshare/rtu-relay"}), language="zh") == 2
    out = capsys.readouterr().out
    assert "zones.b12.fire[0]：'io1.input8' 不存在" in out
    assert "通道对照" in out
    assert "无对应" in out
    assert daemon.sent == []
    assert says(daemon) == small.SITE


def test_a_device_that_does_not_answer_is_not_written_by_yes_alone(daemon, capsys):
    daemon.events = [PLAN | {"event": "plan"}, SILENT, {"event": "end", "answered": 0}]
    assert typed(daemon, yes=None) == 1
    assert "--untried" in capsys.readouterr().out
    assert says(daemon) == small.SITE
    assert typed(daemon, yes=True) == 0, "a person may say so"
    out = capsys.readouterr().out
    assert "io1 does not answer yet: no answer" in out
    assert "north" not in out[out.index("Kept.") :], "it was not changed"


def test_untried_asks_the_device_nothing(daemon, capsys):
    assert typed(daemon, yes=None, untried=True) == 0
    assert "not tried" in capsys.readouterr().out
    assert all("text" not in each for each in daemon.sent)


def test_what_was_taken_back_is_put_back_in_the_file(daemon, capsys):
    daemon.end = {"state": "rolled_back", "left": 0,
                  "worse": [{"what": "io1.input8", "text": {"zh": "从未读到", "en": "never read"}}]}  # fmt: skip
    assert typed(daemon) == 1
    out = capsys.readouterr().out
    assert "io1.input8: never read" in out
    assert "says again what it said before" in out
    assert says(daemon) == small.SITE
    assert daemon.sent[-1]["file"] == small.SITE, "the daemon looks at it once more"
    with pytest.raises(RefusedError, match="no replacement"):
        typed(daemon, Wish(back=True))


def test_what_the_daemon_would_refuse_is_not_even_tried(daemon):
    refusal = {"zh": "请先复位。", "en": "reset it first."}
    daemon.events[0] = PLAN | {"event": "plan", "refusal": refusal}
    with pytest.raises(RefusedError, match="reset it first"):
        typed(daemon)
    assert says(daemon) == small.SITE


def test_what_the_daemon_refuses_after_all_is_put_back(daemon):
    daemon.proposal = PLAN | {"refusal": {"zh": "请先复位。", "en": "reset it first."}}
    assert typed(daemon) == 1
    assert says(daemon) == small.SITE


def test_back_is_what_was_before(daemon):
    assert typed(daemon) == 0
    assert typed(daemon, Wish(back=True)) == 0
    assert says(daemon) == small.SITE
    with pytest.raises(RefusedError, match="no replacement"):
        typed(daemon, Wish(back=True))


def test_where_no_daemon_runs_it_waits_for_the_next_start(daemon, capsys):
    daemon.runs = False
    with pytest.raises(UnreachableError):
        typed(daemon)
    assert typed(daemon, untried=True, site=daemon.site) == 0
    assert "takes effect when one is started" in capsys.readouterr().out
    assert "unit: 7" in says(daemon)


def test_another_site_than_the_one_that_runs_is_refused(daemon, tmp_path):
    other = small.write(tmp_path / "other")
    with pytest.raises(RefusedError, match="runs another site file"):
        typed(daemon, site=other)
