"""SMS and voice gateways: the shipped forms and one written out, over real sockets."""

from urllib.parse import parse_qs, urlsplit

import pytest

from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.sender import Fate, Sender, SendError
from daemon.config import gateways
from gatehouse.alarms import Severity
from tests.system.channels.conftest import Reply, Web
from tests.system.channels.senders import FIRE, GUARD, fate, sender

KEYS = {"key_id": "!id", "key": "!key"}
WITH = {"signature": "绿地南", "template": "SMS_1", "app": "140", "region": "ap-guangzhou"}


def shipped(web: Web, name: str, kind: str = "sms", **more: object) -> Sender:
    """The shipped form, but for where it is."""
    form = gateways.shipped(name)
    settings = {key: value for key, value in WITH.items() if key in form.gaps()}
    made = sender(kind=kind, gateway=name, **{"with": settings}, keys=KEYS, **more)
    made.form = form.model_copy(update={"url": web.url + "/"})
    return made


async def test_aliyun_is_asked_as_documented(web: Web) -> None:
    web.usual = Reply(b'{"Message":"OK","RequestId":"F6","Code":"OK","BizId":"1"}')
    made = shipped(web, "aliyun-sms", variables={"place": "{title}", "what": "{text}"})
    assert await fate(made, to=GUARD) is ReceiptState.SENT
    asked = web.asked[0]
    query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
    assert query == {"PhoneNumbers": "13800001111", "SignName": "绿地南", "TemplateCode": "SMS_1", "OutId": "a1-2",
                     "TemplateParam": '{"place":"12栋 火警","what":"一层东侧烟感"}'}  # fmt: skip
    assert asked.headers["x-acs-action"] == "SendSms"
    assert asked.headers["authorization"].startswith("ACS3-HMAC-SHA256 Credential=AKID-1,SignedHeaders=host;x-acs-")


async def test_tencent_is_asked_as_documented(web: Web) -> None:
    web.usual = Reply(b'{"Response":{"SendStatusSet":[{"SerialNo":"1","Code":"Ok","Message":"send success"}],'
                      b'"RequestId":"a"}}')  # fmt: skip
    made = shipped(web, "tencent-sms", variables={"place": "{title}", "what": "{text}" * 9})
    assert await fate(made, to=GUARD) is ReceiptState.SENT
    asked = web.asked[0]
    assert asked.json == {"PhoneNumberSet": ["+8613800001111"], "SmsSdkAppId": "140", "SignName": "绿地南",
                          "TemplateId": "SMS_1", "TemplateParamSet": ["12栋 火警", ("一层东侧烟感" * 9)[:12]],
                          "SessionContext": "a1-2"}  # fmt: skip
    assert asked.headers["x-tc-action"] == "SendSms"
    assert "/tc3_request, SignedHeaders=content-type;host;x-tc-action, " in asked.headers["authorization"]


STATUS = '{"Response":{"SendStatusSet":[{"Code":"%s","Message":"m"}],"RequestId":"a"}}'
ERROR = '{"Response":{"Error":{"Code":"%s","Message":"m"},"RequestId":"a"}}'
ANSWERS = [
    ("aliyun-sms", '{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"触发小时级流控Permits:5"}', Fate.AGAIN, True),
    ("aliyun-sms", '{"Code":"isv.MOBILE_NUMBER_ILLEGAL","Message":"13800001111"}', Fate.REFUSED, False),
    ("aliyun-sms", '{"Code":"isv.AMOUNT_NOT_ENOUGH","Message":"m"}', Fate.REFUSED, True),
    ("aliyun-sms", '{"Code":"SignatureDoesNotMatch","Message":"m"}', Fate.REFUSED, True),
    ("aliyun-sms", '{"Code":"isv.SMS_TEMPLATE_ILLEGAL","Message":"m"}', Fate.REFUSED, True),
    ("aliyun-sms", '{"Code":"Throttling.User","Message":"m"}', Fate.AGAIN, True),
    ("aliyun-sms", '{"Code":"isv.NEVER_SEEN","Message":"m"}', Fate.AGAIN, True),
    ("tencent-sms", STATUS % "LimitExceeded.PhoneNumberThirtySecondLimit", Fate.AGAIN, True),
    ("tencent-sms", STATUS % "FailedOperation.InsufficientBalanceInSmsPackage", Fate.REFUSED, True),
    ("tencent-sms", STATUS % "InvalidParameterValue.IncorrectPhoneNumber", Fate.REFUSED, False),
    ("tencent-sms", STATUS % "FailedOperation.SignatureIncorrectOrUnapproved", Fate.REFUSED, True),
    ("tencent-sms", ERROR % "AuthFailure.SignatureFailure", Fate.REFUSED, True),
    ("tencent-voice", ERROR % "AuthFailure.SecretIdNotFound", Fate.REFUSED, True),
    ("aliyun-voice", '{"Code":"isv.TTS_TEMPLATE_ILLEGAL","Message":"m"}', Fate.REFUSED, True),
]


@pytest.mark.parametrize(("name", "body", "what", "channel"), ANSWERS)
async def test_the_clouds_errors_mean_something(web: Web, name: str, body: str, what: Fate, channel: bool) -> None:
    web.usual = Reply(body.encode(), 400 if "Signature" in body else 200)
    kind = "voice" if "voice" in name else "sms"
    error = await fate(shipped(web, name, kind), to=GUARD)
    assert isinstance(error, SendError)
    assert (error.fate, error.channel) == (what, channel)
    assert "13800001111" not in error.why


async def test_tencents_call_counts_only_with_a_number_of_its_own(web: Web) -> None:
    web.replies = [Reply(b'{"Response":{"SendStatus":{"CallId":"d1","SessionContext":""},"RequestId":"a"}}'),
                   Reply(b'{"Response":{"SendStatus":{"CallId":"","SessionContext":""},"RequestId":"a"}}')]  # fmt: skip
    assert await fate(shipped(web, "tencent-voice", "voice"), to=GUARD) is ReceiptState.SENT
    assert isinstance(await fate(shipped(web, "tencent-voice", "voice"), to=GUARD), SendError)


OWN = {
    "url": "{server}/send/{phone}", "method": "POST", "headers": {"X-Key": "{token}"},
    "form": {"to": "{phone}", "text": "{message}", "id": "{id}"},
    "success": {"match": r"^0,\d+"}, "errors": [{"match": "^-2,", "means": "money"}],
}  # fmt: skip


async def test_a_gateway_of_ones_own_is_written_out(web: Web) -> None:
    web.replies = [Reply(b"0,8812"), Reply(b"-2,no money"), Reply(b"<html>")]
    hostile = Message("k&x=1", "a&to=999\r\nX: y", "{token}", Severity.P3)
    for want in (ReceiptState.SENT, Fate.REFUSED, Fate.AGAIN):
        made = sender(kind="sms", gateway=OWN, **{"with": {"server": web.url}}, keys={"token": "!sign"})
        answer = await fate(made, hostile, Recipient("x", "+86 138-0000 1111"))
        assert (answer.fate if isinstance(answer, SendError) else answer) is want
    asked = web.asked[0]
    assert asked.path == "/send/%2B8613800001111"
    assert asked.headers["x-key"] == "SECabc"
    form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
    assert form == {"to": "+8613800001111", "text": "a&to=999\r\nX: y\n{token}", "id": "k&x=1"}


def test_every_shipped_form_says_where_it_comes_from_and_that_it_was_not_tried() -> None:
    assert gateways.names() == ["aliyun-sms", "aliyun-voice", "tencent-sms", "tencent-voice"]
    for name in gateways.names():
        form = gateways.shipped(name)
        assert form.source
        assert form.url.startswith("https://")
        assert {"zh", "en"} == form.title.keys()
        assert "Unverified against the real service" in gateways._files()[name].read_text()
    assert FIRE.severity is Severity.P1
