"""The words of `gatehouse lines`, in Chinese and in English."""

WORDS = {
    "head": (
        "{name}  {title}  {endpoint}  {baud} 波特 {format}  {devices} 台设备",
        "{name}  {title}  {endpoint}  {baud} baud {format}  {devices} device(s)",
    ),
    "listens": ("设备自己发送数据，不占读取时间。", "Its device speaks unasked: nothing is read, no load."),
    "class": ("等级", "class"),
    "reads": ("读取", "reads"),
    "each": ("每次", "each"),
    "share": ("占用", "share"),
    "every": ("周期", "every"),
    "age": ("最旧", "oldest"),
    "dying": ("有设备失联时", "one dying"),
    "point": ("最旧的点", "oldest point"),
    "device": ("设备", "device"),
    "scan": ("读取", "scan"),
    "bytes": ("字节 发+收", "bytes out+in"),
    "safety": ("安全", "safety"),
    "access": ("门禁", "access"),
    "measure": ("测量", "measure"),
    "slow": ("慢速", "slow"),
    "sum": ("合计", "in all"),
    "load": ("负载 {load}", "Load {load}"),
    "kept": ("其中 {reserve} 的时间留给寻找失联设备", "{reserve} of the time is kept for looking for silent devices"),
    "note_full": (
        (
            "安全读取要的比线路能给的多，因此轮流读取：每 {cycle} 一次而不是 {period}。"
            "这没有关系，最旧 {age} 仍在 {limit} 之内。"
        ),
        (
            "Safety reads ask for more than there is, so they take turns: each comes every {cycle} instead of {period}."
            " That is well: at worst {age} old, {limit} are allowed."
        ),
    ),
    "note_busy": (
        "负载超过 {level}：再接设备之前，先用 gatehouse check 试一遍，或提高波特率。",
        "Above {level}: before you add a device try it with gatehouse check, or raise the baud rate.",
    ),
    "note_aim": (
        "安全点最旧超过 {aim}（设计目标；上限 {limit}）：把安全设备分到两条线路，或提高波特率，报警会更快。",
        (
            "Safety points may be older than {aim}, the aim ({limit} is the limit): two lines or a higher baud rate "
            "would make alarms quicker."
        ),
    ),
    "note_dying": (
        "一台设备失联的那一刻，其他设备的安全点可能有 {age} 读不到；档案里较短的 worst 可以缩短它。",
        (
            "In the moment in which a device dies, safety points of others may go unread for {age}; a shorter worst "
            "in its profile would help."
        ),
    ),
    "note_room": (
        "还有余地：按现在的平均，大约还能再接 {count} 台这样的设备。",
        "There is room: as devices here are on average, for about {count} more.",
    ),
    "teach": (
        (
            "一次读取 = 收发字节的线路时间 + 设备的应答时间 + 静默 + {own}。时效从设备查看的那一刻算起；"
            "逐项计算：gatehouse lines 站点 --detail 线路"
        ),
        (
            "A read takes its bytes on the wire, the device's turn-round, silence and {own} of our own. Ages count from"
            " the moment in which the device looked. Each item: gatehouse lines SITE --detail LINE"
        ),
    ),
    "unknown": ("没有线路 {name}。现有：{known}", "There is no line {name}. Lines: {known}"),
}
"""Key -> Chinese, English."""


def said(key: str, language: str, **values: object) -> str:
    """A word or sentence, its gaps filled."""
    return WORDS[key][language == "en"].format_map(values)
