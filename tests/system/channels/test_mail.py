"""Mail to a real socket; the standard library's own client shows that the stand-in is a mail server at all."""

import email
import email.policy
import smtplib
import ssl
from collections.abc import Callable

import pytest

from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.sender import Fate, Sender, SendError
from gatehouse.alarms import Severity
from tests.system.channels.conftest import Certificate, Mail
from tests.system.channels.senders import FIRE, fate, sender

TO = Recipient("李四", "li.si@example.org")


def mailbox(server: Mail, certificate: Certificate, safety: str, **more: object) -> Sender:
    secrets = {"ca": certificate.ca.read_bytes(), "password": b"pa ss"}
    account = {"user": "gate", "password": "!password"} if safety != "none" else {}
    own = {"from": "gate@example.org", **account, **more}
    return sender(secrets, kind="mail", server=f"localhost:{server.port}", safety=safety, ca="!ca", **own)


@pytest.mark.parametrize("safety", ["tls", "starttls"])
async def test_a_letter_arrives_as_it_was_meant(
    mail: Callable[..., Mail], certificate: Certificate, safety: str
) -> None:
    server = mail(implicit=safety == "tls")
    message = Message("k", "【演练】12栋\r\nBcc: x@y", ".\n.. 一层东侧烟感\n" + "长" * 300, Severity.P1)
    assert await fate(mailbox(server, certificate, safety), message, TO) is ReceiptState.SENT
    sent_by, to, raw = server.letters[0]
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    assert sent_by == "MAIL FROM:<gate@example.org>"
    assert to == ["RCPT TO:<li.si@example.org>"]
    assert letter["Subject"] == "【演练】12栋 Bcc: x@y"
    assert letter["Bcc"] is None
    assert letter["To"] == "li.si@example.org"
    assert letter["Importance"] == "high"
    assert letter.get_content().replace("\r\n", "\n").rstrip("\n") == message.text
    assert server.logins == ["\0gate\0pa ss"]
    assert not [line for line in server.said if "pa ss" in line]


async def test_repeats_are_the_same_letter(mail: Callable[..., Mail], certificate: Certificate) -> None:
    server = mail()
    for _ in range(2):
        assert await fate(mailbox(server, certificate, "starttls"), to=TO) is ReceiptState.SENT
    ids = {email.message_from_bytes(raw)["Message-ID"] for _, _, raw in server.letters}
    assert len(ids) == 1


def test_the_stand_in_is_a_mail_server_to_others_too(mail: Callable[..., Mail], certificate: Certificate) -> None:
    server = mail()
    with smtplib.SMTP("localhost", server.port, timeout=5) as client:
        client.starttls(context=ssl.create_default_context(cafile=str(certificate.ca)))
        client.login("gate", "pa ss")
        client.sendmail("a@example.org", "b@example.org", b"Subject: x\r\n\r\n.dot\r\n")
    assert server.letters[0][2] == b"Subject: x\r\n\r\n.dot\r\n"


@pytest.mark.parametrize(
    ("refuse", "what", "channel", "why"),
    [
        ({"AUTH": "535 authentication failed"}, Fate.REFUSED, True, "does not take the user or password: 535"),
        ({"RCPT": "550 <li.si@example.org> unknown"}, Fate.REFUSED, False, "does not take this recipient: 550"),
        ({"RCPT": "450 greylisted"}, Fate.AGAIN, False, "450 greylisted"),
        ({"MAIL": "421 too many"}, Fate.AGAIN, True, "421 too many"),
        ({"EHLO": "502 no"}, Fate.REFUSED, True, "does not greet"),
        ({"STARTTLS": "454 no TLS now"}, Fate.AGAIN, True, "refuses TLS"),
        ({"MAIL": "hello there"}, Fate.AGAIN, True, "is no mail server"),
        ({"MAIL": "250-" + "x" * 9000}, Fate.AGAIN, True, "is no mail server"),
        ({"EHLO": "250 nothing more"}, Fate.REFUSED, True, "offers no TLS"),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_refusals_are_told_apart(
    mail: Callable[..., Mail], certificate: Certificate, refuse: dict[str, str], what: Fate, channel: bool, why: str
) -> None:
    server = mail()
    server.refuse = refuse
    error = await fate(mailbox(server, certificate, "starttls"), to=TO)
    assert isinstance(error, SendError)
    assert (error.fate, error.channel) == (what, channel)
    assert why in error.why
    assert "li.si" not in error.why
    assert not server.letters


async def test_a_server_that_falls_silent_after_the_letter_may_have_taken_it(
    mail: Callable[..., Mail], certificate: Certificate
) -> None:
    server = mail()
    server.hang_after_letter = True
    error = await fate(mailbox(server, certificate, "starttls", limit="500ms"), to=TO)
    assert isinstance(error, SendError)
    assert error.fate is Fate.UNKNOWN
    server.stop()
    error = await fate(mailbox(server, certificate, "starttls"), to=TO)
    assert isinstance(error, SendError)
    assert error.fate is Fate.UNREACHED


async def test_a_password_is_never_said_without_tls(mail: Callable[..., Mail], certificate: Certificate) -> None:
    """A server whose certificate is not ours gets nothing; one without STARTTLS gets nothing (above)."""
    server = mail()
    stranger = sender({"password": b"pa ss"}, kind="mail", server=f"localhost:{server.port}", safety="starttls",
                      user="gate", password="!password", **{"from": "gate@example.org"})  # fmt: skip
    error = await fate(stranger, to=TO)
    assert isinstance(error, SendError)
    assert "certificate is not accepted" in error.why
    assert not server.logins


async def test_an_address_that_is_none_is_never_said(mail: Callable[..., Mail], certificate: Certificate) -> None:
    server = mail()
    error = await fate(mailbox(server, certificate, "starttls"), FIRE, Recipient("x", "a@b>\r\nRCPT TO:<c@d"))
    assert isinstance(error, SendError)
    assert not error.channel
    assert not server.said


async def test_a_probe_logs_in_and_leaves(mail: Callable[..., Mail], certificate: Certificate) -> None:
    server = mail()
    await mailbox(server, certificate, "starttls").probe()
    assert server.logins
    assert not server.letters
