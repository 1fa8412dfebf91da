"""The demo says what is wrong before it starts anything."""

from pathlib import Path

import pytest

from simulators import demo
from simulators.stage import StageError, shipped
from simulators.story_scenes import SCENES


async def test_a_wrong_scenario_lists_the_right_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert await demo.run(None, scenario="flood") == 2
    said = capsys.readouterr().out
    assert all(name in said for name in SCENES)


async def test_a_site_without_what_a_scene_needs_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("site: {id: x, name: x}\ndoors: {south: {title: 南门}}\n", encoding="utf-8")
    assert await demo.run(site, folder=tmp_path / "demo") == 2
    assert "doors.north" in capsys.readouterr().out


async def test_no_broker_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    from simulators import broker

    monkeypatch.setattr(broker, "_mosquitto", lambda: None)
    monkeypatch.setitem(sys.modules, "amqtt", None)
    assert await demo.run(None, folder=tmp_path / "demo") == 2
    assert "apt-get install mosquitto" in capsys.readouterr().out


async def test_a_folder_in_use_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("keep")
    assert await demo.run(None, folder=tmp_path) == 2
    assert "not empty" in capsys.readouterr().out
    assert (tmp_path / "mine").read_text() == "keep"


def test_the_small_estate_has_the_cast_of_every_scene(tmp_path: Path) -> None:
    copy = demo.SiteCopy(shipped(), tmp_path / "copy")
    demo._check_cast(copy, list(SCENES.values()))
    with pytest.raises(StageError, match=r"doors\.west"):
        demo._check_cast(copy, [demo.Scene("x", SCENES["fire"].words, SCENES["fire"].play, ("doors.west",))])
