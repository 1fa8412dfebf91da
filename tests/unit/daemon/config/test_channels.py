"""The section `channels:`: what is sound, and every fault in words that teach."""

import importlib.util
import re
from pathlib import Path

import pytest

from daemon.config.channels import KINDS
from daemon.config.faults import Fault
from daemon.config.load import ConfigError, load
from daemon.config.schema import schema
from daemon.config.secrets import Secrets

GOOD = Path(__file__).parents[4] / "config" / "small"
SITE = (GOOD / "site.yaml").read_text(encoding="utf-8")


def site(folder: Path, entry: str) -> Path:
    (folder / "cards.csv").write_text((GOOD / "cards.csv").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "site.yaml").write_text(f"{SITE}\nchannels:\n  x: {entry}\n", encoding="utf-8")
    return folder / "site.yaml"


def faults(folder: Path, entry: str, secrets: Secrets | None = None) -> list[Fault]:
    with pytest.raises(ConfigError) as caught:
        load(site(folder, entry), secrets=secrets)
    return caught.value.faults


KEYS = "keys: {key_id: !secret i, key: !secret k}"
SOUND = [
    "{kind: wecom, key: !secret k, title: 保安群}",
    "{kind: wecom_app, corp: ww1, agent: 1000002, secret: !secret k}",
    "{kind: dingtalk, token: !secret k, sign: !secret s}",
    "{kind: feishu, token: !secret k, limit: 3s, per_minute: 50, language: en}",
    "{kind: ntfy, server: 'http://192.168.1.20:8080', topic: guards}",
    f"{{kind: sms, gateway: aliyun-sms, with: {{signature: x, template: a}}, {KEYS}, variables: {{a: '{{title}}'}}}}",
    f"{{kind: voice, gateway: tencent-voice, with: {{app: '1', template: '2', region: ap-guangzhou}}, {KEYS}}}",
    "{kind: sms, gateway: {url: 'http://10.0.0.8/', method: GET, query: {to: '{phone}'}, success: {match: '^OK'}}}",
    "{kind: webhook, url: !secret u, key: !secret k}",
    "{kind: webhook, url: 'http://hook.example/in', plaintext: true}",
    "{kind: mail, server: 'smtp.example:465', from: a@b.example, user: a, password: !secret k}",
    "{kind: mail, server: '192.168.1.2:25', safety: none, from: a@b.example}",
]


@pytest.mark.parametrize("entry", SOUND)
def test_a_sound_channel_is_taken_and_has_a_title(tmp_path: Path, entry: str) -> None:
    plan = load(site(tmp_path, entry))
    assert plan.titles["channels.x"] in ("保安群", "x")
    assert plan.site.channels["x"].kind in KINDS


WRONG = [
    ("{kind: wecon, key: !secret k}", "kind", "one_of", "wecom"),
    ("{key: !secret k}", "kind", "missing", "wecom_app"),
    ("{kind: wecom}", "key", "missing", "robot's address"),
    ("{kind: wecom, key: 693a91f6}", "key", "plain_secret", "!secret"),
    ("{kind: wecom, key: !secret k, limit: 2m}", "limit", "duration_range", "500ms"),
    ("{kind: wecom, key: !secret k, per_minute: 0}", "per_minute", "too_small", "1"),
    ("{kind: wecom, key: !secret k, sevrer: 'https://x'}", "sevrer", "unknown_key", "server"),
    ("{kind: wecom, key: !secret k, server: 'http://relay.example'}", "server", "channel_in_clear", "plaintext"),
    ("{kind: wecom, key: !secret k, server: 'relay.example'}", "server", "webhook_url", "https://"),
    ("{kind: ntfy, server: 'http://8.8.8.8'}", "server", "channel_in_clear", "https://"),
    ("{kind: ntfy, user: a}", "user", "user_and_password", "both"),
    ("{kind: ntfy, topic: 'a b'}", "topic", "pattern", "A-Za-z"),
    ("{kind: sms, gateway: aliyun}", "gateway", "no_gateway", "aliyun-sms"),
    ("{kind: sms, gateway: aliyun-sms, with: {signature: x}, keys: {key_id: !secret i, key: !secret k}}", "with",
     "gateway_gap", "template"),
    ("{kind: sms, gateway: aliyun-sms, with: {signature: x, template: y}, keys: {key_id: !secret i}}", "keys",
     "gateway_gap", "'key'"),
    (f"{{kind: sms, gateway: aliyun-sms, with: {{signature: x, template: y, z: z}}, {KEYS}}}", "with",
     "gateway_unused", "'z'"),
    ("{kind: sms, gateway: {url: 'https://x/', success: {match: OK}}, variables: {a: '{titel}'}}", "variables",
     "gateway_field", "title"),
    ("{kind: sms, gateway: {url: 'https://x/', success: {match: '(OK'}}}", "gateway.success.match", "pattern_wrong",
     "regular expression"),
    ("{kind: sms, gateway: {url: 'https://x/', success: {path: [a]}}}", "gateway.success", "success_choice", "is:"),
    ("{kind: sms, gateway: {url: 'http://8.8.8.8/', success: {match: OK}}}", "gateway", "channel_in_clear",
     "plaintext"),
    ("{kind: webhook, url: 'http://hook.example/in?token=1'}", "url", "channel_in_clear", "plaintext"),
    ("{kind: mail, server: smtp.example, from: a@b.example}", "server", "endpoint", "host:port"),
    ("{kind: mail, server: 'smtp.example:25', from: gatehouse}", "from", "mail_address", "name@host"),
    ("{kind: mail, server: 'smtp.example:25', safety: none, from: a@b.example}", "safety", "mail_in_clear", "starttls"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "where", "code", "word"), WRONG, ids=lambda value: value[:40])
def test_a_fault_says_where_it_is_and_what_would_be_right(
    tmp_path: Path, entry: str, where: str, code: str, word: str
) -> None:
    fault = faults(tmp_path, entry)[0]
    assert (fault.path, fault.code) == (f"channels.x.{where}", code)
    assert word in str(fault)
    assert any("\u4e00" <= character <= "\u9fff" for character in fault.text("zh"))
    assert "693a91f6" not in str(fault)


def test_a_missing_secret_is_told_where_it_stands(tmp_path: Path) -> None:
    entry = (
        "{kind: sms, gateway: aliyun-sms, with: {signature: x, template: y}, keys: {key_id: !secret i, key: !secret k}}"
    )
    found = [fault.path for fault in faults(tmp_path, entry, Secrets.beside(tmp_path))]
    assert [path for path in found if path.startswith("channels")] == ["channels.x.keys.key_id", "channels.x.keys.key"]


def test_the_extra_that_is_not_installed_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    fault = faults(tmp_path, "{kind: apprise, url: !secret u}")[0]
    assert "gatehouse[apprise]" in str(fault)


def test_editors_are_told_of_every_kind() -> None:
    text = str(schema())
    assert all(f"'const': '{kind}'" in text for kind in KINDS)


def test_the_documents_examples_are_sound(tmp_path: Path) -> None:
    """Every channel in docs/channels.md, with nothing but the secrets missing."""
    text = (GOOD.parents[1] / "docs" / "channels.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        (tmp_path / "site.yaml").write_text(f"{SITE}\n{block}", encoding="utf-8")
        (tmp_path / "cards.csv").write_text((GOOD / "cards.csv").read_text(encoding="utf-8"), encoding="utf-8")
        assert load(tmp_path / "site.yaml").site.channels


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_in_the_document(kind: str) -> None:
    assert f"| `{kind}`" in (GOOD.parents[1] / "docs" / "channels.md").read_text(encoding="utf-8")
