"""What each fault of patrol phones says, as in `daemon.config.wording`."""

from types import MappingProxyType

PATROL = MappingProxyType({
    "patrol_key": (
        "no public key of a phone", "write what `gatehouse patrol key FILE` prints: 44 characters, Ed25519 in base64",
        "不是手机公钥", "请填 `gatehouse patrol key 文件` 打印的公钥：44 个字符，Ed25519，base64"),
    "patrol_key_twice": (
        "'{value}' has the same key as '{known}'", "each guard needs a key of his own, or nobody knows who answered",
        "'{value}' 与 '{known}' 的密钥相同", "每名巡逻员须有自己的密钥，否则不知道是谁答复的"),
    "patrol_twice": (
        "'{value}' is a channel to patrol phones already", "put all guards under one",
        "'{value}' 已经是巡逻手机通道", "请把全部巡逻员写在同一个通道下"),
    "patrol_topic": (
        "a subscriber '{value}' would share its topics with patrol phones", "give the subscriber another name",
        "订阅方 '{value}' 会与巡逻手机共用主题", "请给订阅方换个名称"),
})  # fmt: skip
