"""The command line teaches in two languages, keeps its exit statuses, and its JSON is nothing but JSON."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import click
import pytest
import typer.main
from structlog.testing import capture_logs

from console import cli, offline, options
from tests.unit.daemon import small
from tests.unit.daemon.desk import Desk, serving


def commands() -> dict[str, click.Command]:
    """Every command by what is typed: `alarm ack`."""
    found: dict[str, click.Command] = {}

    def walk(command: click.Command, name: str) -> None:
        found[name] = command
        for sub, each in getattr(command, "commands", {}).items():
            walk(each, f"{name} {sub}".strip())

    walk(typer.main.get_command(cli.app), "")
    return found


COMMANDS = commands()


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is said is what the command says."""
    monkeypatch.setattr(offline.log, "configure", lambda: None)
    with capture_logs():
        yield


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with serving(tmp_path) as made:
        yield made


def gatehouse(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Type this; the exit status."""
    monkeypatch.setattr("sys.argv", ["gatehouse", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


async def typed(desk: Desk, monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    words = (*words, "--socket", desk.path)
    return await asyncio.wait_for(asyncio.to_thread(gatehouse, monkeypatch, *words), 10)


# Help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_teaches_in_chinese_and_english(name: str) -> None:
    command = COMMANDS[name]
    texts = {"the command": command.help or ""}
    texts |= {each.name: getattr(each, "help", "") or "" for each in command.params if each.name != "help"}
    for what, text in texts.items():
        assert re.search(r"[\u4e00-\u9fff]", text), f"{what}: no Chinese in {text!r}"
        assert re.search(r"[A-Za-z]{2,}", text), f"{what}: no English in {text!r}"


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("width", [80, 120])
def test_help_ends_well_and_cuts_nothing_off(
    name: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERMINAL_WIDTH", str(width))
    assert gatehouse(monkeypatch, *name.split(), "--help") == 0
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert "gatehouse" in shown


def test_the_exit_statuses_are_told_where_one_looks_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gatehouse(monkeypatch, "--help")
    shown = capsys.readouterr().out
    assert "退出码：0 成功，1 被拒绝或不符，2 有错误，3 守护进程没有应答" in shown


# Exit statuses


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("status", "--json"),
        ("events",),
        ("events", "--follow"),
        ("alarms",),
        ("alarm", "list"),
        ("alarm", "ack", "x", "--by", "李四"),
        ("alarm", "shelve", "x", "--for", "2h", "--reason", "修", "--by", "李四"),
        ("alarm", "reset", "x", "--by", "李四"),
        ("door", "north", "open", "--reason", "送水"),
        ("lane", "in", "close", "--reason", "试"),
        ("zone", "b12", "reset", "--by", "李四"),
    ],
)
def test_without_a_daemon_it_is_3_and_says_what_to_do(
    tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gatehouse(monkeypatch, *words, "--state", tmp_path) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "没有守护进程应答" in err
    assert "gatehouse run" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("door", "north", "open", "--reason", "送水"), 0, "北门：已令开锁"),
        (("lane", "in", "open", "--reason", "访客"), 0, "车道A：已令抬杆"),
        (("lane", "in", "close", "--reason", "试"), 0, "车道A：已令落杆"),
        (("door", "nroth", "open", "--reason", "送水"), 1, "是不是 north"),
        (("door", "north", "open", "--reason", ""), 1, "须写明原因"),
        (("door", "a/b", "open", "--reason", "x"), 1, "没有"),
        (("zone", "b12", "reset", "--by", "李四"), 1, "没有需要复位的火警"),
        (("alarm", "ack", "x", "--by", "李四"), 1, "没有叫 'x'"),
        (("alarm", "reset", "x", "--by", "李四"), 1, "没有叫 'x'"),
        (("alarm", "list"), 0, "报警"),
        (("alarms",), 0, "报警  无"),
        (("alarms", "--lang", "en", "--all"), 0, "Alarms  none"),
        (("alarm", "assign", "x", "张三", "--by", "李四"), 1, "没有叫 'x'"),
        (("alarm", "on-site", "x", "--by", "李四"), 1, "没有叫 'x'"),
        (("alarm", "verify", "x", "false", "--cause", "油烟", "--by", "李四"), 1, "没有叫 'x'"),
        (("alarm", "close", "x", "--note", "好", "--by", "李四"), 1, "没有叫 'x'"),
        (("alarm", "silence", "--by", "李四"), 1, "没有在响的报警"),
        (("alarm", "shelve", "x", "--for", "2h", "--reason", "修", "--by", "李四"), 1, "没有叫 'x'"),
        (("alarm", "unshelve", "x", "--by", "李四"), 1, "没有叫 'x'"),
        (
            ("alarm", "disable", "io1.input3", "--for", "3d", "--reason", "修", "--by", "李四"),
            0,
            "io1.input3：已屏蔽到",
        ),
        (("alarm", "disable", "io1.input3", "--for", "3", "--reason", "修", "--by", "李四"), 1, "请写明多久"),
        (("alarm", "enable", "io1.input3", "--by", "李四"), 1, "没有被屏蔽"),
        (("events", "--since", "yesterday"), 1, "since 'yesterday'"),
    ],
)
async def test_what_was_done_is_0_and_what_was_refused_1(
    desk: Desk,
    words: tuple[str, ...],
    status: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await typed(desk, monkeypatch, *words) == status
    out, err = capsys.readouterr()
    told, other = (err, out) if status else (out, err)
    assert says in told
    assert says not in other


@pytest.mark.parametrize(
    "words",
    [
        ("door", "north", "slam", "--reason", "x"),
        ("door", "north", "open"),
        ("zone", "b12", "reset"),
        ("events", "--severity", "9"),
        ("events", "--limit", "0"),
        ("events", "--limit", "99999"),
        ("nonsense",),
    ],
)
def test_what_cannot_be_meant_is_2(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    assert gatehouse(monkeypatch, *words) == 2


def test_the_commands_of_a_technician_pass_their_status_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = small.write(tmp_path)
    assert gatehouse(monkeypatch, "check", site) == 0
    site.write_text("nonsense: 1")
    assert gatehouse(monkeypatch, "check", site) == 2
    assert gatehouse(monkeypatch, "journal", "verify", "--state", tmp_path / "none") == 2
    assert gatehouse(monkeypatch, "events", "--offline", "--state", tmp_path / "none") == 2
    assert gatehouse(monkeypatch, "run", site, "--state", tmp_path / "state") == 2
    assert "Traceback" not in capsys.readouterr().err


# JSON


async def test_json_is_json_and_nothing_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await desk.write("access.denied", content={"person": "李四", "reason": "expired"})
    assert await typed(desk, monkeypatch, "status", "--json") == 0
    status = json.loads(capsys.readouterr().out)
    assert status["site"]["name"] == "小站"
    assert await typed(desk, monkeypatch, "alarm", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert await typed(desk, monkeypatch, "alarms", "--json") == 0
    assert json.loads(capsys.readouterr().out).keys() == {"alarms", "cases", "disabled", "ladders", "causes"}
    assert await typed(desk, monkeypatch, "events", "--json", "--kind", "access.*") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["text"]["zh"] == "doors.north：拒绝 李四，已过期".replace("doors.north", "北门")


def test_the_schema_and_a_check_are_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gatehouse(monkeypatch, "schema") == 0
    assert json.loads(capsys.readouterr().out)["properties"]
    assert gatehouse(monkeypatch, "check", tmp_path, "--json") == 2
    assert json.loads(capsys.readouterr().out)[0]["file"] == str(tmp_path)


# Events


async def test_events_are_filtered_by_kind_subject_and_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await desk.write("line.up", "line.down", "device.offline", subject="lines.gate", content={"why": "no answer"})
    for words, seen in (
        (("--kind", "line.*"), ["门岗总线：总线恢复", "门岗总线：总线中断，没有应答"]),
        (("--kind", "line.up", "--kind", "device.*", "--subject", "lines.*"),
         ["门岗总线：总线恢复", "门岗总线：设备失联，没有应答"]),
        (("--kind", "line.down", "--lang", "en"), ["门岗总线: line down, no answer"]),
        (("--text", "no answer", "--kind", "line.up"), ["门岗总线：总线恢复"]),
        (("--kind", "line.*", "--limit", "1"), ["门岗总线：总线中断，没有应答"]),
    ):  # fmt: skip
        assert await typed(desk, monkeypatch, "events", *words) == 0
        shown = capsys.readouterr().out.splitlines()
        assert [line[29:].strip() for line in shown] == seen, words


async def test_following_begins_where_the_list_ended_and_ends_with_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(tmp_path) as desk:
        await desk.write("line.up", "line.down", "line.up", subject="lines.gate")
        followed = asyncio.get_running_loop().run_in_executor(
            None, gatehouse, monkeypatch,
            "events", "-f", "--kind", "line.*", "--limit", "2", "--json", "--socket", desk.path,
        )  # fmt: skip
        seen = ""
        async with asyncio.timeout(10):
            while seen.count("\n") < 2:
                seen += capsys.readouterr().out
                await asyncio.sleep(0.005)
            last = await desk.write("line.down", subject="lines.gate")
            while seen.count("\n") < 3:
                seen += capsys.readouterr().out
                await asyncio.sleep(0.005)
    assert await asyncio.wait_for(followed, 5) == 3
    assert [json.loads(line)["kind"] for line in seen.splitlines()] == ["line.down", "line.up", "line.down"]
    assert json.loads(seen.splitlines()[-1])["number"] == last
    assert "守护进程已停止" in capsys.readouterr().err


async def test_who_gives_no_name_is_the_user_of_this_machine(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(options.getpass, "getuser", lambda: "zhang")
    await typed(desk, monkeypatch, "door", "north", "open", "--reason", "送水")
    assert desk.house.events() or desk.journal.head
    await desk.write("line.up")
    await typed(desk, monkeypatch, "events", "--kind", "operator.*")
    assert "北门：zhang (" in capsys.readouterr().out


def test_a_number_without_a_name_is_a_name_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(options.getpass, "getuser", nameless)
    assert re.fullmatch(r"uid \d+", options.me())
