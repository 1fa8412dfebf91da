"""Rates counted in sliding windows."""

import pytest

from daemon.channels.rates import Allowance, Rate, Shares


@pytest.mark.parametrize(("count", "ordinary"), [(1, 1), (2, 1), (5, 4), (20, 15), (100, 75)])
def test_a_quarter_and_at_least_one_is_kept_for_p1(count: int, ordinary: int) -> None:
    assert Rate(count, 60).ordinary == ordinary


def test_the_last_tokens_are_p1s_and_come_back_one_by_one() -> None:
    allowance = Allowance([Rate(4, 60.0)])
    for now in (0.0, 1.0, 2.0):
        assert allowance.wait(now, urgent=False) == 0
        allowance.take(now)
    assert allowance.wait(3.0, urgent=False) == 57.0
    assert allowance.wait(3.0, urgent=True) == 0
    allowance.take(3.0)
    assert allowance.wait(4.0, urgent=True) == 56.0
    assert allowance.wait(60.0, urgent=True) == 0
    assert allowance.wait(61.0, urgent=False) == 0


def test_the_strictest_of_several_rates_counts() -> None:
    allowance = Allowance([Rate(2, 1.0), Rate(3, 60.0)])
    for now in (0.0, 0.1):
        allowance.take(now)
    assert allowance.wait(0.2, urgent=True) == pytest.approx(0.8)
    allowance.take(1.1)
    assert allowance.wait(2.5, urgent=True) == pytest.approx(57.5)
    assert allowance.per_minute(urgent=True) == 3


def test_no_rate_means_no_wait() -> None:
    allowance = Allowance([])
    allowance.take(0.0)
    assert allowance.wait(0.0, urgent=False) == 0
    assert allowance.per_minute(urgent=False) == float("inf")


def test_recipients_are_counted_apart_and_not_for_ever() -> None:
    shares = Shares([Rate(2, 60.0)])
    shares.take("a", 0.0)
    assert shares.wait("a", 1.0, urgent=False) == 59.0
    assert shares.wait("b", 1.0, urgent=False) == 0
    for number in range(3000):
        shares.take(str(number), 1.0)
    assert len(shares._by_address) == 1024
