"""What people read of drills and walk tests, Chinese and English; part of `daemon.feeds.texts`."""

PLAYED = (
    *(f"alarm.{word}" for word in ("raised", "acknowledged", "verified", "assigned", "on_site", "silenced", "closed")),
    "alarm.escalated",
    "output.told",
    "command.refused",
    *(f"ladder.{word}" for word in ("begun", "step", "answered", "spent", "ended")),
    *(f"message.{word}" for word in ("queued", "sent", "delivered", "read", "failed")),
    "patrol.obeyed",
    "patrol.refused",
)
"""Kinds of events that a drill brings about; each is written as `drill.alarm_raised`."""

ENDS = ("time", "command", "real", "site", "lost")
"""Why a drill or a test has ended: its time is over, a person, a real alarm, another site file, nobody knows of it."""

DRILLS = {
    "drill.started": (
        ("{place}：{by} 开始演练", "{place}: drill, started by {by}"),
        ("{place}：演练开始", "{place}: a drill begins"),
        ("演练开始", "drill begins"),
    ),
    "drill.ended": (("{place}：演练结束，{why}", "{place}: the drill is over, {why}"), ("演练结束", "drill over")),
    "drill.confirmed": (
        ("【演练】{place}：已到位", "[Drill] {place}: confirmed by its input"),
        ("【演练】执行已到位", "[Drill] confirmed by its input"),
    ),
    "walk.started": (
        ("{place}：{by} 开始逐点测试，其间被测点不报警", "{place}: walk test by {by}; its heads do not alarm"),
        ("逐点测试开始", "walk test begins"),
    ),
    "walk.tripped": (
        ("{place}：测试到 {where}", "{place}: tested {where}"),
        ("测试点触发", "head tested"),
    ),
    "walk.ended": (("{place}：逐点测试结束，{why}", "{place}: the walk test is over, {why}"),
                   ("逐点测试结束", "walk test over")),
}  # fmt: skip
"""Sentences by kind of event, the fullest first."""

OVER = {
    "time": "到时结束",
    "command": "人工结束",
    "real": "发生真实报警",
    "site": "站点配置已变",
    "lost": "记录丢失",
    "drill": "演练",
    "the drill is over": "演练已结束",
    "the drill is over: {why}": "演练结束：{why}",
    "it belongs to {zone} as well": "同属 {zone}",
    "it cannot be read, or is tripped": "读不到，或正在报警",
    "no {exercise} runs there": "那里没有在进行的{exercise}",
    "walktest": "逐点测试",
    "from {least} to {most} minutes": "时长须为 {least} 至 {most} 分钟",
    "a drill or a test runs there already": "那里已有演练或测试在进行",
    "a real alarm stands: {alarm}": "有真实报警未处理：{alarm}",
    "the zone is in alarm: {alarm}": "防区正在报警：{alarm}",
    "there is no head that could be tested": "没有可测试的探测点",
    "{kind} cannot be played; say one of: {kinds}": "不能演练 {kind}，可写：{kinds}",
    "{number} heads; at most {most} at a time, name some with --head": "共 {number} 点，最多 {most} 点，用 --head 选定",
}
"""Why a drill or a test has ended, or does not begin; part of `daemon.feeds.phrases`."""
