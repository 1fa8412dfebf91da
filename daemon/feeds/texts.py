"""What people read: a title for every kind of event and alarm, and sentences, in Chinese and English.

A sentence names the words it needs in braces; the first one whose words are all known to the reader is used.
"""

from typing import Literal, NamedTuple

from daemon.feeds import texts_alarms
from daemon.feeds.texts_centre import CENTRE
from daemon.feeds.texts_drills import DRILLS, PLAYED
from daemon.feeds.texts_ladders import LADDERS
from daemon.recorder import drilled

Language = Literal["zh", "en"]


class Text(NamedTuple):
    """The same thing said twice."""

    zh: str
    en: str

    def say(self, language: Language) -> str:
        """In one of the two languages."""
        return self.zh if language == "zh" else self.en


ALARMS = {kind: Text(*both) for kind, both in texts_alarms.ALARMS.items()}
"""Titles of the kinds of alarm."""

STATES = {
    "normal": Text("正常", "normal"),
    "unacknowledged": Text("待确认", "unacknowledged"),
    "acknowledged": Text("已确认", "acknowledged"),
    "returned-unacknowledged": Text("已恢复待确认", "returned, unacknowledged"),
    "latched": Text("锁存", "latched"),
    "shelved": Text("搁置", "shelved"),
    "suppressed": Text("抑制", "suppressed"),
    "out-of-service": Text("停用", "out of service"),
    "open": Text("已恢复未结案", "back to normal, open case"),
}
"""The states of an alarm, in the words of the glossary; `open` is a case that nobody has closed."""

REFUSALS = {
    "unknown": Text("未登记的卡", "unknown card"),
    "not_yet": Text("尚未生效", "not valid yet"),
    "expired": Text("已过期", "expired"),
    "wrong_door": Text("无此门权限", "not for this door"),
    "wrong_hour": Text("不在允许时段", "not at this hour"),
    "unreadable": Text("读卡不清", "not read clearly"),
    "late": Text("处理过迟", "judged too late"),
}
"""Why a card is refused: the closed list, safe for every reader."""

VERDICTS = {
    "true": Text("真实", "true"),
    "false": Text("误报", "false alarm"),
    "test": Text("测试", "test"),
}
"""What a person found who went and looked."""

CAUSES = {
    "cooking": Text("油烟", "cooking"),
    "smoking": Text("吸烟烧纸", "smoking or burnt paper"),
    "steam": Text("水汽", "steam"),
    "dust": Text("灰尘", "dust"),
    "insects": Text("昆虫", "insects"),
    "equipment": Text("设备原因", "the equipment itself"),
    "works": Text("施工", "building works"),
    "misuse": Text("误碰误按", "touched or pressed by mistake"),
    "weather": Text("天气", "weather"),
    "other": Text("其他", "other"),
}
"""Why an alarm was false, where the site file has no list of its own."""

REASONS = {
    **REFUSALS,
    **CAUSES,
    "fire": Text("火警", "fire"),
    "fire_input": Text("火警输入故障", "fire input fault"),
    "fire_confirmed": Text("确认火警", "confirmed fire"),
    "gas": Text("燃气报警", "gas alarm"),
    "water": Text("水浸", "water"),
    "card": Text("刷卡", "card"),
    "exit": Text("出门按钮", "exit button"),
    "schedule": Text("时段", "schedule"),
    "interlock": Text("互锁", "interlock"),
    "charging_hot": Text("充电口过热", "charging port too hot"),
    "charging_overload": Text("充电口过载", "charging port overloaded"),
    "charging_full": Text("电池已充满", "battery full"),
    "sensor_fault": Text("探测器故障", "sensor fault"),
    "fire_lane": Text("消防通道被占", "fire lane blocked"),
    "dusk": Text("天黑", "dusk"),
    "gloom": Text("光线不足", "gloom"),
    "expression": Text("自定义条件", "own condition"),
    "presence": Text("杆下有车", "car under the boom"),
    "presence_unknown": Text("杆下情况不明", "cannot see under the boom"),
}
"""All reasons that rules give, as people say them; a reason in a person's own words stays as it is."""

ACTIONS = {
    ("doors", "open"): Text("开锁", "unlocked"),
    ("doors", "closed"): Text("上锁", "locked"),
    ("lanes", "open"): Text("抬杆", "boom up"),
    ("lanes", "closed"): Text("落杆", "boom down"),
    ("outputs", "on"): Text("打开", "on"),
    ("outputs", "off"): Text("关闭", "off"),
    ("", "held"): Text("保持不动", "held as it is"),
    ("", "reset"): Text("复位", "reset"),
    ("", "acknowledge"): Text("确认", "acknowledge"),
    ("", "verify"): Text("核实", "verify"),
    ("", "assign"): Text("派人", "assign"),
    ("", "on_site"): Text("到场", "on site"),
    ("", "take"): Text("我去处理", "I am going"),
    ("", "true"): Text("属实", "true alarm"),
    ("", "false"): Text("误报", "false alarm"),
    ("", "help"): Text("请求支援", "need help"),
    ("", "delivered"): Text("已送达", "delivered"),
    ("", "read"): Text("已读", "read"),
    ("", "close"): Text("归档", "close"),
    ("", "silence"): Text("消音", "silence"),
    ("", "shelve"): Text("搁置", "shelve"),
    ("", "unshelve"): Text("取消搁置", "unshelve"),
    ("", "disable"): Text("屏蔽", "disable"),
    ("", "enable"): Text("解除屏蔽", "enable"),
}
"""What an output is told, or a person does, by section of the site file; without one: whatever it is done to."""

LEVELS = {
    1: Text("人工生命安全", "life safety by hand"),
    2: Text("生命安全联动", "life safety"),
    3: Text("设备保护", "protection"),
    4: Text("出门", "way out"),
    5: Text("封锁", "lockdown"),
    6: Text("互锁", "interlock"),
    7: Text("防尾随", "anti-tailgating"),
    8: Text("人工操作", "operator"),
    9: Text("声光呼叫", "annunciation"),
    10: Text("凭证放行", "credential"),
    14: Text("时段", "schedule"),
    16: Text("常态", "at rest"),
}
"""Who speaks, by priority level."""

KINDS: dict[str, tuple[Text, ...]] = {
    "daemon.started": (Text("系统启动", "gatehouse started"),),
    "daemon.armed": (Text("系统就绪，开始联动", "gatehouse armed"),),
    "daemon.stopped": (Text("系统停止", "gatehouse stopped"),),
    "access.granted": (
        Text("{place}：{person} 刷卡放行", "{place}: {person} let in"),
        Text("{place}：刷卡放行", "{place}: card let in"),
        Text("刷卡放行", "card let in"),
    ),
    "access.denied": (
        Text("{place}：拒绝 {person}，{reason}", "{place}: {person} refused, {reason}"),
        Text("{place}：卡 {card} 被拒，{reason}", "{place}: card {card} refused, {reason}"),
        Text("{place}：刷卡被拒，{reason}", "{place}: card refused, {reason}"),
        Text("{place}：刷卡被拒", "{place}: card refused"),
        Text("刷卡被拒", "card refused"),
    ),
    "output.told": (
        Text("{place}：{action}（{level}，{reason}）", "{place}: {action} ({level}, {reason})"),
        Text("{place}：{action}（{level}）", "{place}: {action} ({level})"),
        Text("{place}：{action}", "{place}: {action}"),
        Text("输出指令", "output told"),
    ),
    "output.confirmed": (
        Text("{place}：已{action}", "{place}: confirmed, {action}"),
        Text("{place}：执行已确认", "{place}: confirmed"),
        Text("执行已确认", "output confirmed"),
    ),
    "demand.expired": (
        Text("{place}：指令过期作废，{reason}", "{place}: demand expired, {reason}"),
        Text("{place}：指令过期作废", "{place}: demand expired"),
        Text("指令过期作废", "demand expired"),
    ),
    "operator.command": (
        Text("{place}：{by} 操作“{command}”，{reason}", "{place}: {by} ordered {command}, {reason}"),
        Text("{place}：{by} 操作“{command}”", "{place}: {by} ordered {command}"),
        Text("{place}：人工操作", "{place}: ordered by hand"),
        Text("人工操作", "ordered by hand"),
    ),
    "command.refused": (
        Text("{place}：操作“{command}”被拒绝，{reason}", "{place}: {command} refused, {reason}"),
        Text("{place}：操作被拒绝，{reason}", "{place}: order refused, {reason}"),
        Text("{place}：操作被拒绝", "{place}: order refused"),
        Text("操作被拒绝", "order refused"),
    ),
    "alarm.raised": (
        Text("{place}：{alarm}（第{count}次，{seen}）", "{place}: {alarm} (time {count}, {seen})"),
        Text("{place}：{alarm}（第{count}次）", "{place}: {alarm} (time {count})"),
        Text("{place}：{alarm}（{seen}）", "{place}: {alarm} ({seen})"),
        Text("{place}：{alarm}", "{place}: {alarm}"),
        Text("{alarm}", "{alarm}"),
        Text("{place}：报警", "{place}: alarm"),
        Text("报警", "alarm"),
    ),
    "alarm.repeated": (
        Text("{place}：{alarm} 再次出现（第{count}次）", "{place}: {alarm} again (time {count})"),
        Text("{place}：{alarm} 再次出现", "{place}: {alarm} again"),
        Text("{alarm} 再次出现", "{alarm} again"),
        Text("{place}：再次报警", "{place}: alarm repeated"),
        Text("再次报警", "alarm repeated"),
    ),
    "alarm.returned": (
        Text("{place}：{alarm} 已恢复", "{place}: {alarm} gone"),
        Text("{alarm} 已恢复", "{alarm} gone"),
        Text("{place}：报警恢复", "{place}: alarm gone"),
        Text("报警恢复", "alarm gone"),
    ),
    "alarm.acknowledged": (
        Text("{place}：{alarm} 已由 {by} 确认", "{place}: {alarm} acknowledged by {by}"),
        Text("{place}：{alarm} 已确认", "{place}: {alarm} acknowledged"),
        Text("{alarm} 已确认", "{alarm} acknowledged"),
        Text("{place}：报警已确认", "{place}: alarm acknowledged"),
        Text("报警已确认", "alarm acknowledged"),
    ),
    "alarm.reset": (
        Text("{place}：{alarm} 已由 {by} 复位", "{place}: {alarm} reset by {by}"),
        Text("{place}：{alarm} 已复位", "{place}: {alarm} reset"),
        Text("{alarm} 已复位", "{alarm} reset"),
        Text("{place}：报警已复位", "{place}: alarm reset"),
        Text("报警已复位", "alarm reset"),
    ),
    "alarm.noted": (
        Text("{place}：{alarm}（{state}，只记录）", "{place}: {alarm} ({state}, noted only)"),
        Text("{place}：报警已记录，不通知", "{place}: alarm noted, nobody is called"),
        Text("报警已记录，不通知", "alarm noted, nobody is called"),
    ),
    "alarm.followed": (
        Text("{place}：{alarm} 又起，上一次另行结案", "{place}: {alarm} again, the last one is a case of its own"),
        Text("{place}：又起，上一次另行结案", "{place}: again, the last one is a case of its own"),
        Text("又起，上一次另行结案", "again, the last one is a case of its own"),
    ),
    "alarm.verified": (
        Text(
            "{place}：{alarm} 经 {by} 核实为{verdict}，{reason}",
            "{place}: {alarm} verified by {by}: {verdict}, {reason}",
        ),
        Text("{place}：{alarm} 经 {by} 核实为{verdict}", "{place}: {alarm} verified by {by}: {verdict}"),
        Text("{place}：{alarm} 核实为{verdict}", "{place}: {alarm} verified: {verdict}"),
        Text("{place}：报警已核实", "{place}: alarm verified"),
        Text("报警已核实", "alarm verified"),
    ),
    "alarm.assigned": (
        Text("{place}：{alarm} 由 {by} 派给 {to}", "{place}: {alarm} assigned to {to} by {by}"),
        Text("{place}：{alarm} 已派人", "{place}: {alarm} assigned"),
        Text("{place}：报警已派人", "{place}: alarm assigned"),
        Text("报警已派人", "alarm assigned"),
    ),
    "alarm.on_site": (
        Text("{place}：{alarm}，{by} 已到场", "{place}: {alarm}, {by} is on site"),
        Text("{place}：{alarm}，已有人到场", "{place}: {alarm}, somebody is on site"),
        Text("{place}：已有人到场", "{place}: somebody is on site"),
        Text("已有人到场", "somebody is on site"),
    ),
    "alarm.closed": (
        Text("{place}：{alarm} 已由 {by} 归档（{verdict}）", "{place}: {alarm} closed by {by} ({verdict})"),
        Text("{place}：{alarm} 已由 {by} 归档", "{place}: {alarm} closed by {by}"),
        Text("{place}：{alarm} 已归档", "{place}: {alarm} closed"),
        Text("{place}：报警已归档", "{place}: alarm closed"),
        Text("报警已归档", "alarm closed"),
    ),
    "alarm.silenced": (
        Text("{place}：{alarm} 已由 {by} 消音", "{place}: {alarm} silenced by {by}"),
        Text("{place}：{alarm} 已消音", "{place}: {alarm} silenced"),
        Text("{place}：已消音", "{place}: silenced"),
        Text("报警已消音", "alarm silenced"),
    ),
    "alarm.shelved": (
        Text("{place}：{alarm} 已由 {by} 搁置，{reason}", "{place}: {alarm} shelved by {by}, {reason}"),
        Text("{place}：{alarm} 已搁置", "{place}: {alarm} shelved"),
        Text("{place}：报警已搁置", "{place}: alarm shelved"),
        Text("报警已搁置", "alarm shelved"),
    ),
    "alarm.unshelved": (
        Text("{place}：{alarm} 已由 {by} 取消搁置", "{place}: {alarm} taken off the shelf by {by}"),
        Text("{place}：{alarm} 搁置结束，{reason}", "{place}: {alarm} off the shelf, {reason}"),
        Text("{place}：{alarm} 搁置结束", "{place}: {alarm} off the shelf"),
        Text("{place}：搁置结束", "{place}: off the shelf"),
        Text("报警搁置结束", "alarm off the shelf"),
    ),
    "alarm.disabled": (
        Text("{place}：{alarm} 已由 {by} 屏蔽，{reason}", "{place}: {alarm} disabled by {by}, {reason}"),
        Text("{place}：已由 {by} 屏蔽，{reason}", "{place}: disabled by {by}, {reason}"),
        Text("{place}：已屏蔽", "{place}: disabled"),
        Text("已屏蔽", "disabled"),
    ),
    "alarm.enabled": (
        Text("{place}：{alarm} 已由 {by} 解除屏蔽", "{place}: {alarm} enabled by {by}"),
        Text("{place}：已由 {by} 解除屏蔽", "{place}: enabled by {by}"),
        Text("{place}：屏蔽结束，{reason}", "{place}: back in service, {reason}"),
        Text("{place}：屏蔽结束", "{place}: back in service"),
        Text("屏蔽结束", "back in service"),
    ),
    "device.offline": (
        Text("{place}：设备失联，{why}", "{place}: device offline, {why}"),
        Text("{place}：设备失联", "{place}: device offline"),
        Text("设备失联", "device offline"),
    ),
    "device.online": (Text("{place}：设备恢复", "{place}: device online"), Text("设备恢复", "device online")),
    "line.down": (
        Text("{place}：总线中断，{why}", "{place}: line down, {why}"),
        Text("{place}：总线中断", "{place}: line down"),
        Text("总线中断", "line down"),
    ),
    "line.up": (Text("{place}：总线恢复", "{place}: line up"), Text("总线恢复", "line up")),
    "feed.connected": (
        Text("{place}：共享链路接通", "{place}: feed connected"),
        Text("共享链路接通", "feed connected"),
    ),
    "feed.lost": (
        Text("{place}：共享链路中断，{why}", "{place}: feed lost, {why}"),
        Text("{place}：共享链路中断", "{place}: feed lost"),
        Text("共享链路中断", "feed lost"),
    ),
    "feed.refused": (
        Text("{place}：对方拒收，{why}", "{place}: refused by the broker, {why}"),
        Text("{place}：对方拒收", "{place}: refused by the broker"),
        Text("对方拒收", "refused by the broker"),
    ),
    "journal.damaged": (
        Text("日志有一行损坏，{why}", "a line of the journal is damaged, {why}"),
        Text("日志有一行损坏", "a line of the journal is damaged"),
    ),
    "journal.dropped": (
        Text("日志积压，丢弃 {count} 条", "the journal dropped {count} events"),
        Text("日志积压，有记录丢弃", "the journal dropped events"),
    ),
    "journal.replaced": (Text("日志损坏，已另立新日志", "the journal was set aside, a new one begun"),),
    "journal.cut": (
        Text("日志旧记录到期移出 {count} 条", "{count} old lines left the journal"),
        Text("日志旧记录已移出", "old lines left the journal"),
    ),
    "journal.exported": (
        Text("{by} 导出日志，{reason}", "{by} exported lines of the journal, {reason}"),
        Text("日志被导出", "the journal was exported"),
    ),
    "journal.head": (Text("日志每日凭证", "the journal's daily hash"),),
    "config.applied": (
        Text("{by} 更改了配置，观察中", "{by} changed the configuration"),
        Text("配置已应用", "configuration applied"),
    ),
    "config.kept": (
        Text("{by} 的配置更改已保留", "{by}'s change of the configuration is kept"),
        Text("配置已保留", "configuration kept"),
    ),
    "config.rolled_back": (
        Text("配置已自动回退：{why}", "configuration rolled back: {why}"),
        Text("配置已回退", "configuration rolled back"),
    ),
    "schedule.changed": (Text("{place}：时段切换", "{place}: schedule changed"), Text("时段切换", "schedule changed")),
}
KINDS |= {kind: tuple(Text(*pair) for pair in pairs) for kind, pairs in (LADDERS | CENTRE).items()}
KINDS |= {kind: tuple(Text(*pair) for pair in pairs) for kind, pairs in DRILLS.items()}
KINDS |= {
    drilled(kind): tuple(Text(f"【演练】{text.zh}", f"[Drill] {text.en}") for text in KINDS[kind]) for kind in PLAYED
}
"""Sentences by kind of event, the fullest first. The last one needs no word and serves as the kind's title."""
