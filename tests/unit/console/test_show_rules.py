"""How rules are drawn: the list, why one did or did not fire, and what the journal has of it."""

import pytest

from console.show_rules import ShowRules

EXPLAINED = {
    "rule": "b12-leakage",
    "kind": "electrical_fire",
    "subject": "zones.b12",
    "place": "12栋",
    "alarm": "",
    "meaning": "Electrical fire.",
    "settings": {"alarm": {"number": 500, "unit": "mA"}, "for": 10.0, "points": ["a", "b"]},
    "judged": 0.2,
    "wakes": 3.5,
    "waits_for": ["b12.rms1"],
    "failed": "",
    "inputs": {
        "b12.rms1": {
            "title": "剩余电流",
            "value": 0.35,
            "unit": "A",
            "quality": "good",
            "age": 0.4,
            "limit": 4.0,
            "unchanged": 6.0,
            "momentary": False,
            "note": {"zh": "", "en": ""},
        },
        "north.card": {
            "title": "卡",
            "value": None,
            "unit": "",
            "quality": "bad",
            "age": None,
            "limit": None,
            "unchanged": None,
            "momentary": True,
            "note": {"zh": "从未读到", "en": "never read"},
        },
    },
    "conditions": [
        {
            "alarm": "b12-leakage.alarm",
            "text": {"zh": "剩余电流报警", "en": "residual current alarm"},
            "severity": 2,
            "active": None,
            "latch": True,
            "evidence": {"threshold": 0.5, "b12.rms1": {"value": 1, "quality": "good", "age": 0}},
            "standing": {
                "state": "latched",
                "raised": "2026-11-21T14:00:00+08:00",
                "count": 2,
                "acknowledged_by": "李四",
            },
        },
    ],
    "demands": [
        {
            "output": "doors.north",
            "issuer": "x",
            "priority": 10,
            "value": "open",
            "veto": False,
            "left": 4.0,
            "reason": {"zh": "刷卡", "en": "card"},
            "granted": False,
            "against": {"zh": "火警", "en": "2 fire"},
        },
    ],
    "notes": [],
    "outputs": {
        "doors.north": {
            "title": "北门",
            "told": None,
            "why": {"zh": "等待", "en": "waits"},
            "waits_for": [],
            "wishes": [{"issuer": "x", "priority": 10, "value": "open", "veto": True, "reason": {}, "left": None}],
        }
    },
    "past": [
        {
            "number": 7,
            "local": "2026-11-21T14:00:00+08:00",
            "text": {"zh": "报警", "en": "alarm"},
            "content": {"evidence": {"threshold": 0.5, "b12.rms1": {"value": 0.6, "quality": "good", "age": 0.1}}},
        }
    ],
    "trouble": None,
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_that_is_known_is_told(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    ShowRules(language).explained(EXPLAINED)
    said = capsys.readouterr().out
    wanted = {
        "zh": [
            "12栋",
            "alarm: 500 mA",
            "points: [a, b]",
            "0.35 A",
            "4 s",
            "3.5 秒后要求再判",
            "还在等待读到：b12.rms1",
            "暂无",
            "暂时无法判断",
            "锁存",
            "第 2 次 李四",
            "threshold = 0.5",
            "要求 open",
            "还有 4.0 秒",
            "未照办，因为 火警",
            "保持",
            "等待",
            "≠open",
            "b12.rms1 = 0.6 (good, 0.1 s)",
        ],
        "en": [
            "Electrical fire.",
            "still waits to read: b12.rms1",
            "none yet",
            "cannot be judged now",
            "latched",
            "wants it open",
            "for 4.0 s more",
            "not granted: 2 fire",
            "what happened",
            "held",
        ],
    }[language]
    assert not [words for words in wanted if words not in said]
    assert said.count("b12.rms1 = ") == 1, "evidence that is a reading stands in the table"


def test_only_the_alarm_that_was_asked_for_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    ShowRules("en").explained(EXPLAINED | {"alarm": "b12-leakage.warning"})
    assert "residual current alarm" not in capsys.readouterr().out


def test_an_alarm_of_the_daemons_own_is_told_by_its_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    own = {"rule": "", "alarm": "lines.gate.down", "own": {"evidence": {"why": "the adapter is gone"}}}
    ShowRules("en").explained(own | {"past": [], "trouble": {"zh": "忙", "en": "the disk is full"}})
    said = capsys.readouterr().out
    assert "an alarm of the daemon's own" in said
    assert "why = the adapter is gone" in said
    assert "the disk is full" in said


def test_rules_stand_in_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    line = {
        "rule": "doors.north.access",
        "kind": "access",
        "subject": "doors.north",
        "place": "北门",
        "alarms": ["x.y"],
        "wants": 1,
        "acted": "2026-11-21T14:00:00+08:00",
    }
    ShowRules("zh").listed([line, line | {"place": "", "alarms": [], "wants": 0, "acted": None}])
    said = capsys.readouterr().out
    assert "2026-11-21 14:00:00" in said
    assert "x.y" in said
    assert "doors.north " in said
