"""What faults of fire monitoring centres and of listening lines say, as in `daemon.config.wording`."""

from types import MappingProxyType

CENTRE = MappingProxyType({
    "component_address": (
        "found {value}", 'write zone-number in quotes, for example "10-2"; each from 0 to 65535',
        "写的是 {value}", "请写成带引号的“区号-位号”，例如 \"10-2\"；各为 0 到 65535"),
    "component_twice": (
        "{value} and {other} are both component {place} of the same system", "give each an address of its own",
        "{value} 与 {other} 在同一系统中都是部件 {place}", "请给每个部件不同的地址"),
    "centre_in_clear": (
        "tier {value} would carry people's names, and GB/T 26875.3 knows no encryption",
        "write tier: 1, or plaintext: true where the way is a private one",
        "级别 {value} 会传输人名，而 GB/T 26875.3 没有加密", "请写 tier: 1；若走专网，可加上 plaintext: true"),
    "rollcall_left_out": (
        "kinds leave out rollcall.answered: the centre would never hear the guard's answer",
        "add rollcall.answered to kinds",
        "kinds 里没有 rollcall.answered：中心将收不到值班人员的查岗应答", "请在 kinds 里加上 rollcall.answered"),
    "peer_address": (
        "found {value}", "write the IP address of the device, for example 10.20.12.30",
        "写的是 {value}", "请写设备的 IP 地址，例如 10.20.12.30"),
    "listens_to_all": (
        "anybody in the network could call at {value}", "add peer: and the IP address of the device that may",
        "网络上任何人都能连接 {value}", "请加上 peer: 和允许连接的设备的 IP 地址"),
    "not_listening": (
        "{value} says something of a line with listen, and this one has none",
        "take it out, or write listen: host:port",
        "{value} 只用于带 listen 的线路", "请去掉，或写 listen: 主机:端口"),
    "cannot_listen": (
        "{device} ({driver}) is asked by us and does not call; {line} only listens",
        "put it on a line with serial, tcp or rtu_over_tcp",
        "{device}（{driver}）需要主动询问，而线路 {line} 只接受来电", "请放到 serial、tcp 或 rtu_over_tcp 的线路上"),
})  # fmt: skip
"""Code -> what was found and what is right, in English, then in Chinese."""
