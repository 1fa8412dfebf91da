"""What each fault of the section `channels:` says, as in `daemon.config.wording`."""

from types import MappingProxyType

CHANNELS = MappingProxyType({
    "channel_in_clear": (
        "{value} would carry names and places over the network in clear", "write https://, or add plaintext: true",
        "{value} 会在网络上明文传输人名和地点", "请写 https://，或加上 plaintext: true"),
    "mail_in_clear": (
        "{value} would carry letters and the password in clear",
        "write safety: tls (port 465) or starttls (port 587), or add plaintext: true",
        "{value} 会明文传输邮件和密码", "请写 safety: tls（端口 465）或 starttls（端口 587），或加上 plaintext: true"),
    "user_and_password": (
        "one of user and password stands alone", "write both, or neither",
        "user 和 password 只写了一个", "请两个都写，或都不写"),
    "mail_address": (
        "found {value}", "write a mail address: name@host",
        "写的是 {value}", "请写邮箱地址：名称@主机"),
    "no_apprise": (
        "the library apprise is not installed", "install the package as gatehouse[apprise], or use another kind",
        "没有安装 apprise 库", "请安装 gatehouse[apprise]，或改用其他种类的渠道"),
    "no_gateway": (
        "there is no gateway {value}", "one of: {known}; or write how it is asked: {{url: …, success: …}}",
        "没有 {value} 这个网关", "可选：{known}；或写出接口：{{url: …, success: …}}"),
    "gateway_gap": (
        "the gateway needs '{value}'", "add it under `{key}:`",
        "网关需要 '{value}'", "请在 `{key}:` 下加上"),
    "gateway_unused": (
        "the gateway does not use '{value}'", "it uses: {known}",
        "网关用不到 '{value}'", "它使用：{known}"),
    "gateway_field": (
        "{value} names {{{gap}}}, which no message has", "known here: {known}",
        "{value} 里写了 {{{gap}}}，消息没有这一项", "可用：{known}"),
    "success_choice": (
        "it is not clear what in an answer means success", "write `path: [Code]` with `is: [OK]`, or `match: pattern`",
        "没有说明怎样的回答算成功", "请写 `path: [Code]` 和 `is: [OK]`，或写 `match: 正则`"),
    "pattern_wrong": (
        "{value} is no pattern: {why}", "write a regular expression; a backslash before ( [ . ? * +",
        "{value} 不是正则表达式：{why}", "请写正则表达式；( [ . ? * + 前面加反斜杠"),
})  # fmt: skip
