"""The words of `gatehouse alarms`, in Chinese and in English."""

WORDS = {
    "alarms": ("报警", "Alarms"),
    "cases": ("未结案（已恢复，待核实归档）", "Open cases (back to normal, to be verified and closed)"),
    "ended": ("最近结束", "Ended lately"),
    "none": ("无", "none"),
    "severity": ("级别", "level"),
    "alarm": ("报警", "alarm"),
    "place": ("位置", "place"),
    "state": ("状态", "state"),
    "since": ("起报", "since"),
    "count": ("次数", "count"),
    "who": ("经办", "who"),
    "id": ("编号", "id"),
    "case": ("案号", "case"),
    "result": ("结论", "result"),
    "incident": ("事件组：{count} 个报警", "incident: {count} alarms"),
    "unjudged": ("输入读不到", "inputs cannot be read"),
    "chattering": ("反复", "chattering"),
    "silenced": ("已消音", "silenced"),
    "until_then": ("到 {until}，{by}：{why}", "until {until}, {by}: {why}"),
    "acknowledged_by": ("{who} 确认", "{who} knows"),
    "assigned_to": ("派 {who}", "{who} is sent"),
    "on_site_by": ("{who} 到场", "{who} is there"),
    "verified_by": ("{who} 核实", "{who} verified"),
    "to_verify": ("待核实", "to be verified"),
}
"""Key -> Chinese, English."""


def said(key: str, language: str, **values: object) -> str:
    """A word or a sentence of this screen."""
    return WORDS[key][language == "en"].format(**values)
