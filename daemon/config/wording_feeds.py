"""What each fault of the section `subscribers:` says where the way is not MQTT, as in `daemon.config.wording`."""

from types import MappingProxyType

FEEDS = MappingProxyType({
    "sia_receiver": (
        "found {value}", "write tcp://host:port or udp://host:port, as the alarm centre says",
        "写的是 {value}", "请按接警中心给的写成 tcp://主机:端口 或 udp://主机:端口"),
    "sia_in_clear": (
        "{value} without a key would carry alarms in clear, and anybody could acknowledge them",
        "give it key: !secret …, or add plaintext: true",
        "{value} 没有密钥，报警会明文传输，任何人都能冒充应答", "请写 key: !secret …，或加上 plaintext: true"),
    "unknown_place": (
        "there is no {value} in this site", "known: {known}",
        "站点里没有 {value}", "已有：{known}"),
    "person_below_tier": (
        "a subscriber of tier 0 or 1 learns nothing of people", "leave it out, or give it tier: 2",
        "0、1 级订阅者不得获知人员信息", "请去掉，或写 tier: 2"),
})  # fmt: skip
