"""Both signatures against the worked examples that their makers publish."""

from datetime import UTC, datetime

from daemon.channels.cloud_signatures import Request, aliyun, tencent


def test_aliyuns_own_example() -> None:
    """help.aliyun.com, V3版本请求体&签名机制: fixed values for checking one's own code."""
    request = Request(
        "POST", "ecs.cn-shanghai.aliyuncs.com", "/",
        {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"},
        {"x-acs-action": "RunInstances", "x-acs-version": "2014-05-26"}, b"",
    )  # fmt: skip
    made = aliyun(request, "YourAccessKeyId", "YourAccessKeySecret", datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
                  "3156853299f313e23d1673dc12e1703d")  # fmt: skip
    assert made["Authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
        "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_tencents_own_example() -> None:
    """cloud.tencent.com, 签名方法 v3: DescribeInstances, with the keys that the page shows as stars."""
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    headers = {"Content-Type": "application/json; charset=utf-8", "X-TC-Action": "DescribeInstances"}
    request = Request("POST", "cvm.tencentcloudapi.com", "/", {}, headers, body)
    made = tencent(request, "AKID" + "*" * 32, "*" * 32, datetime.fromtimestamp(1551113065, UTC))
    assert made["X-TC-Timestamp"] == "1551113065"
    assert made["Authorization"] == (
        f"TC3-HMAC-SHA256 Credential=AKID{'*' * 32}/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )
