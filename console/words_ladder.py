"""The words of `gatehouse ladder`, in Chinese and in English."""

WORDS = {
    "reaches_nobody": (
        "报警不会通知任何人：站点文件里没有人员和通道，也没有升级阶梯。见 docs/escalation.md",
        "Alarms reach nobody: the site names no people and channels, and no ladder. See docs/escalation.md",
    ),
    "standard": ("站点没有写阶梯，用的是默认阶梯。", "The site has no ladder of its own; these are the usual ones."),
    "untested": ("通道未测试，可能呼叫不到", "No channel was tested to"),
    "how_to_test": ("请运行 gatehouse ladder test 名称 --by 姓名", "run: gatehouse ladder test NAME --by NAME"),
    "quiet": ("目前没有正在进行的呼叫。", "Nobody is being called at present."),
    "running": ("正在呼叫", "Calling"),
    "ladder": ("阶梯", "ladder"),
    "nobody_called": ("没有阶梯，不呼叫任何人", "no ladder: nobody is called"),
    "when": ("何时", "when"),
    "who": ("呼叫谁", "who"),
    "by": ("通道，依次", "channels in turn"),
    "notes": ("说明", "notes"),
    "state": ("结果", "result"),
    "channel": ("通道", "channel"),
    "group": ("群", "group"),
    "police": ("报公安", "a note to the police"),
    "sounds": ("声光", "on"),
    "nobody": ("此时无人值班", "nobody is on shift then"),
    "no_way": ("没有可用通道", "no channel reaches him"),
    "answers": ("须 {n} 人应答", "{n} people must answer"),
    "until": ("直到{word}", "until {word}"),
    "acknowledged": ("确认", "acknowledged"),
    "verified": ("核实", "verified"),
    "on_site": ("到场", "on site"),
    "closed": ("结案", "closed"),
    "again": ("再呼叫：{times}", "again at {times}"),
    "endless": ("，一直到有人应答", ", on and on until somebody answers"),
    "unread": ("{span}未读则换下一通道", "moves on if not read within {span}"),
    "not_tested": ("未测试", "not tested"),
    "elapsed": ("已 {span}", "for {span}"),
    "next": ("{span}后下一步", "next in {span}"),
    "spent": ("已呼叫全部人员，无人应答", "everybody was called, nobody has answered"),
    "paused": ("已自行恢复，暂停呼叫", "back to normal by itself, calling pauses"),
    "drill": ("演练", "drill"),
    "answered": ("已应答", "answered"),
    "early": ("提前", "early"),
    "waiting": ("未到时间", "not yet"),
    "queued": ("待发", "queued"),
    "sent": ("已发出", "sent"),
    "delivered": ("已送达", "delivered"),
    "read": ("已读", "read"),
    "failed": ("失败", "FAILED"),
    "unread_state": ("未读", "not read"),
    "no_answer": ("还没有结果", "nothing is known yet"),
    "testing": ("测试呼叫 {name}", "Test call to {name}"),
    "all_through": ("全部通道可用，已记录。", "Every channel works; that is on record."),
    "some_failed": ("有通道不通，请检查上面的原因。", "Some channel does not work; see the reason above."),
}
"""Key -> Chinese, English."""


def word(key: str, language: str, **values: object) -> str:
    """A word of the screen, with its gaps filled."""
    return WORDS[key][language == "en"].format_map(values)


def span(seconds: float, language: str) -> str:
    """A length of time as people say it."""
    zh = language != "en"
    if seconds < 120:
        return f"{seconds:g} 秒" if zh else f"{seconds:g} s"
    if seconds < 7200:
        return f"{seconds / 60:.3g} 分钟" if zh else f"{seconds / 60:.3g} min"
    return f"{seconds / 3600:.3g} 小时" if zh else f"{seconds / 3600:.3g} h"
