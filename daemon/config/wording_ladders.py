"""What each fault of people, rotas and ladders says, in the same form as `daemon.config.wording`."""

LADDERS = {
    "no_address": (
        "the address is empty", "write it, or leave this line out",
        "地址是空的", "请填写，或删去这一行"),
    "name_twice": (
        "'{value}' is the name of {sort} already ({first})", "no two of people, rotas and roles share a name",
        "'{value}' 已经是{sort}的名称（{first}）", "人员、排班和角色不能同名，请改一个"),
    "channel_unknown": (
        "there is no channel and no kind of channel '{value}'", "known: {known}",
        "没有叫 '{value}' 的通道或通道类型", "已有：{known}"),
    "no_channel": (
        "there is no channel '{value}'", "channels: {known}",
        "没有通道 '{value}'", "现有通道：{known}"),
    "post_personal": (
        "'{value}' reaches one person at a time", "a group belongs here: {known}; or ring somebody by '{value}'",
        "'{value}' 一次只能发给一个人", "这里应为群：{known}；或用 ring 和 by 呼叫具体的人"),
    "who_unknown": (
        "nobody is called '{value}'", "people, rotas and roles: {known}",
        "没有叫 '{value}' 的人员、排班或角色", "已有：{known}"),
    "person_unknown": (
        "there is no person '{value}'", "people: {known}",
        "没有人员 '{value}'", "现有人员：{known}"),
    "person_unreachable": (
        "'{value}' has no address at any of: {known}",
        "give the person one under addresses, or another channel to the step",
        "'{value}' 在这些通道上都没有地址：{known}", "请在 addresses 里补上，或给这一步换通道"),
    "rota_date": (
        "'{value}' is not a date", "write year-month-day, for example 2026-10-01",
        "'{value}' 不是日期", "请写年-月-日，例如 2026-10-01"),
    "rota_shift": (
        "there is no shift '{value}'", "shifts: {known}",
        "没有班次 '{value}'", "现有班次：{known}"),
    "rota_date_idle": (
        "the shift '{value}' does not begin on {day}", "it begins on: {known}",
        "班次 '{value}' 在 {day} 没有开始", "它开始于：{known}"),
    "rota_gap": (
        "nobody is on shift: {gaps}", "add a shift, or a fallback: somebody who is called then",
        "无人值班：{gaps}", "请补上班次，或写 fallback：此时呼叫谁"),
    "rota_circle": (
        "'{value}' falls back on itself: {known}", "let the last one fall back on a person",
        "'{value}' 的 fallback 绕回自己：{known}", "最后一个的 fallback 请写人员"),
    "ladder_empty_step": (
        "the step does nothing", "add ring, post, outputs or police",
        "这一步什么也不做", "请写 ring、post、outputs 或 police"),
    "ladder_by_alone": (
        "'{value}' is written, but nobody is rung", "add ring: [...], or leave '{value}' out",
        "写了 '{value}'，却没有呼叫任何人", "请写 ring: [...]，或删去 '{value}'"),
    "ladder_many_answers": (
        "{value} people must answer, but only {known} can be called", "ring more people, or ask for fewer answers",
        "需要 {value} 人应答，但最多只能呼叫 {known} 人", "请增加人员，或减少 answers"),
    "ladder_twice": (
        "the ladder fits the very same alarms as '{value}' ({first})",
        "tell them apart by severity, zones or kinds, or make them one",
        "这条升级阶梯与 '{value}'（{first}）对应的报警完全相同", "请用 severity、zones 或 kinds 区分，或合并成一条"),
    "ladder_kind": (
        "no alarm is of the kind {value}", "kinds: {known}",
        "没有 {value} 这种报警", "报警种类：{known}"),
    "times_without_repeat": (
        "'times' is written without 'repeat'", "add repeat: 2m, or leave 'times' out",
        "写了 times，却没有 repeat", "请加上 repeat: 2m，或删去 times"),
    "hold_without_outputs": (
        "'hold' is written without 'outputs'", "add outputs: [...], or leave 'hold' out",
        "写了 hold，却没有 outputs", "请加上 outputs: [...]，或删去 hold"),
    "untested": (
        "no channel was tested to: {people}", "gatehouse ladder test {example} --by NAME; or: check --allow-untested",
        "以下人员或群没有测试过的通道：{people}",
        "请运行 gatehouse ladder test {example} --by 姓名；或用 check --allow-untested 放行"),
    "gas_bells": (
        "gas alarms of '{value}' climb this ladder, too, and it switches {known}: nothing may ring or light up in gas",
        "write a ladder without outputs for them, kinds: [gas, gas_low, valve_open] (docs/escalation.md)",
        "'{value}' 的燃气报警也走这条阶梯，会启动 {known}：有燃气的地方不能响铃、开灯",
        "请为它另写一条没有 outputs 的阶梯，kinds: [gas, gas_low, valve_open]（docs/escalation.md）"),
    "reaches_nobody": (
        "alarms reach nobody: {why}",
        "write people:, channels: and, if the usual ladder does not fit, ladders: (docs/escalation.md)",
        "报警不会通知任何人：{why}", "请写 people:、channels:，默认阶梯不合适时再写 ladders:（docs/escalation.md）"),
}  # fmt: skip
"""Code -> what was found and what is right, in English, then in Chinese."""
