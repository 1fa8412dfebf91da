"""WeCom, DingTalk and Feishu against answers that their services are documented or seen to give."""

import base64
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest

from daemon.channels import feishu
from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.sender import Fate, SendError
from gatehouse.alarms import Severity
from tests.system.channels.conftest import Reply, Web
from tests.system.channels.senders import FIRE, GUARD, NOBODY, SECRETS, fate, sender

SENT = ReceiptState.SENT


def robot(web: Web, kind: str, **more: object) -> object:
    secret = {"wecom": "key", "dingtalk": "token", "feishu": "token"}[kind]
    return sender(kind=kind, server=web.url, **{secret: "!key"}, **more)


async def test_a_robot_of_wecom_is_asked_as_documented(web: Web) -> None:
    assert await fate(robot(web, "wecom"), to=Recipient("夜班", "lisi, 13800001111,@all")) is SENT
    asked = web.asked[0]
    assert asked.path == f"/cgi-bin/webhook/send?key={SECRETS['key'].decode()}"
    assert asked.json == {
        "msgtype": "text",
        "text": {"content": "12栋 火警\n一层东侧烟感", "mentioned_list": ["lisi", "@all"],
                 "mentioned_mobile_list": ["13800001111"]},
    }  # fmt: skip


async def test_no_text_is_longer_than_a_robot_takes(web: Web) -> None:
    await fate(robot(web, "wecom"), Message("k", "长" * 900, "文" * 900, Severity.P3))
    assert len(web.asked[0].json["text"]["content"].encode()) <= 2048


KEY = "invalid webhook url, hint: [1592021214_50_551fc8807c11f27ed0e6714d0c267ba4], from ip: 171.43.164.231, more info at https://open.work.weixin.qq.com/devtool/query?e=93000"  # noqa: E501 - as it was seen
ANSWERS = [
    ("wecom", f'{{"errcode":93000,"errmsg":"{KEY}"}}', Fate.REFUSED, "the robot's key is not valid", 0),
    ("wecom", '{"errcode":45009,"errmsg":"api freq out of limit"}', Fate.AGAIN, "it takes more later", 60),
    ("wecom", '{"errcode":-1,"errmsg":"system busy"}', Fate.AGAIN, "the service is busy", 0),
    ("wecom", '{"errcode":99999,"errmsg":"what 13800001111 wants"}', Fate.AGAIN, "error 99999 of the service", 10),
    ("dingtalk", '{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}', Fate.AGAIN, "ten minutes",
     600),
    ("dingtalk", '{"errcode":310000,"errmsg":"sign not match, more: [https://ding-doc.dingtalk.com/]"}', Fate.REFUSED,
     "安全设置", 0),
    ("dingtalk", '{"errcode":300001,"errmsg":"token is not exist"}', Fate.REFUSED, "token is not known", 0),
    ("feishu", '{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}',
     Fate.REFUSED, "签名校验", 0),
    ("feishu", '{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}', Fate.REFUSED,
     "token is not known", 0),
    ("feishu", '{"code":9499,"msg":"Bad Request","data":{}}', Fate.REFUSED, "a fault in the message", 0),
    ("feishu", '{"code":11232,"msg":"frequency limited psm[lark.oapi.app_platform_runtime]"}', Fate.AGAIN, "later", 5),
    ("feishu", '{"code":0,"StatusCode":19007,"StatusMessage":"Bot Not Enabled"}', Fate.REFUSED, "switched off", 0),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "what", "why", "after"), ANSWERS, ids=lambda value: str(value)[:30])
async def test_http_200_with_an_error_number_is_no_delivery(
    web: Web, kind: str, body: str, what: Fate, why: str, after: float
) -> None:
    web.usual = Reply(body.encode())
    error = await fate(robot(web, kind), to=GUARD)
    assert isinstance(error, SendError)
    assert (error.fate, error.after) == (what, after)
    assert why in error.why
    for private in (SECRETS["key"].decode(), "13800001111", "171.43", "551fc880", "https:"):
        assert private not in error.why


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
@pytest.mark.parametrize(
    ("reply", "what", "why"),
    [
        (Reply(b"<html>please log in</html>"), Fate.AGAIN, "not this service's"),
        (Reply(b"[]"), Fate.AGAIN, "not this service's"),
        (Reply(b"{}"), Fate.AGAIN, "not this service's"),
        (Reply(b'{"errcode":true,"code":false}'), Fate.AGAIN, "service"),
        (Reply(b"x" * 300_000), Fate.AGAIN, "not this service's"),
        (Reply(b"", 302, {"Location": "http://elsewhere.example/"}), Fate.REFUSED, "sends us elsewhere"),
        (Reply(b"oh no", 500), Fate.AGAIN, "HTTP 500"),
        (Reply(b"", 503, {"Retry-After": "7"}), Fate.AGAIN, "not ready"),
        (Reply(b"", 429, {"Retry-After": "30"}), Fate.AGAIN, "too many"),
        (Reply(b"", 404), Fate.REFUSED, "nothing is at that address"),
        (Reply(cut=True), Fate.UNKNOWN, "the connection broke"),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_whatever_answers_it_is_not_taken_for_a_delivery(
    web: Web, kind: str, reply: Reply, what: Fate, why: str
) -> None:
    web.usual = reply
    error = await fate(robot(web, kind))
    assert isinstance(error, SendError)
    assert error.fate is what
    assert why in error.why
    if "Retry-After" in reply.headers:
        assert error.after == float(reply.headers["Retry-After"])
    assert len(web.asked) == 1


async def test_a_service_that_hangs_may_have_taken_it(web: Web) -> None:
    web.usual = Reply(seconds=0.8)
    error = await fate(robot(web, "wecom", limit="500ms"))
    assert isinstance(error, SendError)
    assert (error.fate, error.why) == (Fate.UNKNOWN, "no answer within 0.5 s; it may have arrived")


async def test_nobody_there_is_known_not_to_have_heard_us(web: Web) -> None:
    gone = robot(web, "wecom")
    web.stop()
    error = await fate(gone)
    assert isinstance(error, SendError)
    assert error.fate is Fate.UNREACHED
    assert error.why == "not reached: connection refused; nothing listens there"


async def test_a_certificate_of_a_stranger_is_refused_before_anything_is_said(safe_web: Web) -> None:
    error = await fate(robot(safe_web, "wecom"))
    assert isinstance(error, SendError)
    assert error.fate is Fate.UNREACHED
    assert "its certificate is not accepted" in error.why
    assert not safe_web.asked


def openssl_hmac(key: str, text: str) -> str:
    """An independent hand for the signatures."""
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key.encode().hex()}", "-binary"]
    made = subprocess.run(command, input=text.encode(), capture_output=True, check=True, timeout=10).stdout
    return base64.b64encode(made).decode()


async def test_dingtalk_is_signed_as_openssl_would(web: Web) -> None:
    assert await fate(robot(web, "dingtalk", sign="!sign"), to=Recipient("x", "13800001111,zhang,@all")) is SENT
    asked = parse_qs(urlsplit(web.asked[0].path).query)
    timestamp = asked["timestamp"][0]
    assert len(timestamp) == 13
    assert asked["sign"] == [openssl_hmac("SECabc", f"{timestamp}\nSECabc")]
    assert asked["access_token"] == [SECRETS["key"].decode()]
    assert web.asked[0].json["at"] == {"atMobiles": ["13800001111"], "atUserIds": ["zhang"], "isAtAll": True}


async def test_feishu_is_signed_as_openssl_would(web: Web) -> None:
    web.usual = Reply(b'{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}')
    assert await fate(robot(web, "feishu", sign="!sign"), to=Recipient("x", "ou_1,all")) is SENT
    asked = web.asked[0]
    assert asked.path == f"/open-apis/bot/v2/hook/{SECRETS['key'].decode()}"
    assert asked.json["sign"] == openssl_hmac(f"{asked.json['timestamp']}\nSECabc", "")
    assert asked.json["content"]["text"].startswith('<at user_id="ou_1"></at><at user_id="all"></at>12栋 火警')


def test_feishus_own_example_of_a_signature() -> None:
    """Its guide signs with key "timestamp\\nsecret" and no text; openssl says the same of these two words."""
    assert feishu.signature("demo", 1599360473) == openssl_hmac("1599360473\ndemo", "")


async def test_no_title_can_call_up_people(web: Web) -> None:
    web.usual = Reply(b'{"code":0,"msg":"success"}')
    await fate(robot(web, "feishu"), Message("k", '<at user_id="all"></at>', "", Severity.P3))
    assert "<at" not in web.asked[0].json["content"]["text"]


async def test_a_secret_that_is_not_there_is_said_and_nothing_is_sent(web: Web) -> None:
    error = await fate(sender({}, kind="wecom", server=web.url, key="!key"))
    assert isinstance(error, SendError)
    assert error.fate is Fate.REFUSED
    assert error.why == "the secret key cannot be read; `gatehouse check` says why"
    assert not web.asked


# An application of WeCom


def application(web: Web) -> object:
    return sender(kind="wecom_app", server=web.url, corp="ww1", agent=1000002, secret="!sign")


TOKEN = b'{"errcode":0,"errmsg":"ok","access_token":"tok-1","expires_in":7200}'


async def test_an_application_gets_a_token_once_and_writes_to_a_member(web: Web) -> None:
    web.replies = [Reply(TOKEN), Reply(), Reply()]
    app = application(web)
    assert await app.send(FIRE, Recipient("李四", "lisi")) is SENT
    assert await fate(app, to=Recipient("王五", "wangwu")) is SENT
    first, second, third = web.asked
    assert first.path == "/cgi-bin/gettoken?corpid=ww1&corpsecret=SECabc"
    assert second.path == third.path == "/cgi-bin/message/send?access_token=tok-1"
    assert second.json == {"touser": "lisi", "msgtype": "text", "agentid": 1000002,
                           "text": {"content": "12栋 火警\n一层东侧烟感"}}  # fmt: skip


async def test_a_token_that_went_out_of_date_is_fetched_anew(web: Web) -> None:
    expired = Reply(b'{"errcode":42001,"errmsg":"access_token expired"}')
    web.replies = [Reply(TOKEN), expired, Reply(TOKEN.replace(b"tok-1", b"tok-2")), Reply()]
    assert await fate(application(web), to=Recipient("李四", "lisi")) is SENT
    assert web.asked[-1].path.endswith("access_token=tok-2")


@pytest.mark.parametrize(
    ("replies", "what", "channel"),
    [
        ([b'{"errcode":40001,"errmsg":"invalid credential"}'], Fate.REFUSED, True),
        ([TOKEN, b'{"errcode":0,"errmsg":"ok","invaliduser":"lisi"}'], Fate.REFUSED, False),
        ([TOKEN, b'{"errcode":81013,"errmsg":"user & party & tag all invalid"}'], Fate.REFUSED, False),
        ([TOKEN, b'{"errcode":60020,"errmsg":"not allow to access from your ip"}'], Fate.REFUSED, True),
        ([TOKEN, b'{"errcode":42001}', TOKEN, b'{"errcode":42001}'], Fate.AGAIN, True),
        ([b'{"errcode":0,"errmsg":"ok"}'], Fate.AGAIN, True),
    ],
)
async def test_what_an_application_is_told(web: Web, replies: list[bytes], what: Fate, channel: bool) -> None:
    web.replies = [Reply(body) for body in replies]
    error = await fate(application(web), to=Recipient("李四", "lisi"))
    assert isinstance(error, SendError)
    assert (error.fate, error.channel) == (what, channel)
    assert "SECabc" not in error.why
    assert "tok-1" not in error.why


async def test_probes_make_no_noise(web: Web) -> None:
    await robot(web, "wecom").probe()
    assert not web.asked
    web.replies = [Reply(TOKEN)]
    app = application(web)
    await app.probe()
    await app.close()
    assert [each.path.split("?")[0] for each in web.asked] == ["/cgi-bin/gettoken"]
    assert NOBODY.address == ""
