"""What the journal is told of a feed, and how seldom."""

from daemon.feeds.tidings import Tidings


class Told:
    def __init__(self) -> None:
        self.words: list[tuple[str, str]] = []
        self.tidings = Tidings(lambda kind, why: self.words.append((kind, why)))


def test_a_feed_that_never_came_about_is_an_alarm_and_no_loss() -> None:
    told = Told()
    for second in range(100):
        told.tidings.connection(False, "refused", second)
    assert told.words == []


def test_connected_and_lost_are_told_once_each() -> None:
    told = Told()
    for second in range(0, 1000, 2):
        well = True if second < 500 else False if second < 505 else None
        told.tidings.connection(well, "gone", second)
    assert told.words == [("feed.connected", ""), ("feed.lost", "gone")]


def test_a_link_that_flaps_is_told_once_a_minute_at_most_and_as_it_ended() -> None:
    """An hour of up and down every five seconds; the last word is the truth."""
    told = Told()
    for second in range(3600):
        told.tidings.connection(second // 5 % 2 == 0, "gone", second)
    assert 2 <= len(told.words) <= 61
    for second in range(3600, 3700):
        told.tidings.connection(True, "", second)
    assert told.words[-1][0] == "feed.connected"


def test_a_refusal_is_told_when_it_begins_and_not_each_time_it_is_tried() -> None:
    told = Told()
    for second in range(0, 3600, 10):
        told.tidings.refusal("" if second % 100 == 0 else "Not authorized", second)
    assert [kind for kind, _ in told.words] == ["feed.refused"] * 6
