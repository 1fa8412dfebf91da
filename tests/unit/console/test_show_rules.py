"""What `gatehouse rules explain` draws."""

from console.show_rules import ShowRules


def test_lists_among_the_settings_are_no_markup(capsys) -> None:
    show = ShowRules("zh")
    show._head({
        "rule": "floor3", "kind": "smoke", "place": "12栋", "subject": "zones.b12", "meaning": "", "failed": "",
        "settings": {"heads": ["io4.input1", "io4.input2"], "faults": []},
        "judged": 0.1, "wakes": None, "waits_for": [],
    })  # fmt: skip
    printed = capsys.readouterr().out.replace("\n", "")
    assert "io4.input1" in printed
    assert "io4.input2" in printed
