"""How two clouds want requests signed: Aliyun's V3 (ACS3-HMAC-SHA256) and Tencent Cloud's V3 (TC3-HMAC-SHA256).

Sources: help.aliyun.com, V3版本请求体&签名机制; cloud.tencent.com, 签名方法 v3 (product 382, 52072). The tests hold
both to the worked examples of those pages.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be signed."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


def aliyun(request: Request, key_id: str, key: str, now: datetime, nonce: str) -> dict[str, str]:
    """The headers to add; `request.headers` name action and version."""
    digest = hashlib.sha256(request.body).hexdigest()
    added = {
        "host": request.host,
        "x-acs-content-sha256": digest,
        "x-acs-date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
    }
    signed = {name.lower(): value for name, value in {**request.headers, **added}.items()}
    signed = {
        name: value for name, value in signed.items() if name in {"host", "content-type"} or name.startswith("x-acs-")
    }
    canonical, names = _canonical(request, signed, digest)
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    authorization = f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={signature}"
    return {**added, "Authorization": authorization}


def tencent(request: Request, key_id: str, key: str, now: datetime) -> dict[str, str]:
    """The headers to add; `request.headers` name action, version and content type; the service is the host's first
    word."""
    seconds, day = str(int(now.timestamp())), now.astimezone(UTC).strftime("%Y-%m-%d")
    service = request.host.partition(".")[0]
    lowered = {name.lower(): value.lower() for name, value in request.headers.items()}
    signed = {"host": request.host, **{name: lowered[name] for name in ("content-type", "x-tc-action")}}
    canonical, names = _canonical(request, signed, hashlib.sha256(request.body).hexdigest())
    scope = f"{day}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{seconds}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    secret = f"TC3{key}".encode()
    for step in (day, service, "tc3_request"):
        secret = hmac.new(secret, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    authorization = f"TC3-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {"host": request.host, "X-TC-Timestamp": seconds, "Authorization": authorization}


def _canonical(request: Request, signed: Mapping[str, str], digest: str) -> tuple[str, str]:
    query = "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(request.query.items()))
    headers = "".join(f"{name}:{value.strip()}\n" for name, value in sorted(signed.items()))
    names = ";".join(sorted(signed))
    return "\n".join([request.method, request.path or "/", query, headers, names, digest]), names


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")
