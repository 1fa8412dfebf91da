"""What guards are told to do, for every kind of alarm."""

from daemon.feeds.texts import ALARMS
from daemon.patrol.instructions import USUAL, instruction, shipped


def test_every_entry_is_of_a_kind_and_says_the_same_in_both_languages() -> None:
    assert shipped().keys() - ALARMS.keys() == {USUAL}
    for kind, entry in shipped().items():
        assert entry.do.zh, kind
        assert len(entry.do.zh) == len(entry.do.en), kind
        assert len(entry.never.zh) == len(entry.never.en), kind


def test_gas_forbids_bells_switches_and_radios_and_offers_no_call() -> None:
    for kind in ("gas", "gas_low", "valve_open"):
        its = instruction(kind)
        assert not its.calls
        assert "不按门铃" in its.never.zh
        assert "室内不用手机、对讲机" in its.never.zh


def test_life_has_words_of_its_own_and_anything_else_the_usual_ones() -> None:
    for kind in ("fire", "fire_confirmed", "call_point", "smoke", "gas", "sos", "guard_help", "water", "door_forced"):
        assert instruction(kind) is not instruction("journal_trouble")
    assert instruction("journal_trouble") == shipped()[USUAL]
