"""One change at a time: looked at, accepted, applied, watched; kept, or taken back with the reason."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from daemon.config import lastgood
from daemon.config.secrets import Secrets
from daemon.reload import reload as reloading
from daemon.reload.reload import NotNowError, Reload
from daemon.reload.source import DIED, Source
from gatehouse.demands import Passage
from tests.unit.daemon import small
from tests.unit.daemon.reload.house import Reloaded

UNIT = ("rtu-relay-d, unit: 1", "rtu-relay-d, unit: 9")
NAME = ("title: 东门", "title: 新东门")


class Trial:
    """A house with its reload; time passes where the reload sleeps."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house = Reloaded(folder)
        self.state = folder / "state"
        self.state.mkdir()
        self.source = Source(folder / "site" / "site.yaml", self.state, Secrets([]))
        self.source.keep(self.source.load())
        self.reload = Reload(self.house.daemon, self.house.crew, self.source)
        self.meanwhile: Callable[[], None] = self.house.quiet
        self.house.quiet()
        sleep = asyncio.sleep

        async def passes(seconds: float) -> None:
            self.house.passes(seconds)
            self.meanwhile()
            await sleep(0)

        monkeypatch.setattr(reloading.asyncio, "sleep", passes)

    def write(self, *edits: tuple[str, str]) -> None:
        text = small.SITE
        for before, after in edits:
            assert before in text
            text = text.replace(before, after)
        small.write(self.source.site.parent, text)

    @asynccontextmanager
    async def running(self):
        task = asyncio.ensure_future(self.reload.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def over(self) -> str:
        async with asyncio.timeout(10):
            while self.reload.busy:
                await asyncio.to_thread(int)
        return self.reload.state

    async def applied(self, seconds: float = 60.0) -> str:
        """Propose, accept, wait for the end."""
        async with self.running():
            proposal = await self.reload.propose()
            self.reload.accept(proposal.number, "王敏", seconds)
            return await self.over()

    def alarm(self, name: str) -> bool:
        standing = self.house.engine.annunciator.standing.get(name)
        return standing is not None and standing.active

    def kept(self) -> str:
        return lastgood.find(self.state).read_text(encoding="utf-8")


@pytest.fixture
def trial(tmp_path, monkeypatch) -> Trial:
    return Trial(tmp_path, monkeypatch)


async def test_a_change_is_applied_at_once_and_kept_after_its_time(trial):
    trial.write(NAME)
    begun = trial.house.clock.now
    assert await trial.applied() == "kept"
    assert 60 <= trial.house.clock.now - begun < 65
    assert trial.house.daemon.titles["doors.east"] == "新东门"
    assert "新东门" in trial.kept()
    applied, kept = trial.house.events("config.applied", "config.kept")
    assert applied["by"] == kept["by"] == "王敏"
    assert applied["changes"] == ["~ doors.east: title 东门 → 新东门"]
    assert not trial.source.failed(trial.source.load())


async def test_a_board_that_does_not_answer_is_taken_back_with_the_reason(trial):
    trial.write(UNIT)
    trial.meanwhile = lambda: None
    rule = trial.house.engine._rules["zones.b12.fire_release"]
    begun = trial.house.clock.now
    assert await trial.applied() == "rolled_back"
    assert trial.house.clock.now - begun < 15, "fire inputs are not waited for"
    assert trial.house.daemon.plan.site.devices["io1"].model_extra["unit"] == 1
    assert trial.house.engine._rules["zones.b12.fire_release"] is rule
    assert trial.alarm("config.rolled_back")
    (event,) = trial.house.events("config.rolled_back")
    assert event["why"] == "io1.input3, io1.input4, io1.input8: never read"
    assert "unit: 1" in trial.kept()
    failed = trial.source.failed(trial.source.load())
    assert failed == event["why"], "a start with these files runs the last good copy"
    trial.house.quiet()
    assert trial.house.told()["doors.north"] is Passage.CLOSED


async def test_the_same_file_may_be_tried_again_and_another_ends_the_alarm(trial):
    trial.write(UNIT)
    trial.meanwhile = lambda: None
    assert await trial.applied() == "rolled_back"
    trial.house.quiet()
    trial.meanwhile = trial.house.quiet
    assert await trial.applied() == "kept"
    assert not trial.alarm("config.rolled_back")
    assert "unit: 9" in trial.kept()


async def test_the_old_words_written_again_end_the_alarm_too(trial):
    trial.write(UNIT)
    trial.meanwhile = lambda: None
    assert await trial.applied() == "rolled_back"
    trial.write()
    proposal = await trial.reload.propose()
    assert proposal.empty
    assert not trial.alarm("config.rolled_back")


async def test_a_rule_that_begins_to_fail_is_a_reason_as_well(trial, monkeypatch):
    trial.write(("unlock: 5s", "unlock: 7s"))
    proposal = await trial.reload.propose()
    (rule,) = [rule for rule in proposal.difference.new.rules if rule.name == "doors.north.way_out"]
    monkeypatch.setattr(type(rule), "judge", lambda self, scene: 1 / (self is not rule) and iter(()))
    async with trial.running():
        trial.reload.accept(proposal.number, "王敏", 5)
        assert await trial.over() == "rolled_back"
    assert [worse.what for worse in trial.reload.worse] == ["rules.doors.north.way_out.failed"]


async def test_an_old_plan_or_one_while_another_is_watched_is_refused(trial):
    trial.write(NAME)
    first = await trial.reload.propose()
    await trial.reload.propose()
    with pytest.raises(NotNowError, match="out of date"):
        trial.reload.accept(first.number, "王敏")
    trial.reload.accept(first.number + 1, "王敏")
    with pytest.raises(NotNowError, match="still being watched"):
        trial.reload.accept(first.number + 1, "李四")


async def test_what_needs_a_restart_or_would_end_a_release_is_refused_with_words(trial):
    trial.write(("id: small", "id: other"))
    proposal = await trial.reload.propose()
    assert "site.id" in proposal.refusal.en
    with pytest.raises(NotNowError, match="须重启"):
        trial.reload.accept(proposal.number, "王敏")
    trial.house.land(input8=True)
    trial.write(("release: [north, in]", "release: [east, in]"))
    proposal = await trial.reload.propose()
    assert not proposal.faults
    assert "zones.b12.fire_release holds doors.north free" in proposal.refusal.en
    trial.write(("release: [north, in]", "release: [in, north, east]"))
    assert (await trial.reload.propose()).refusal is None, "freeing more is never refused"


async def test_faults_touch_nothing(trial):
    trial.write(("lock: io1.relay2", "lock: io1.relay22"))
    plan = trial.house.daemon.plan
    proposal = await trial.reload.propose()
    assert "io1.relay22" in proposal.faults[0].text("zh")
    with pytest.raises(NotNowError):
        trial.reload.accept(proposal.number, "王敏")
    assert trial.house.daemon.plan is plan


async def test_sighup_applies_tells_of_faults_and_is_asked_once_however_often(trial):
    async with trial.running():
        trial.write(("lock: io1.relay2", "lock: io1.relay22"))
        trial.reload.ask()
        with capture_logs() as logs:
            while not trial.alarm("config.faulty"):
                await asyncio.to_thread(int)
        assert logs[0]["event"] == "site file is faulty, going on with what runs"
        trial.write(NAME)
        trial.reload.ask()
        trial.reload.ask()
        while trial.reload.state != "kept":
            await asyncio.to_thread(int)
    assert not trial.alarm("config.faulty")
    assert len(trial.house.events("config.applied")) == 1


async def test_a_sighup_that_comes_while_a_person_accepts_waits_for_the_end_of_that(trial, monkeypatch):
    trial.write(NAME)
    mine = await trial.reload.propose()
    propose = trial.reload.propose

    async def slowly():
        monkeypatch.setattr(trial.reload, "propose", propose)
        found = await propose()
        trial.reload._proposal = mine
        trial.reload.accept(mine.number, "王敏")
        return found

    monkeypatch.setattr(trial.reload, "propose", slowly)
    trial.reload.ask()
    async with trial.running():
        async with asyncio.timeout(10):
            while trial.reload.state != "kept" or trial.reload._hangup:
                await asyncio.to_thread(int)
        await trial.reload.propose()
    assert len(trial.house.events("config.applied")) == 1


async def test_a_disk_that_fails_holds_up_nothing(trial):
    trial.write(NAME)
    (trial.state / "on-trial.new").mkdir()
    (trial.state / "last-good.new").touch()
    with capture_logs() as logs:
        assert await trial.applied() == "kept"
    assert {entry["event"] for entry in logs} >= {"the state folder could not be told of a change"}


async def test_a_watch_that_falls_does_not_bar_the_way_for_ever(trial, monkeypatch):
    monkeypatch.setattr(reloading.Watch, "look", lambda *_: 1 / 0)
    trial.write(NAME)
    proposal = await trial.reload.propose()
    trial.reload.accept(proposal.number, "王敏")
    with pytest.raises(ZeroDivisionError):  # the supervisor makes it an alarm and starts it again
        await trial.reload.run()
    assert not trial.reload.busy


async def test_half_a_change_does_not_go_on(trial, monkeypatch):
    """The service manager starts the daemon again, and that start runs the last good copy."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(reloading, "apply", broken)
    trial.write(NAME)
    proposal = await trial.reload.propose()
    with capture_logs(), pytest.raises(SystemExit):
        await trial.reload._carry_out(reloading._Order(proposal.difference, [], "王敏", 5))
    assert trial.source.failed(trial.source.load()) == DIED


def test_a_file_edited_once_more_is_another_file(trial):
    trial.source.begin_trial(trial.source.load())
    assert trial.source.failed(trial.source.load()) == DIED
    trial.source.fail_trial("io1.input8: no answer")
    assert trial.source.failed(trial.source.load()) == "io1.input8: no answer"
    trial.write(NAME)
    assert trial.source.failed(trial.source.load()) == ""
    trial.write()
    trial.source.end_trial()
    assert trial.source.failed(trial.source.load()) == ""
