"""What people read of fire monitoring centres, Chinese and English; part of `daemon.feeds.texts`."""

CENTRE = {
    "rollcall.asked": (
        ("{place}：查岗，请在 {minutes} 分钟内应答", "{place}: roll call, to be answered within {minutes} minutes"),
        ("{place}：查岗", "{place}: roll call"),
        ("查岗", "roll call"),
    ),
    "rollcall.answered": (
        ("{place}：查岗已由 {by} 应答", "{place}: roll call answered by {by}"),
        ("{place}：查岗已应答", "{place}: roll call answered"),
        ("查岗已应答", "roll call answered"),
    ),
    "rollcall.missed": (
        ("{place}：查岗 {minutes} 分钟无人应答", "{place}: roll call not answered within {minutes} minutes"),
        ("{place}：查岗无人应答", "{place}: roll call not answered"),
        ("查岗无人应答", "roll call not answered"),
    ),
    "centre.clock": (
        ("{place}：中心校时，与本机相差 {seconds} 秒", "{place}: the centre's clock is {seconds} s from ours"),
        ("中心校时", "the centre's clock"),
    ),
    "centre.denied": (
        ("{place}：已拒绝中心指令（{what}）", "{place}: the centre wanted {what}, denied"),
        ("已拒绝中心指令", "an order of the centre denied"),
    ),
}
