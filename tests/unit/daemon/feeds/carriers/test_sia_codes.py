"""Codes of SIA DC-03, held against pysiaalarm's own list."""

import pytest
from pysiaalarm.data.sia_codes import SIA_CODES

from daemon.feeds.carriers.sia_codes import ALARMS, BYPASSED, CARRIED, DENIED, code_of
from daemon.feeds.catalogue import EVENTS
from daemon.feeds.texts import ALARMS as TITLES
from daemon.feeds.texts import REFUSALS


def test_no_code_and_no_kind_is_of_our_making() -> None:
    """A kind without codes is told as an alarm of unknown type, so a new one does not go unheard."""
    assert set(ALARMS) <= set(TITLES)
    codes = {code for codes in (*ALARMS.values(), *BYPASSED.values()) for code in codes} | set(DENIED.values())
    assert codes <= set(SIA_CODES)
    assert set(DENIED) <= set(REFUSALS)
    assert set(EVENTS) >= CARRIED


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("alarm.raised", {"alarm_kind": "fire"}, "FA"),
        ("alarm.returned", {"alarm_kind": "fire"}, "FR"),
        ("alarm.shelved", {"alarm_kind": "gas_low"}, "GB"),
        ("alarm.enabled", {"alarm_kind": "device_silent"}, "UU"),
        ("alarm.raised", {"alarm_kind": "of tomorrow"}, "UA"),
        ("alarm.raised", {}, "UA"),
        ("alarm.raised", {"alarm_kind": "sos"}, "QA"),
        ("alarm.returned", {"alarm_kind": "sos"}, "QH"),
        ("alarm.returned", {"alarm_kind": "water"}, "WH"),
        ("access.denied", {"reason": "wrong_hour"}, "DP"),
        ("access.denied", {"reason": "late"}, "DK"),
        ("access.granted", {}, "DG"),
        ("alarm.verified", {"alarm_kind": "fire"}, None),
        ("daemon.started", {}, None),
    ],
)
def test_the_code_of_an_event(kind: str, content: dict[str, object], code: str | None) -> None:
    """The site's own choice goes before the table."""
    assert code_of(kind, content, {"sos": "QA/QH", "water": "WA/WH"}) == code
