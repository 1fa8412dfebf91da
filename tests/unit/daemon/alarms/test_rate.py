"""A flood is more than ten in ten minutes; chatter is three of one in a minute."""

from daemon.alarms.rate import CALM, FLOOD, WINDOW, Rate


def test_eleven_in_ten_minutes_are_a_flood_and_it_ends_calmly():
    rate = Rate()
    for number in range(FLOOD):
        rate.called(number)
    assert not rate.flooding(FLOOD)
    rate.called(FLOOD)
    assert rate.flooding(FLOOD)
    assert rate.count == FLOOD + 1
    assert rate.flooding(WINDOW + FLOOD - CALM - 1), "six are left: not calm yet"
    assert not rate.flooding(WINDOW + FLOOD - CALM)
    assert not rate.flooding(WINDOW * 3)
    assert rate.count == 0


def test_three_in_a_minute_are_chatter():
    rate = Rate()
    assert [rate.rose("a", at) for at in (0, 20, 59, 100, 200, 201, 202)] == [
        False, False, True, False, False, False, True,
    ]  # fmt: skip


def test_each_alarm_chatters_for_itself_and_is_forgotten_when_quiet():
    rate = Rate()
    assert not any(rate.rose(alarm, at) for at, alarm in enumerate("ababcc"))
    rate.forget(100)
    assert not rate.rose("a", 100)
