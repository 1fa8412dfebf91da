"""SMS and voice by a gateway's HTTP interface, described as data: what to send, and what in the answer means what."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from daemon.channels import cloud_signatures
from daemon.channels.codes import Code, again, fix, theirs
from daemon.channels.message import Message, ReceiptState, Recipient
from daemon.channels.secret_text import SecretText
from daemon.channels.sender import Fate, SendError
from daemon.channels.text import cut, quoted, whole
from daemon.channels.web import Answer, Web
from daemon.clock import Clock
from daemon.config.gateways import FIELD, Form

ROOM = 210
"""Bytes: the 70 characters of one short message."""
_NUMBER = re.compile(r"\+?[\d\s-]{3,20}\Z")
_LOOKED_AT = 4096
"""Characters of an answer that a pattern is held against."""
_ANSWER = "the gateway answers"
_PRINTABLE = "".join(map(chr, range(32, 127))).replace("%", "")

MEANS = {
    "busy": again("the gateway is busy"),
    "limited": again("too many messages to this number; it takes more later", 60.0),
    "number": theirs("it does not take this telephone number"),
    "words": theirs("it refuses the words of the message"),
    "money": fix("the account has no money left"),
    "key": fix("the account, key or password is not accepted"),
    "template": fix("the signature or template is not approved, or does not fit"),
    "rights": fix("the account has no right to send"),
}
"""What a form may say of an error."""


@dataclass(slots=True)
class Gateway:
    """One account with one gateway; the recipient's address is a telephone number."""

    web: Web
    form: Form
    settings: Mapping[str, str]
    secrets: Mapping[str, SecretText]
    variables: Mapping[str, str]
    clock: Clock
    room: int = ROOM

    async def send(self, message: Message, recipient: Recipient) -> ReceiptState:
        """SENT: the gateway took it; whether the telephone has it, or rang, is not known."""
        if not _NUMBER.match(recipient.address):
            raise SendError(Fate.REFUSED, "the recipient's address is no telephone number", channel=False)
        hidden = {name: secret() for name, secret in self.secrets.items()}
        fields = {**self.settings, **hidden, **self._fields(message, recipient)}
        form = self.form
        query: dict[str, str] = _filled(form.query, fields)
        headers = {name: quote(_filled(text, fields), safe=_PRINTABLE) for name, text in form.headers.items()}
        content = b""
        if form.json_ is not None:
            content = orjson.dumps(_filled(form.json_, fields))
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
        elif form.form is not None:
            content = urlencode(_filled(form.form, fields)).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        url = fill(form.url, {name: quote(str(value), safe="") for name, value in fields.items()} | dict(self.settings))
        headers |= self._signed(url, query, headers, content, hidden)
        answer = await self.web.ask(form.method, url, params=query or None, headers=headers, content=content)
        self._judge(answer, recipient.address, *hidden.values())
        return ReceiptState.SENT

    async def probe(self) -> None:
        """See that the gateway is there."""
        hidden = {name: secret() for name, secret in self.secrets.items()}
        await self.web.knock(fill(self.form.url, {**self.settings, **hidden}))

    async def close(self) -> None:
        """Hang up."""
        await self.web.close()

    def _fields(self, message: Message, recipient: Recipient) -> dict[str, Any]:
        plain = {
            "phone": _phone(recipient.address, self.form.prefix), "name": recipient.name, "title": message.title,
            "text": message.text, "message": whole(message, self.room), "id": message.key,
            "severity": str(int(message.severity)),
        }  # fmt: skip
        longest = self.form.variable_length
        values = {name: fill(template, plain)[:longest] for name, template in self.variables.items()}
        return {**plain, "variables_json": orjson.dumps(values).decode(), _LIST: list(values.values())}

    def _signed(
        self, url: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes, keys: Mapping[str, str]
    ) -> dict[str, str]:
        if self.form.sign == "none":
            return {}
        parts = urlsplit(url)
        request = cloud_signatures.Request(self.form.method, parts.netloc, parts.path, query, headers, body)
        now = self.clock.utc()
        if self.form.sign == "aliyun":
            return cloud_signatures.aliyun(request, keys["key_id"], keys["key"], now, secrets.token_hex(16))
        return cloud_signatures.tencent(request, keys["key_id"], keys["key"], now)

    def _judge(self, answer: Answer, *hidden: str) -> None:
        success, text = self.form.success, answer.body[:_LOOKED_AT].decode(errors="replace")
        found = text
        if success.path:
            try:
                table = answer.table()
            except SendError:
                answer.check()
                raise
            found = next((str(each) for path in success.path if (each := _at(table, path)) is not None), "")
        if 200 <= answer.status < 300 and (found in success.is_ if success.path else re.search(success.match, text)):
            return
        for rule in self.form.errors:
            if re.search(rule.match, found):
                raise _error(MEANS[rule.means], found if success.path else "", *hidden)
        if not (found and success.path):
            answer.check()
        raise SendError(Fate.AGAIN, f"{_ANSWER} {quoted(found, *hidden) or 'nothing'}", after=10.0)


_LIST = "variables_list"


def _error(code: Code, found: str, *hidden: str) -> SendError:
    why = f"{code.why} (error {quoted(found, *hidden)})" if found else code.why
    return SendError(code.fate, why, after=code.after, channel=code.channel)


def fill(template: str, fields: Mapping[str, Any]) -> str:
    """The template with its fields; nothing else in braces is touched."""
    return FIELD.sub(lambda match: str(fields.get(match[1], match[0])), template)


def _filled(part: Any, fields: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(part, str):
        return fields[_LIST] if part == f"{{{_LIST}}}" else fill(part, fields)
    if isinstance(part, Mapping):
        return {name: _filled(each, fields) for name, each in part.items()}
    if isinstance(part, list):
        return [_filled(each, fields) for each in part]
    return part


def _at(table: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    """What stands at `Response.SendStatusSet.0.Code`; None where there is no such place."""
    for step in path.split("."):
        if isinstance(table, list) and step.isdigit() and int(step) < len(table):
            table = table[int(step)]
        elif isinstance(table, dict):
            table = table.get(step)
        else:
            return None
    return table


def _phone(address: str, prefix: str) -> str:
    number = cut(re.sub(r"[\s-]", "", address), 20)
    return number if number.startswith("+") or not prefix else prefix + number
