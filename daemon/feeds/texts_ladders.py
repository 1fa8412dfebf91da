"""What people read of ladders and messages, Chinese and English; part of `daemon.feeds.texts`."""

LADDERS = {
    "ladder.begun": (
        ("{place}：{alarm}，开始逐级呼叫（{ladder}）", "{place}: {alarm}, people are being called ({ladder})"),
        ("开始逐级呼叫", "calling begins"),
    ),
    "ladder.step": (
        ("{place}：{alarm}，第 {step} 级呼叫", "{place}: {alarm}, step {step} of the ladder"),
        ("逐级呼叫", "step of the ladder"),
    ),
    "ladder.answered": (
        ("{place}：{alarm}，{by} 应答", "{place}: {alarm}, answered by {by}"),
        ("呼叫已应答", "call answered"),
    ),
    "ladder.spent": (
        ("{place}：{alarm}，已呼叫全部人员，无人应答", "{place}: {alarm}, everybody was called, nobody has answered"),
        ("已呼叫全部人员，无人应答", "everybody was called, nobody has answered"),
    ),
    "ladder.ended": (
        ("{place}：{alarm}，呼叫结束，{why}", "{place}: {alarm}, calling ends: {why}"),
        ("呼叫结束", "calling ends"),
    ),
    "message.queued": (
        ("{place}：通知 {person}（{channel}）", "{place}: telling {person} by {channel}"),
        ("{place}：通知群（{channel}）", "{place}: telling the group by {channel}"),
        ("通知待发", "message queued"),
    ),
    "message.sent": (
        ("{place}：给 {person} 的通知已发出（{channel}）", "{place}: sent to {person} by {channel}"),
        ("{place}：群通知已发出（{channel}）", "{place}: sent to the group by {channel}"),
        ("通知已发出", "message sent"),
    ),
    "message.delivered": (
        ("{place}：给 {person} 的通知已送达（{channel}）", "{place}: delivered to {person} by {channel}"),
        ("{place}：群通知已送达（{channel}）", "{place}: delivered to the group by {channel}"),
        ("通知已送达", "message delivered"),
    ),
    "message.read": (
        ("{place}：{person} 已读（{channel}）", "{place}: read by {person} ({channel})"),
        ("通知已读", "message read"),
    ),
    "message.failed": (
        ("{place}：给 {person} 的通知失败（{channel}），{why}", "{place}: {person} not reached by {channel}: {why}"),
        ("{place}：群通知失败（{channel}），{why}", "{place}: the group not reached by {channel}: {why}"),
        ("通知失败", "message failed"),
    ),
    "patrol.obeyed": (
        ("{place}：{alarm}，{person} 手机答复：{command}", "{place}: {alarm}, {person} by phone: {command}"),
        ("{place}：{person} 手机答复：{command}", "{place}: {person} by phone: {command}"),
        ("手机答复", "answered by phone"),
    ),
    "patrol.refused": (
        ("{place}：{person} 手机指令（{command}）被拒：{why}", "{place}: {person} by phone, {command}, refused: {why}"),
        ("{place}：手机指令被拒：{why}", "{place}: a command by phone is refused: {why}"),
        ("手机指令被拒", "command by phone refused"),
    ),
    "alarm.escalated": (
        ("{place}：{alarm} 无人确认，已升级", "{place}: {alarm}, nobody has acknowledged it, escalated"),
        ("{alarm} 无人确认，已升级", "{alarm}, nobody has acknowledged it, escalated"),
        ("报警升级", "alarm escalated"),
    ),
}
"""Sentences by kind of event, the fullest first."""

WHY = {
    "answered": "已有人应答",
    "over": "报警已结束",
    "raised anew": "再次报警，重新呼叫",
    "deserted": "配置改动后原阶梯已无人可呼叫，重新呼叫",
    "graver": "级别升高，重新呼叫",
    "there is no address for this channel": "没有该通道的地址",
}
"""Why a ladder or a message ended; part of `daemon.feeds.phrases`."""
