"""What may be shown of a message, and what never."""

from daemon.channels.codes import failure
from daemon.channels.message import Message, Receipt, ReceiptState, Recipient
from daemon.channels.queue import Item
from daemon.channels.secret_text import SecretText
from daemon.clock import SystemClock
from gatehouse.alarms import Severity


def test_nothing_that_may_be_logged_shows_an_address_or_a_key() -> None:
    recipient, secret = Recipient("李四", "13800001111"), SecretText("wecom_key", lambda _: b"693a91f6")
    item = Item(Message("k", "t", "x", Severity.P1), recipient, [], 1.0)
    shown = repr((recipient, item, secret, failure({}, 5, "no 13800001111, key 693a91f6", "693a91f6")))
    assert "李四" in shown
    assert "13800001111" not in shown
    assert "693a91f6" not in shown


def test_only_queued_is_not_the_end() -> None:
    now = SystemClock().utc()
    assert [state.value for state in ReceiptState if not Receipt(state, "", now).final] == ["queued"]
