"""What each fault of a timetable says, in the same form as `daemon.config.wording`."""

REHEARSAL = {
    "instant": (
        "{value} is no instant", "write seconds from the start, such as 90s or 1m30s, or +5s after the entry before",
        "{value} 不是时刻", "请写从开始算起的时间，如 90s 或 1m30s，或写 +5s 表示上一条之后"),
    "moment": (
        "{value} is no date and time", "write it like 2026-11-21 18:00:00, in the site's time",
        "{value} 不是日期和时间", "请写成 2026-11-21 18:00:00，小区当地时间"),
    "goes_back": (
        "{value} lies before {last}", "entries stand in the order of time",
        "{value} 早于 {last}", "各条请按时间先后排列"),
    "one_instant": (
        "both `at` and `after` are given", "`at` is when something is done or looked at, `after` when a wait begins",
        "同时写了 `at` 和 `after`", "`at` 表示在此刻做或看，`after` 表示从此刻开始等"),
    "says_nothing": (
        "this entry does nothing and expects nothing", "write set, do, wall or expect",
        "这一条什么也没做，也没有期望", "请写 set、do、wall 或 expect"),
    "no_such_point": (
        "{value} is no point and no device of the site", "points are written device.channel; devices: {known}",
        "站点里没有点位或设备 {value}", "点位写作 设备.通道；设备有：{known}"),
    "no_such_output": (
        "{value} is no output of the site", "outputs: {known}",
        "站点里没有输出 {value}", "输出有：{known}"),
    "no_such_rule": (
        "{value} is no rule of the site", "rules: {known}",
        "站点里没有规则 {value}", "规则有：{known}"),
    "no_such_kind": (
        "no event is of the kind {value}", "kinds: {known}",
        "没有 {value} 这种事件", "事件种类：{known}"),
    "not_a_value": (
        "{value} is nothing that {point} can be", "it is {wanted}",
        "{point} 不可能是 {value}", "应为{wanted}"),
    "bad_course": (
        "these are no readings one after another",
        "write {{from: 1, to: 5, every: 10s, until: 5m}} or {{values: [1, 2], every: 10s, until: 5m}}, {most} at most",
        "这不是一串读数",
        "请写 {{from: 1, to: 5, every: 10s, until: 5m}} 或 {{values: [1, 2], every: 10s, until: 5m}}，最多 {most} 个"),
    "deed_unsaid": (
        "{verb} with or without {words}",
        "say all that it needs and nothing else, such as {{alarm: x, for: 1h, why: repair}}",
        "{verb} 缺少或多了 {words}", "请写全所需内容，如 {{alarm: x, for: 1h, why: 检修}}"),
    "device_word": (
        "{value} is no state of a device", "a device is silent or back; its readings are set by their points' names",
        "{value} 不是设备的状态", "设备写 silent 或 back；读数请按点位名设置"),
}  # fmt: skip
"""Code -> what was found and what is right, in English, then in Chinese."""
