"""The words of `gatehouse journal`, in Chinese and in English."""

WORDS = {
    "whole": ("{lines} 条，哈希链完整。", "{lines} lines, the chain is whole."),
    "gone": ("更早的 {lines} 条已按保存期限移出（到 {last} 号为止）。", "{lines} older lines are gone, up to {last}."),
    "cut": ("其间 {lines} 条已按保存期限移出，其哈希仍在链中：", "{lines} lines were cut in between; hashes stay:"),
    "rule": ("  {name}（{rule}）{lines} 条", "  {name} ({rule}): {lines} lines"),
    "faults": ("{faults} 处不符！共 {lines} 条。", "{faults} fault(s) in {lines} lines!"),
    "proved": ("{head}  已证实：到此为止一条未改。", "{head}  proved: all up to it is as it was."),
    "head_cut": (
        "{head}  这一条已按保存期限移出（{rule}，{at}，见第 {line} 号），其后仍可用更新的链头证实。",
        "{head}  this very line was cut ({rule}, {at}, told by line {line}); what follows is proved by a newer head.",
    ),
    "head_gone": (
        "{head}  在现存最早一条（{first} 号）之前，已按保存期限移出；请用更新的链头。",
        "{head}  lies before the first line that is kept, {first}; take a newer head.",
    ),
    "changed_at": ("{head}  不符：第 {line} 号起与当时不同！", "{head}  CHANGED: line {line} is not as it was!"),
    "changed_after": (
        "{head}  不符：{after} 号之后被改写过，或这是另一本日志！",
        "{head}  CHANGED: history after line {after} was written anew, or this is another journal!",
    ),
    "unknown": (
        "{head}  未知：日志只到 {last} 号；结尾被截去，或这是另一本日志！",
        "{head}  UNKNOWN: the journal ends at {last}; its end was cut off, or it is another journal!",
    ),
    "needs_head": (
        "请给出链头：--head 编号:哈希，或 --heads 文件（订阅者存下的状态消息即可）。",
        "Give a head: --head NUMBER:HASH, or --heads FILE, such as the state messages that a subscriber kept.",
    ),
    "sum": (
        "{proved} 个证实，{cut} 个已移出，{bad} 个不符或未知。",
        "{proved} proved, {cut} cut, {bad} changed or unknown.",
    ),
    "exported": ("{lines} 条已导出到 {file}，链头 {head}", "{lines} lines exported; head {head}"),
    "unrecorded": (
        "这是副本，导出未记入日志。",
        "This was a copy: the export is not written down in any journal.",
    ),
    "no_journal": ("{path} 不存在", "there is no such journal"),
    "export_whole": ("{lines} 条，文件与写成时一样。", "{lines} lines, the file is as it was written."),
    "export_broken": ("{lines} 条，文件被改过！", "{lines} lines, the file was CHANGED!"),
    "export_chained": ("{lines} 条的哈希由文件自身算出，相符。", "The hashes of {lines} lines follow from it."),
    "export_compared": (
        "{lines} 条与日志逐字相符，{gone} 条已不在日志中。",
        "{lines} lines are word for word in the journal, {gone} are not there any more.",
    ),
    "export_proved": ("链头 {head} 在日志中，已证实。", "Its head {head} is in the journal: proved."),
    "export_cut": ("链头 {head} 这一条已按保存期限移出。", "The line of its head {head} was cut since."),
    "export_gone": ("链头 {head} 早于现存最早一条。", "Its head {head} lies before the first line that is kept."),
    "export_changed": ("链头 {head} 与日志不符！", "Its head {head} is NOT the journal's!"),
    "export_unknown": ("日志没有链头 {head} 那么长！", "The journal does not reach its head {head}!"),
    "export_alone": (
        "旁边没有日志；请用别处存下的链头核对 {head}",
        "There is no journal to compare with; hold its head against one kept elsewhere: {head}",
    ),
    "working": ("校验", "checking"),
    "exporting": ("导出", "exporting"),
    "days": ("保存期满", "past its days"),
    "size": ("超出容量", "past its size"),
    "disk": ("磁盘将满", "disk nearly full"),
    "front": ("保存期满", "past its days"),
    "": ("缘由已不可考", "the line that said why is gone"),
    "alarm": ("报警", "alarms"),
    "access": ("出入", "access"),
    "operations": ("操作与故障", "operations and faults"),
    "patrol": ("巡更", "patrol"),
    "network": ("网络", "network"),
    "record": ("系统记录", "the record itself"),
}  # fmt: skip
"""Key -> Chinese, English."""


def said(key: str, language: str, **values: object) -> str:
    """A word or sentence, its gaps filled."""
    return WORDS[key][language == "en"].format_map(values)


def both(key: str, **values: object) -> str:
    """Chinese, then English."""
    return f"{said(key, 'zh', **values)} {said(key, 'en', **values)}"
