"""The words of `gatehouse reload` and `gatehouse replace`, in Chinese and in English."""

WORDS = {
    "nothing": ("站点文件与运行中的相同，无需更改。", "The site file says what runs already; nothing to do."),
    "unread": (
        "  {device} 的点位约有 {seconds} 秒读不到",
        "  the points of {device} will be unread for about {seconds} s",
    ),
    "ask": ("应用这些更改？", "Apply these changes?"),
    "applying": ("正在应用 ...", "applying ..."),
    "watching": (
        "已应用，观察中，还有 {left:.0f} 秒；安全点位变差会自动回退",
        "applied; watched for {left:.0f} s more, taken back by itself if a safety point is worse",
    ),
    "kept": ("已保留。", "Kept."),
    "silent": ("  {device} 还没有应答：{why}", "  {device} does not answer yet: {why}"),
    "rolled_back": ("已自动回退：比更改前变差", "Taken back by itself; worse than before:"),
    "idle": ("没有应用：守护进程已重新启动。", "Not applied: the daemon has been started anew."),
    # replace
    "same": ("{device} 已经是这样，无需更改。", "{device} is so already; nothing to do."),
    "plan": ("应用后将改变：", "Once applied, this changes:"),
    "channels": ("通道对照", "Channels"),
    "channel": ("原通道", "channel"),
    "used": ("用于", "used by"),
    "instead": ("新设备的通道", "of the new device"),
    "gone": ("无对应", "none"),
    "wrong": (
        "改后的站点文件有 {count} 处错误，没有写入。",
        "The site would have {count} fault(s); nothing is written.",
    ),
    "tried": ("试读新设备（只读不写）", "Trying the new device, reads only"),
    "failed": ("新设备没有全部读通。", "The new device could not be read as a whole."),
    "untried": ("没有试读。", "It was not tried."),
    "replace_ask": ("写入站点文件并应用？", "Write the site file and apply it?"),
    "replace_ask_failed": ("试读未通过，仍要写入并应用？", "It could not be read. Write and apply all the same?"),
    "replace_refused": (
        "试读未通过，没有写入；设备尚未接上时用 --untried。",
        "It could not be read, nothing is written; use --untried where it is not connected yet.",
    ),
    "written": ("已写入 {file}，原文件存于 {kept}", "Written to {file}; what stood there is kept in {kept}"),
    "restored": ("已恢复 {file} 原来的内容。", "{file} says again what it said before."),
    "no_daemon": (
        "没有守护进程在运行，下次启动时生效。",
        "No daemon runs; it takes effect when one is started.",
    ),
    "not_ours": (
        "{file} 在此期间又被改动，没有恢复；请自行检查。",
        "{file} was changed again meanwhile and is left as it is; look at it yourself.",
    ),
}
"""Key -> Chinese, English."""


def said(key: str, language: str, **values: object) -> str:
    """A sentence, its gaps filled."""
    return WORDS[key][language == "en"].format_map(values)
