"""A command that was typed wrongly is answered in Chinese and English, with how it is written."""

import pytest

from console import cli


def typed(monkeypatch: pytest.MonkeyPatch, words: str) -> int:
    monkeypatch.setattr("sys.argv", ["gatehouse", *words.split()])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


@pytest.mark.parametrize(
    ("words", "chinese", "english"),
    [
        ("alarm ack", "缺少参数 alarm。", "Missing argument 'alarm'."),
        ("alarm ack fire", "缺少选项 --by。", "Missing option '--by'."),
        ("alarm ack fire --by", "选项 --by 后面要写值。", "requires an argument"),
        ("alarm ack a b --by x", "多出来的参数：b。", "unexpected extra argument"),
        ("alarm answer fire", "没有命令 answer。", "No such command 'answer'."),
        ("ladder shw", "没有命令 shw，是不是 show？", "Did you mean 'show'?"),
        ("status --wires", "没有选项 --wires。", "No such option: --wires"),
        ("status --nothing", "没有选项 --nothing，是不是 --no-points？", "No such option: --nothing"),
        ("lane in fly", "verb 的值不对，可写：'open', 'close'。", "'fly' is not one of"),
        ("reload --watch 1", "--watch 的值太小，至少 5。", "greater than or equal to 5"),
        ("reload --watch 700", "--watch 的值太大，至多 600。", "less than or equal to 600"),
        ("drill start b12 --by x --reason y --minutes soon", "--minutes 须为数字。", "valid number"),
    ],
)
def test_what_was_typed_wrongly_is_told_in_both_languages_with_a_next_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, chinese: str, english: str
) -> None:
    assert typed(monkeypatch, words) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == chinese
    assert english in said[1]
    if not words.endswith("--by"):  # the parser does not say of which command
        assert said[2].startswith("用法 Usage: ")
        assert said[-1].startswith("详见 See: ")
        assert said[-1].endswith("--help")


def test_a_group_without_a_command_shows_its_help_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, "alarm") == 2
    said = capsys.readouterr()
    assert "ack" in said.out
    assert said.err == ""
