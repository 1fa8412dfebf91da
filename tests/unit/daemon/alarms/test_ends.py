"""When what is set apart comes back, whatever the calendar says."""

from datetime import UTC, datetime, timedelta

import pytest

from daemon.alarms.ends import Ends, as_numbers, remaining

SINCE = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_ends_come_in_order_and_once():
    ends = Ends()
    ends.begin("late", 20, 100)
    ends.begin("early", 10, 100)
    assert ends.next == 110
    assert ends.left(104) == {"late": 16, "early": 6}
    assert (ends.due(109), ends.due(110), ends.due(120)) == ([], ["early"], ["early", "late"])
    ends.drop("early")
    assert ends.due(120) == ["late"]


@pytest.mark.parametrize(
    ("now", "left", "seconds"),
    [
        (SINCE + HOUR / 2, None, 1800),
        (SINCE + HOUR / 2, 1790.0, 1790),
        (SINCE + HOUR / 2, 3600.0, 1800),  # nothing was written down since; the calendar goes on
        (SINCE + 2 * HOUR, 1800.0, 0),  # its time passed while nobody ran
        (SINCE + HOUR / 4, 600.0, 600),  # set back while it ran: no longer than was left
        (SINCE - 24 * HOUR, 600.0, 600),
        (SINCE - 24 * HOUR, None, 0),  # before it began, and nothing known: it comes back
        (SINCE + 366 * 24 * HOUR, 600.0, 0),
    ],
)
def test_a_clock_that_was_set_never_gives_more_than_was_left(now, left, seconds):
    assert remaining(SINCE, SINCE + HOUR, now, left) == seconds


def test_without_an_end_it_is_over():
    assert remaining(None, SINCE, SINCE, 5.0) == remaining(SINCE, None, SINCE, 5.0) == 0


def test_what_makes_no_sense_was_not_written_down():
    assert as_numbers({"a": 1, "b": "x", "c": None}) == {"a": 1.0}
