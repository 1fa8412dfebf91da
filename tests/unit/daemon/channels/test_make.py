"""From settings to senders and their pace."""

import pytest
from pydantic import TypeAdapter

from daemon.channels import make
from daemon.channels.outbox import Outbox
from daemon.channels.rates import Allowance
from daemon.clock import SystemClock
from daemon.config.channels import KINDS, AnyChannel
from daemon.config.document import Secret

S = Secret("s")
LEAST = {
    "wecom": {"key": S},
    "wecom_app": {"corp": "ww1", "agent": 1, "secret": S},
    "dingtalk": {"token": S},
    "feishu": {"token": S},
    "ntfy": {},
    "sms": {"gateway": "aliyun-sms", "with": {"signature": "x", "template": "y"}, "keys": {"key_id": S, "key": S}},
    "voice": {"gateway": "aliyun-voice", "with": {"template": "y"}, "keys": {"key_id": S, "key": S}},
    "webhook": {"url": S},
    "mail": {"server": "[::1]:465", "from": "a@b.example"},
    "apprise": {"url": S},
}


def channel(kind: str, **more: object) -> AnyChannel:
    return TypeAdapter(AnyChannel).validate_python({"kind": kind, **LEAST[kind], **more})


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "patrol"])  # which daemon.parts makes
def test_every_kind_is_made_without_reading_a_secret_or_opening_anything(kind: str) -> None:
    def never(_: str) -> bytes:
        raise AssertionError("a secret was read")

    box = make.outbox("x", channel(kind), "site", never, SystemClock(), lambda _: None)
    assert isinstance(box, Outbox)
    assert box.status()["waiting"] == 0


@pytest.mark.parametrize(("kind", "in_a_minute", "ordinary"), [
    ("wecom", 20, 15), ("dingtalk", 20, 15), ("feishu", 100, 75), ("ntfy", 60, 45), ("sms", float("inf"), float("inf")),
])  # fmt: skip
def test_documented_rates_hold_unless_the_site_says_otherwise(kind: str, in_a_minute: float, ordinary: float) -> None:
    allowance = Allowance(make.pace_of(channel(kind)).rates)
    assert allowance.per_minute(urgent=True) == in_a_minute
    assert allowance.per_minute(urgent=False) == ordinary
    assert Allowance(make.pace_of(channel(kind, per_minute=6)).rates).per_minute(urgent=True) == 6


def test_a_member_of_wecom_is_counted_by_himself() -> None:
    pace = make.pace_of(channel("wecom_app"))
    assert not pace.rates
    assert [rate.count for rate in pace.each] == [30]


def test_a_library_that_cannot_be_stopped_gets_one_message_at_a_time() -> None:
    assert make.pace_of(channel("apprise")).lanes == 1
    assert make.pace_of(channel("voice", limit="3s")).limit == 3.0
