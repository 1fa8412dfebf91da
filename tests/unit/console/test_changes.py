"""`gatehouse reload` as it is typed: the plan, a yes or none, and exit statuses that a script can trust."""

import asyncio
import json

import pytest
import typer

from console import cli, options
from console.changes import typer as its_typer
from console.client import Client
from daemon.config.secrets import Secrets
from daemon.field.lines import LineOwner
from daemon.reload import face, trial
from daemon.reload.reload import Reload
from daemon.reload.source import Source
from tests.unit.daemon import small
from tests.unit.daemon.desk import Desk, serving
from tests.unit.daemon.reload.house import Roll


@pytest.fixture
async def desk(tmp_path):
    async with serving(tmp_path) as made:
        source = Source(tmp_path / "site" / "site.yaml", tmp_path, Secrets([]))
        reload = Reload(made.house.daemon, Roll(), source)
        made.house.daemon.api.add([*face.routes(reload), *trial.routes(made.house.daemon, source)])
        made.site, made.reload = source.site, reload
        yield made


async def typed(desk: Desk, monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr("sys.argv", ["gatehouse", *map(str, words), "--socket", str(desk.path)])

    def run() -> int:
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0)

    return await asyncio.wait_for(asyncio.to_thread(run), 10)


def edit(desk: Desk, before: str, after: str) -> None:
    small.write(desk.site.parent, small.SITE.replace(before, after))


async def test_nothing_to_do_is_0(desk, monkeypatch, capsys):
    assert await typed(desk, monkeypatch, "reload") == 0
    assert "无需更改" in capsys.readouterr().out


async def test_a_dry_run_shows_and_applies_nothing(desk, monkeypatch, capsys):
    edit(desk, "rtu-relay-d, unit: 1", "rtu-relay-d, unit: 9")
    assert await typed(desk, monkeypatch, "reload", "--dry-run", "--lang", "en") == 0
    out = capsys.readouterr().out
    assert "~ devices.io1  unit 1 → 9" in out
    assert "the points of io1 will be unread for about 0." in out
    assert not desk.reload.busy


async def test_in_json_there_is_nothing_but_json(desk, monkeypatch, capsys):
    edit(desk, "title: 东门", "title: 新东门")
    assert await typed(desk, monkeypatch, "reload", "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["changes"][0]["subject"] == "doors.east"


async def test_faults_are_2_and_a_refusal_is_1(desk, monkeypatch, capsys):
    edit(desk, "lock: io1.relay2", "lock: io1.relay22")
    assert await typed(desk, monkeypatch, "reload", "--yes") == 2
    assert "io1.relay22" in capsys.readouterr().out
    edit(desk, "id: small", "id: other")
    assert await typed(desk, monkeypatch, "reload", "--yes") == 1
    assert "须重启" in capsys.readouterr().out


async def test_no_is_1_and_applies_nothing(desk, monkeypatch):
    edit(desk, "title: 东门", "title: 新东门")
    monkeypatch.setattr(its_typer, "confirm", lambda _: False)
    assert typer.confirm("") is False
    assert await typed(desk, monkeypatch, "reload") == 1
    assert not desk.reload.busy


async def test_yes_is_asked_in_the_callers_name_and_followed_to_the_end(desk, monkeypatch, capsys):
    edit(desk, "title: 东门", "title: 新东门")
    monkeypatch.setattr(options.getpass, "getuser", lambda: "zhang")
    task = asyncio.ensure_future(typed(desk, monkeypatch, "reload", "--yes"))
    while not desk.reload.busy:  # noqa: ASYNC110 - another thread asks
        await asyncio.sleep(0.01)
    assert desk.reload._order.by.startswith("zhang (")
    desk.reload.state = "kept"
    assert await task == 0
    assert capsys.readouterr().out.endswith("已保留。\n")


# The trial of a device that a file might name


def tried(text: str, device: str = "io1", file: str | None = None):
    def ask(client: Client) -> list[dict]:
        lines = client.stream(f"/v1/devices/{device}/trial", file=file or ask.site, text=text)
        return [json.loads(line) for line in lines]

    return ask


async def test_a_trial_tells_the_plan_and_what_the_device_says(desk, monkeypatch):
    async def visit(*_: object) -> bytes:
        raise ConnectionError("line gate is down: no such port")

    monkeypatch.setattr(LineOwner, "visit", visit)
    ask = tried(small.SITE.replace("rtu-relay-d, unit: 1", "rtu-relay-d, unit: 9"))
    ask.site = str(desk.site)
    plan, end = await desk.ask(ask)
    assert "gate" in end["error"]["en"]
    assert plan["changes"] == [
        {"sign": "~", "subject": "devices.io1", "text": {"zh": "unit 1 → 9", "en": "unit 1 → 9"}}
    ]
    assert end["event"] == "end"
    assert desk.site.read_text(encoding="utf-8") == small.SITE


@pytest.mark.parametrize(
    ("before", "after", "device", "said"),
    [
        ("title: 北门读头", "title: 读头", "north", "It speaks unasked"),
        ("usb-absent, title", "usb-absent, baud: 19200, title", "io1", "not open with these settings"),
    ],
)
async def test_what_cannot_be_tried_now_is_told_after_the_plan(desk, before, after, device, said):
    ask = tried(small.SITE.replace(before, after), device)
    ask.site = str(desk.site)
    plan, end = await desk.ask(ask)
    assert plan["event"] == "plan"
    assert said in end["error"]["en"]


@pytest.mark.parametrize(
    ("text", "device", "file", "said"),
    [
        ("devices: [", "io1", None, "site.yaml:1"),
        (small.SITE, "io7", None, "no device io7"),
        (small.SITE, "io1", "/etc/passwd", "no file of the site"),
        (small.SITE, "io1", "../site.yaml", "no file of the site"),
    ],
)
async def test_a_trial_reads_no_other_files_and_tells_faults(desk, text, device, file, said):
    ask = tried(text, device, file)
    ask.site = str(desk.site)
    assert said in await desk.refused(ask)
