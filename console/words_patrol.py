"""What `gatehouse patrol` says."""

WORDS = {
    "title": ("巡逻手机", "patrol phone"),
    "on_shift": ("当班", "on shift"),
    "off_shift": ("不当班", "off shift"),
    "up": ("已连接", "connected"),
    "down": ("未连接，正在重连", "NOT CONNECTED, trying again"),
    "box_offline": ("门卫系统离线：以下可能已过时，请用对讲机", "THE BOX IS OFFLINE: this may be old, use the radio"),
    "old": ("超过 5 分钟没有更新，可能已过时", "no word for five minutes, this may be old"),
    "quiet": ("没有报警", "no alarms"),
    "more": ("另有 {count} 个未显示", "{count} more are not shown"),
    "way": ("怎么去", "way in"),
    "do": ("怎么做", "do"),
    "never": ("严禁", "NEVER"),
    "no_calls": ("此处禁用电话和对讲机，到室外再打", "no phone or radio here: call from outside"),
    "since": ("发生", "since"),
    "times": ("{count} 次", "{count} times"),
    "seen_by": ("{name} 已确认", "acknowledged by {name}"),
    "going": ("{name} 前往", "{name} is going"),
    "there": ("{name} 已到场", "{name} is there"),
    "call": ("呼叫", "CALL"),
    "drill": ("【演练】", "[DRILL] "),
    "done": ("已执行", "done"),
    "refused": ("被拒绝", "refused"),
    "help": (
        "序号 动作，如 1 去：去 take，知 ack，到 site，真 true，误 false 原因，援 help；causes 原因；q 退出",
        "type: number verb (1 take). Verbs: take, ack, site, true, false CAUSE, help; causes; q ends",
    ),
    "help_drill": ("演练中真求援：只输入 援", "in a drill, real help: type help alone"),
    "unknown": ("看不懂“{line}”；输入 ? 看说明", "{line!r} is not understood; type ? for help"),
    "no_card": ("没有 {number} 号卡片", "there is no card {number}"),
    "causes": ("误报原因", "causes of a false alarm"),
    "key_made": ("私钥在 {file}，不要外传。把下面一行写进站点文件 channels 的 guards：",
                 "The private key is in {file}; keep it there. Put this line under guards of the channel:"),
}  # fmt: skip
"""Key -> Chinese, English."""

VERBS = {
    "take": ("take", "去", "我去", "我去处理"),
    "acknowledge": ("ack", "acknowledge", "知", "确认"),
    "on_site": ("site", "on_site", "到", "到场", "已到场"),
    "true": ("true", "真", "属实"),
    "false": ("false", "误", "误报"),
    "help": ("help", "援", "求援", "请求支援"),
}
"""What a guard may type for each verb."""


def word(key: str, language: str, **values: object) -> str:
    """A word of this screen."""
    return WORDS[key][language == "en"].format(**values)


def verb(typed: str) -> str:
    """The verb that somebody means; empty for none."""
    return next((verb for verb, words in VERBS.items() if typed.lower() in words), "")
