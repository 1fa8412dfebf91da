"""Commands that need no daemon: they say what is wrong, in JSON too, and end with the status that they promise."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from console import offline
from daemon import main
from daemon.clock import SystemClock
from daemon.config import lastgood
from daemon.config.load import ConfigError
from daemon.journal.journal import Journal
from daemon.recorder import Recorder
from daemon.reload.source import DIED, Source
from gatehouse.alarms import Condition
from tests.unit.daemon import small

BROKEN = small.SITE.replace("lock: io1.relay2", "lok: io1.relay2").replace("io1.input8", "io1.input9")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return small.write(tmp_path / "site")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    return small.write(tmp_path / "broken", BROKEN)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log stays as the tests have it."""
    monkeypatch.setattr(offline.log, "configure", lambda: None)


def keep_journal(state: Path, *kinds: str) -> Path:
    """A journal with an event of each kind, closed."""
    state.mkdir(exist_ok=True)

    async def write() -> None:
        journal = Journal(state / "journal.db", SystemClock(), lambda _: None)
        recorder = Recorder(journal.append, SystemClock())
        for kind in kinds:
            recorder.emit(kind, "doors.north", content={"person": "李四", "card": "1", "reason": "expired"})
        async with asyncio.TaskGroup() as group:
            task = group.create_task(journal.run())
            while journal.head < len(kinds):
                await journal.wait_beyond(journal.head, 1)
            await journal.close()
            task.cancel()

    with capture_logs():
        asyncio.run(write())
    return state


# check and schema


def test_a_good_site_is_counted(site, capsys):
    assert offline.check(site, None, None, "zh", as_json=False) == 0
    assert "正确（总线 2，设备 2，点位 " in capsys.readouterr().out
    assert offline.check(site, None, None, "en", as_json=False) == 0
    assert "good (2 lines, 2 devices, " in capsys.readouterr().out


def test_every_fault_of_a_bad_site_is_told_with_its_place(broken, capsys):
    for language, end in (("zh", "3 处错误"), ("en", "3 fault(s)")):
        assert offline.check(broken, None, None, language, as_json=False) == 2
        out, err = capsys.readouterr()
        *faults, last = out.splitlines()
        assert last == end
        assert err == ""
        assert all(line.startswith(f"{broken}:") for line in faults)


def test_in_json_there_is_nothing_but_json(site, broken, capsys):
    assert offline.check(site, None, None, "zh", as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert offline.check(broken, None, None, "zh", as_json=True) == 2
    faults = json.loads(capsys.readouterr().out)
    assert len(faults) == 3
    misspelt = next(fault for fault in faults if fault["nearest"] == "lock")
    assert misspelt["file"] == str(broken)
    assert misspelt["path"] == "doors.east.lok"
    assert misspelt.keys() == {"file", "line", "column", "path", "code", "found", "right", "nearest"}


def test_the_schema_is_one_and_knows_the_sections(capsys):
    offline.schema()
    schema = json.loads(capsys.readouterr().out)
    assert {"lines", "devices", "doors", "zones"} <= schema["properties"].keys()


# run


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What a daemon would be started with."""
    seen: list[dict[str, object]] = []

    async def run(plan: object, secrets: object, socket: Path, source: Source, amiss: Sequence[Condition]) -> None:
        held = "free"
        try:
            main.lock(source.state).close()
        except RuntimeError:
            held = "held"
        except OSError:
            held = "nowhere"
        said = {condition.kind: condition.evidence for condition in amiss if condition.active}
        seen.append({"plan": plan, "socket": socket, "source": source, "amiss": said, "held": held})

    monkeypatch.setattr(offline.main, "run", run)
    return seen


def test_a_good_site_runs_in_a_state_folder_of_its_own_and_is_kept(site, tmp_path, started):
    state = tmp_path / "deep" / "state"
    assert offline.run(site, state, None, None, None) == 0
    (daemon,) = started
    assert daemon["plan"].site.site.id == "small"
    assert daemon["socket"] == state / "api.sock"
    assert (daemon["amiss"], daemon["held"]) == ({}, "held")
    assert state.stat().st_mode & 0o777 == 0o700
    assert lastgood.find(state) == state / "last-good" / "site.yaml"


def test_a_faulty_site_without_a_good_copy_does_not_run(broken, tmp_path, started, capsys):
    assert offline.run(broken, tmp_path / "state", None, None, None) == 2
    assert started == []
    err = capsys.readouterr().err
    assert err.count(f"{broken}:") == 3 + 1
    assert "有 3 处错误，未启动。 Not started" in err


def test_a_faulty_site_gives_way_to_its_last_good_copy(site, tmp_path, started, capsys):
    offline.run(site, tmp_path / "state", None, None, None)
    small.write(site.parent, BROKEN)
    assert offline.run(site, tmp_path / "state", None, None, None) == 0
    assert started[1]["plan"].site.doors["east"].lock == "io1.relay2"
    assert started[1]["amiss"]["config_faulty"]["why"].startswith(f"{site}:")
    assert "改用上次正确的配置" in capsys.readouterr().err
    assert lastgood.find(tmp_path / "state").read_text() == small.SITE, "what is faulty is not kept as good"


def test_the_last_good_copy_may_have_become_faulty_too(site, tmp_path, started, capsys):
    offline.run(site, tmp_path / "state", None, None, None)
    lastgood.find(tmp_path / "state").write_text(BROKEN)
    small.write(site.parent, BROKEN)
    assert offline.run(site, tmp_path / "state", None, None, None) == 2
    assert len(started) == 1
    assert "上次正确的副本也不能用" in capsys.readouterr().err


def test_the_file_can_be_looked_at_again_while_the_daemon_runs(site, tmp_path, started):
    offline.run(site, tmp_path / "state", None, None, None)
    source = started[0]["source"]
    assert source.load().site.site.id == "small"
    small.write(site.parent, BROKEN)
    with pytest.raises(ConfigError):
        source.load()


def test_what_was_tried_and_not_kept_is_not_run_before_a_person_has_touched_it(site, tmp_path, started, capsys):
    """The daemon was killed in the minute after a reload, or had taken the change back."""
    offline.run(site, tmp_path / "state", None, None, None)
    small.write(site.parent, small.SITE.replace("title: 东门", "title: 新东门"))
    source = started[0]["source"]
    source.begin_trial(source.load())
    assert offline.run(site, tmp_path / "state", None, None, None) == 0
    assert started[1]["plan"].titles["doors.east"] == "东门"
    assert started[1]["amiss"] == {"config_rolled_back": {"why": DIED}}
    assert "has not proved itself; running the last good copy" in capsys.readouterr().err
    small.write(site.parent, small.SITE.replace("title: 东门", "title: 小东门"))
    offline.run(site, tmp_path / "state", None, None, None)
    assert started[2]["plan"].titles["doors.east"] == "小东门"
    assert started[2]["amiss"] == {}


def test_a_second_daemon_on_one_state_folder_says_so(site, tmp_path, started, capsys):
    (tmp_path / "state").mkdir()
    first = main.lock(tmp_path / "state")
    assert offline.run(site, tmp_path / "state", None, None, None) == 2
    assert started == []
    err = capsys.readouterr().err
    assert "已有另一个 gatehouse（进程 " in err
    assert "Another gatehouse, process " in err
    first.close()
    assert offline.run(site, tmp_path / "state", None, None, None) == 0


def test_without_a_state_folder_the_doors_are_guarded_all_the_same(site, tmp_path, started, capsys):
    (tmp_path / "file").touch()
    assert offline.run(site, tmp_path / "file" / "state", None, None, None) == 0
    assert started[0]["held"] == "nowhere"
    assert "照常守护" in capsys.readouterr().err


def test_a_copy_that_cannot_be_kept_is_said_so_and_the_folder_stays_ours(site, tmp_path, started, capsys, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(offline.lastgood, "keep", full)
    assert offline.run(site, tmp_path / "state", None, None, None) == 0
    assert started[0]["held"] == "held"
    assert "未能留存正确的配置副本" in capsys.readouterr().err


# the journal's file


def test_events_are_read_in_the_words_and_the_time_of_the_site_that_ran_last(site, tmp_path, started):
    state = keep_journal(tmp_path / "state", "access.denied")
    (nameless,) = offline.events(state, {}, 0, 10)
    assert nameless["place"] == "doors.north"
    offline.run(site, state, None, None, None)
    (event,) = offline.events(state, {}, 0, 10)
    assert event["text"]["zh"] == "北门：拒绝 李四，已过期"
    assert event["local"].endswith("+08:00")


def test_events_are_filtered_and_the_newest_ones_come_without_a_number_to_begin_with(tmp_path):
    state = keep_journal(tmp_path / "state", "line.up", "line.down", "line.up", "line.down")
    assert [event["number"] for event in offline.events(state, {}, 0, 3)] == [2, 3, 4]
    assert [event["number"] for event in offline.events(state, {}, 1, 2)] == [2, 3]
    assert [event["number"] for event in offline.events(state, {"kinds": "line.down"}, 0, 9)] == [2, 4]


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"nonsense": "1"}, {}])
def test_what_cannot_be_read_is_said_on_the_other_channel(tmp_path, query, capsys):
    state = keep_journal(tmp_path / "state", "line.up") if query else tmp_path / "missing"
    assert offline.put_events(state, query, 0, 10, print) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.strip()) > 10


def test_whoever_simulates_a_site_is_told_where_its_lines_are_and_what_to_do_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def stands(site: Path, folder: Path, *, ready: Callable[[str], object], **_: object) -> None:
        ready("http://127.0.0.1:1")

    monkeypatch.setattr("simulators.estate.run", stands)
    assert offline.simulate(tmp_path / "site.yaml", tmp_path / "d", pace=True, control_port=0) == 0
    said = capsys.readouterr().out
    assert f"gatehouse run {tmp_path / 'site.yaml'} --wires {tmp_path / 'd' / 'wires.yaml'}" in said
