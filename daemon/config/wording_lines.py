"""What faults of lines say: their ends, and what they cannot carry. In English and Chinese, as in `wording`."""

LINES = {
    "line_choice": (
        "found {value}", "a line has exactly one of serial, tcp, rtu_over_tcp, listen",
        "写的是 {value}", "每条线路只能有 serial、tcp、rtu_over_tcp、listen 四者之一"),
    "unstable_port": (
        "{value} may be another port after a restart",
        "name the port by /dev/serial/by-id or by-path (ls -l /dev/serial/by-id), or add unstable_name: true",
        "{value} 重启后可能换成别的串口",
        "请用 /dev/serial/by-id 或 by-path 的名称（ls -l /dev/serial/by-id），或加上 unstable_name: true"),
    "no_port": (
        "{value} is not a serial port", "a port is written like /dev/serial/by-id/usb-…",
        "{value} 不是串口", "串口写成 /dev/serial/by-id/usb-… 这样"),
    "port_twice": (
        "{value} already belongs to {other} ({first})",
        "one port or connection has one line; put the devices on that line",
        "{value} 已经属于 {other}（{first}）", "一个串口或连接只能有一条线路，请把设备放到那条线路上"),
    "line_too_slow": (
        "{point} may be {age} old on this line, and {limit} is the most ({why}): {sum}", "{advice}",
        "这条线路上 {point} 的读数最旧可达 {age}，上限为 {limit}（{why}）：{sum}", "{advice}"),
    "line_overfull": (
        ("the devices ask for {load} of the line's time, {capacity} can be promised: {sum}; {scan} would come"
        " every {cycle} instead of every {period}"),
        "{advice}",
        ("各设备要求占用线路 {load} 的时间，最多只能保证 {capacity}：{sum}；"
        "{scan} 只能每 {cycle} 读一次，而不是每 {period}"),
        "{advice}",
    ),
}  # fmt: skip
"""Code -> what was found and what is right, in English, then in Chinese."""

CLASSES = {
    "safety": ("安全", "safety"),
    "access": ("门禁", "access"),
    "measure": ("测量", "measure"),
    "slow": ("慢速", "slow"),
}
"""What scan classes are called, in Chinese and in English."""

PIECES = {
    "fire": ("安全输入须在 {limit} 内看到", "safety inputs are seen within {limit}"),
    "door": ("门的输入须在 {limit} 内看到", "the inputs of a door are seen within {limit}"),
    "presence": ("presence_limit，更旧就视为杆下有车", "presence_limit: beyond it a car counts as under the boom"),
    "stale": ("更旧的读数不再可信", "an older reading is not trusted any more"),
    "sensor": ("传感器越限须在 {limit} 内报警", "a sensor beyond its threshold is an alarm within {limit}"),
    "round": ("{count} 次{kind}读取 × {each} = {all}", "{count} {kind} reads x {each} = {all}"),
    "demand": (
        "{count} 次{kind}读取 × {each}，每 {period}：{share}",
        "{count} {kind} reads x {each} every {period}: {share}",
    ),
    "rhythm": ("，每 {cycle} 读一次", ", asked every {cycle}"),
    "ring": ("，轮流读取，加上其间的其他读取，一轮 {cycle}", ", in turn and with others between, {cycle} a round"),
    "delay": (
        "，再加一条指令和其他读取插入时的 {jitter}，以及自身交换 {own}，共 {age}",
        ", and {jitter} when an order and other reads come between, and {own} for the exchange itself: {age}",
    ),
    "baud": ("把线路和设备改为 {baud} 波特（{figure}）", "set the line and its devices to {baud} baud ({figure})"),
    "move": (
        "把 {all} 台设备中的 {count} 台移到另一条线路（{names}）",
        "move {count} of the {all} devices to another line ({names})",
    ),
    "lines": ("把 {all} 台设备分到 {count} 条线路", "divide the {all} devices over {count} lines"),
    "seldom": ("把测量的读取间隔放长到 {factor} 倍", "ask for the measures {factor} times as rarely"),
    "often": ("在设备档案中把 period 改为 {period} 或更短", "write period: {period} or shorter in its profile"),
    "quick": ("换用应答更快的设备", "choose a device that answers faster"),
    "begin": ("请", ""),
    "or": ("，或", ", or "),
    "plus": (" + ", " + "),
}
"""Parts of the arithmetic and of the advice, in Chinese and in English."""
