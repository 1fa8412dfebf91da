"""The words of the technician's tools, in Chinese and in English."""

from console.words import word

WORDS = {
    # scan
    "scan_plan": (
        "扫描总线 {line}：{addresses} 个地址，{setting}，约 {time}。只读不写，按 Ctrl-C 随时停止。",
        "Scanning line {line}: {addresses} addresses at {setting}, about {time}. Reads only; Ctrl-C stops it.",
    ),
    "scan_plan_all": (
        "若无应答，再试 {count} 种波特率与格式，合计最多约 {time}。",
        "If nobody answers, {count} other bauds and formats are tried, {time} at most in all.",
    ),
    "scan_shared": (
        "守护进程正在使用此总线：扫描最多占用十分之一的时间，只用总线自身的设置；试其他设置须先停守护进程。",
        "The daemon works this line: a tenth of its time, its own setting only; others need the daemon stopped.",
    ),
    "scan_known": ("已在站点文件：{units}（不再询问）", "in the site file already: {units} (not asked)"),
    "scan_tables_holding": ("保持寄存器", "holding registers"),
    "scan_tables_input": ("输入寄存器", "input registers"),
    "scan_tables_coil": ("线圈", "coils"),
    "scan_tables_discrete": ("离散输入", "discrete inputs"),
    "scan_progress": ("{setting} 读{table} 地址 {unit} 已找到 {found}", "{setting} {table} unit {unit}, {found} found"),
    "scan_found": ("{unit} 有应答", "{unit} answers"),
    "scan_unsteady": (
        "时好时坏（{steady}/{asked}）：两台设备同一地址，或接线、终端电阻有问题",
        "now and then only ({steady} of {asked}): two devices with one address, or wiring and termination",
    ),
    "scan_garbled": (
        "{unit} 有回答但听不清（{bytes}）：两台设备同一地址，或波特率、格式不对",
        "{unit}: something answers but garbled ({bytes}): two devices with one address, or wrong baud or format",
    ),
    "scan_garbled_meters": (
        "{unit} 电表或水表有回答但听不清（{bytes}）：多块表同时回答，请按铭牌地址填写",
        "{unit}: meters answer but garbled ({bytes}): several at once; write their addresses from the plates",
    ),
    "scan_noisy": (
        "{setting}：{addresses} 个地址只听到杂波，跳过此设置：波特率不对，或总线上另有主机",
        "{setting}: only noise at {addresses} addresses, left: wrong baud, or another master on the line",
    ),
    "scan_everywhere": (
        "每个地址都给出同样的回答：这是一台不看地址的设备，站点文件写 unit: 1 即可",
        "Every address gives the very same answer: one device that does not look at it; write unit: 1",
    ),
    "scan_trouble": ("{setting}：{why}", "{setting}: {why}"),
    "scan_identifying": ("识别 {unit}：与 {profiles} 个档案比对…", "identifying {unit} among {profiles} profiles…"),
    "scan_stopped": ("已停止。至此找到：", "Stopped. Found so far:"),
    "scan_nobody": (
        "没有任何应答。请检查 A/B 是否接反、供电、终端电阻，或用 --all、--ascii 再试。",
        "Nobody answers. Look at A and B (swapped?), power and termination, or try --all or --ascii.",
    ),
    "scan_nobody_shared": (
        "没有任何应答。请检查 A/B 是否接反、供电、终端电阻；要试别的波特率和格式，请先停守护进程。",
        "Nobody answers. Look at A and B (swapped?), power and termination; for other settings stop the daemon first.",
    ),
    "scan_nobody_else": (
        "没有找到其他设备。新设备的波特率、格式须与总线相同；要试别的设置，请先停守护进程。",
        "Nobody else was found. A new unit needs the baud and format of the line; to try others stop the daemon first.",
    ),
    "scan_alike": (
        "回答相同、没有档案的其他地址不再列出：{units}",
        "not listed, since they answer alike and fit no profile: {units}",
    ),
    "scan_write_one": (
        "没有吻合的档案：对照说明书写一个，见 docs/writing-a-profile.md",
        "where no profile fits: write one from the manual, see docs/writing-a-profile.md",
    ),
    "scan_far": ("最接近的 {profile} 只有 {fit}", "the nearest, {profile}, only {fit}"),
    "scan_title": ("找到的设备", "Units found"),
    "scan_address": ("地址", "unit"),
    "scan_setting": ("设置", "setting"),
    "scan_profile": ("最可能的档案", "likeliest profile"),
    "scan_fit": ("吻合", "fit"),
    "scan_why": ("依据", "because"),
    "scan_site": ("站点文件", "site file"),
    "scan_sure": ("确定", "sure"),
    "scan_unsure": ("不确定", "unsure"),
    "scan_marked": ("型号标记相符", "it has the marks of this model"),
    "scan_answered": (
        "{answered}/{channels} 点有应答，{plausible} 点合理",
        "{answered} of {channels} points answer, {plausible} plausible",
    ),
    "scan_home": ("出厂设置", "factory setting"),
    "scan_other": ("也可能是 {others}", "or {others}"),
    "scan_no_profile": ("没有吻合的档案", "no profile fits"),
    "scan_new": ("新", "new"),
    "scan_is": ("已有 {name}", "is {name} already"),
    "scan_differs": ("已有 {name}，但写的是 {written}", "is {name} already, but written as {written}"),
    "scan_paste": ("可粘贴到站点文件：", "To paste into the site file:"),
    "scan_line": (
        '总线 {line} 须设为 baud: {baud}, format: "{format}"',
        'line {line} must be set to baud: {baud}, format: "{format}"',
    ),
    "scan_mixed": (
        "这些设备的波特率或格式不同，一条总线只能用一种：请逐台改成一致",
        "These units differ in baud or format; a line has one: set them alike, one by one",
    ),
    "scan_unverified": ("档案未在实物上验证过", "profile unverified on hardware"),
    "second": ("秒", "s"),
    "minute": ("分钟", "min"),
    # probe
    "probe_title": ("{device} 的全部读数", "All that {device} says"),
    "probe_end": (
        "{answered} 次读取成功，{failed} 次失败，{odd} 个点不合常理",
        "{answered} reads good, {failed} failed, {odd} points implausible",
    ),
    "probe_wait": ("等待第一个回答…", "waiting for the first answer…"),
    "probe_progress": ("已读 {count} 次：{scan}", "{count} reads: {scan}"),
    "probe_channels": ("{count} 个点", "{count} channels"),
    "probe_again": ("{why}；已改为分段读取，见下", "{why}; read in parts instead, see below"),
    "probe_once_more": ("整段再读一次，核实刚才的拒绝不是偶然", "asked as a whole once more: was the refusal a whim?"),
    "probe_parted": (
        "{count} 次整段读取被拒绝，已分段读到；以后都分段读取",
        "{count} reads were refused as a whole and came in parts; from now on they are asked in parts",
    ),
    "probe_unread": ("没有读到：{names}", "not read: {names}"),
    "channel": ("通道", "channel"),
    "raw": ("原始", "raw"),
    "implausible": ("不合常理，应在 {low} 到 {high}", "implausible, should be {low} to {high}"),
    "settling": ("核对", "settling"),
    "settled": ("相符", "as expected"),
    "hint": ("提示", "hint"),
    # trace
    "trace_sent": ("问", "ask"),
    "trace_answer": ("答", "answer"),
    "trace_noise": ("杂波", "noise"),
    "trace_foreign": ("他机", "foreign"),
    "trace_echo": ("回声", "echo"),
    "trace_crc": ("校验错", "crc"),
    "trace_half": ("半截", "half"),
    "trace_late": ("迟到", "late"),
    "trace_stray": ("多余", "stray"),
    "trace_miss": ("漏答", "missed"),
    "trace_learnt": ("学到", "learnt"),
    "trace_open": ("打开", "opened"),
    "trace_lost": ("中断", "lost"),
    "trace_skipped": ("略过 {count} 条：屏幕跟不上", "{count} skipped: the screen is too slow"),
    "trace_visit": ("技术员", "technician"),
    "trace_live": ("实时跟踪，Ctrl-C 结束", "live; Ctrl-C ends"),
    "trace_none": (
        "{folder} 里没有保存的跟踪；守护进程的数据目录若在别处，请写 --state。",
        "No trace was saved in {folder}; if the daemon's state folder is another one, name it with --state.",
    ),
    "trace_saved": ("故障时保存的跟踪", "Traces saved at faults"),
    "trace_file": ("文件", "file"),
    "trace_line": ("总线", "line"),
    "trace_why": ("原因", "why"),
    "trace_size": ("大小", "size"),
    "trace_when": ("时间", "time"),
    "trace_open_hint": ("查看：gatehouse trace --saved 文件名", "To read one: gatehouse trace --saved FILE"),
    "device.offline": ("设备失联", "device lost"),
    "line.down": ("总线中断", "line down"),
    "alarm.raised": ("执行未确认", "order not confirmed"),
}
"""Key -> Chinese, English."""


def said(key: str, language: str, **values: object) -> str:
    """A word or sentence of these tools, its gaps filled."""
    return WORDS[key][language == "en"].format_map(values) if key in WORDS else word(key, language)
