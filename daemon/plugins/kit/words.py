"""What the kit says, in Chinese and English: the name of each check, and of each finding what to do next."""

from types import MappingProxyType

CHECKS = MappingProxyType({
    "loads": ("装入与隔离", "loads, apart from the daemon"),
    "contract": ("约定", "keeps the contract"),
    "golden": ("标准帧", "golden frames"),
    "pieces": ("分段到达", "in pieces"),
    "noise": ("杂波", "behind noise"),
    "flips": ("误码", "wrong bits"),
    "foreign": ("他机应答", "somebody else's answer"),
    "doubled": ("重复与回声", "doubled, echoed, half"),
    "rubbish": ("乱码", "rubbish on the wire"),
    "answers": ("无意义的应答", "rubbish as an answer"),
    "orders": ("无意义的命令", "rubbish as an order"),
    "timing": ("时间", "time and effort"),
    "repeats": ("可重复", "the same again"),
    "schema": ("档案格式", "profile is well formed"),
    "plausible": ("合理范围", "plausibility limits"),
    "classes": ("扫描等级", "scan classes"),
    "reads": ("读取计划", "reads within the limits"),
    "server": ("独立从站", "against another hand"),
})  # fmt: skip
"""Check -> Chinese, English."""

FINDINGS = MappingProxyType({
    "broken": (
        "不能使用：{why}。请先改正", "it cannot be used: {why}. Mend this first"),
    "raised": (
        "驱动出错：{why}。除 DriverError 外不得抛出任何异常",
        "the driver failed: {why}. It may raise DriverError and nothing else"),
    "stopped": (
        "{why}。每次调用须在 0.1 秒内结束，不得死循环、占满内存或退出进程",
        "{why}. Each call ends within 0.1 s; none may loop for ever, fill the memory or end the process"),
    "file": (
        "{why}", "{why}"),
    "no_golden": (
        "没有标准帧，无法证明它认识自己的设备。请写 {file}，见 docs/driver-test.md",
        "there are no golden frames, so nothing shows that it knows its device. Write {file}; see docs/driver-test.md"),
    "no_settings": (
        "缺少设置：{why}。请写在标准帧文件的 settings，或用 --set 给出",
        "settings are missing: {why}. Write them under settings: in the golden file, or give them with --set"),
    "no_frames": (
        "没有可用的应答帧", "there is no answer to try it with"),
    "no_checksum": (
        "标准帧文件声明该协议没有校验", "the golden file says that the protocol has no checksum"),
    "no_address": (
        "没有地址设置（unit 或 address），无法换成另一台",
        "it has no address (unit, address) by which another would differ"),
    "no_server": (
        "未安装 pymodbus：pip install 'gatehouse[simulators]'",
        "pymodbus is not installed: pip install 'gatehouse[simulators]'"),
    "not_said": (
        "它不接受命令", "it cannot be told anything"),
    "listens": (
        "它只说不答", "it speaks unasked"),
    "no_doc": (
        "文件开头没有说明。请写明设备、写法、资料来源、是否实机验证",
        "the file says nothing at its top. Say what it is, how it is written, the source, whether it ever ran"),
    "no_title": (
        "{point} 没有名称（title）", "{point} has no title for people"),
    "no_limits": (
        "{point} 是测量值，却没有 low 和 high。超出传感器量程的值会被当真",
        "{point} is a measured value without low and high. What no sensor can mean would be believed"),
    "never_read": (
        "没有扫描读取 {point}", "no scan brings {point}"),
    "read_twice": (
        "{point} 由两个扫描读取：{scans}", "{point} is brought by two scans: {scans}"),
    "slow_safety": (
        "扫描 {scan} 属安全等级，周期 {period:g} s。安全点位最旧 2 s，周期应不超过 1 s",
        "scan {scan} is of class safety with a period of {period:g} s. Safety points are at most 2 s old: 1 s or less"),
    "no_scans": (
        "没有任何扫描", "it wants nothing to be asked"),
    "not_the_same": (
        "两次 ask 的请求不同：{one} 与 {other}", "ask made two requests of one scan: {one} and {other}"),
    "manners": (
        "扫描 {scan}：{why}", "scan {scan}: {why}"),
    "short_expected": (
        "{frame}：应答 {size} 字节，expected 只有 {expected}。总线时间会算错",
        "{frame}: the answer has {size} bytes, expected says {expected}. The line's load is reckoned wrong"),
    "other_request": (
        "{frame}：应发 {wanted}，实发 {found}", "{frame}: {wanted} should go out, {found} did"),
    "not_found": (
        "{frame}：认不出 {answer}（{found}）", "{frame}: {answer} is not found to be the answer ({found})"),
    "other_samples": (
        "{frame}：{channel} 应为 {wanted}，得到 {found}", "{frame}: {channel} should be {wanted}, and is {found}"),
    "not_refused": (
        "{frame}：这是拒绝应答，驱动却接受了", "{frame}: this answer is a no, and the driver took it for a yes"),
    "refused": (
        "{frame}：驱动报错：{found}", "{frame}: the driver says: {found}"),
    "no_scan": (
        "没有叫 {frame} 的扫描；现有 {known}", "there is no scan {frame}; it has {known}"),
    "pieces": (
        "{frame}：逐字节到达时得到 {found}，一次到达时得到 {wanted}",
        "{frame}: byte by byte it means {found}, in one piece {wanted}"),
    "noise_wrong": (
        "{frame}：前面有 {noise} 时变成 {found}", "{frame}: behind {noise} it means {found}"),
    "noise_lost": (
        "{frame}：前面有 {noise} 就认不出了", "{frame}: behind {noise} it is not found any more"),
    "flip": (
        "{frame}：第 {byte} 字节翻转一位（{sent}）仍被接受，含义变为 {found}",
        "{frame}: with one bit of byte {byte} turned ({sent}) it is accepted, as {found}"),
    "foreign": (
        "{setting}={other} 的应答被当成 {setting}={mine} 的：{found}",
        "the answer of {setting}={other} is taken for one of {setting}={mine}: {found}"),
    "other_answer": (
        "{other} 的应答被当成 {frame} 的：{found}", "the answer to {other} is taken for one to {frame}: {found}"),
    "doubled": (
        "{frame}：应答来两次时得到 {found}", "{frame}: when its answer comes twice it means {found}"),
    "echo": (
        "{frame}：自己的请求回声在前时得到 {found}", "{frame}: behind the echo of its own request it means {found}"),
    "echo_taken": (
        "{frame}：请求的回声被当成应答：{found}", "{frame}: the echo of the request is taken for the answer: {found}"),
    "half": (
        "{frame}：少了最后 {missing} 字节仍被接受：{found}",
        "{frame}: without its last {missing} bytes it is accepted: {found}"),
    "made_up": (
        "把乱码 {sent} 当成应答：{found}", "rubbish is taken for an answer: {sent} as {found}"),
    "kept": (
        "{size} 字节乱码之后还攥着 {left} 字节不放。不能成为应答的字节要尽早丢弃",
        "after {size} bytes of rubbish it still holds on to {left}. What cannot become an answer is thrown away"),
    "many_steps": (
        "丢弃 {size} 字节乱码调用了 {steps} 次 find。请一次丢到下一个可能的开头",
        "{steps} calls of find for {size} bytes of rubbish. Throw away up to the next possible start at once"),
    "slow_find": (
        "find 处理 4096 字节用时是 1024 字节的 {ratio:.0f} 倍（{millis:.1f} ms）。应与长度成正比",
        "find takes {ratio:.0f} times longer for 4096 bytes than for 1024 ({millis:.1f} ms). Four times are right"),
    "slow_call": (
        "一次 find 用了 {millis:.1f} ms，应在 {limit:g} ms 以内。此时整个守护进程都在等它",
        "one call of find took {millis:.1f} ms; {limit:g} ms at most. All of the daemon waits meanwhile"),
    "strange_samples": (
        "扫描 {scan} 给出了不属于它的 {channels}", "scan {scan} brings {channels}, which it does not name"),
    "not_refused_order": (
        "{channel} 不可写，却接受了 {value}", "{channel} is not writable, and {value} was accepted"),
    "unknown_order": (
        "没有通道 {channel}，却接受了 {value}", "there is no channel {channel}, and {value} was accepted"),
    "never_ordered": (
        "{channel} 可写，却没有任何值被接受（{why}）", "{channel} is writable, and no value is accepted ({why})"),
    "not_repeated": (
        "{frame}：同样的应答，两次结果不同：{one} 与 {other}", "{frame}: the same answer meant {one} and then {other}"),
    "shared": (
        "{frame}：两台设备互相影响：{one} 与 {other}", "{frame}: two devices disturb each other: {one} and {other}"),
    "alien_class": (
        "{point}（{unit}）是电量，却在安全等级", "{point} ({unit}) is an electrical quantity in the class safety"),
    "over_limit": (
        "扫描 {scan} 一次读 {count} 个，上限 {limit}", "scan {scan} reads {count} at once; the limit is {limit}"),
    "server_silent": (
        "扫描 {scan}：pymodbus 不应答 {sent}", "scan {scan}: pymodbus does not answer {sent}"),
    "server_value": (
        "{channel}：pymodbus 存的是 {wanted}，读出 {found}",
        "{channel}: pymodbus holds {wanted}, and {found} was read"),
})  # fmt: skip
"""Finding -> Chinese, English."""

VERDICTS = MappingProxyType({
    "pass": ("通过", "pass"), "fail": ("不通过", "FAIL"), "skip": ("跳过", "skipped"), "remark": ("提示", "remark"),
})  # fmt: skip
"""Verdict -> Chinese, English."""

SCREEN = MappingProxyType({
    "check": ("检验", "check"), "figures": ("数据", "figures"), "rights": ("额外权限", "rights"),
    "settings": ("设置", "settings"), "points": ("点位", "points"), "scans": ("扫描", "scans"),
    "frames": ("帧", "frames"), "bits": ("翻转位", "bits turned"), "tried": ("尝试", "tried"),
    "missed": ("未认出", "missed"), "refused": ("拒绝", "refused"), "taken": ("接受", "taken"),
    "streams": ("乱码流", "streams"), "steps_per_byte": ("每字节步数", "steps a byte"),
    "grows_by": ("四倍长度用时", "four times the bytes cost"), "sources": ("来源", "sources"),
    "grade": ("等级", "grade"),
    "hardware": ("实机验证", "run on hardware"), "reads": ("读取", "reads"), "read": ("读数", "values read"),
    "yes": ("是", "yes"), "no": ("否", "no"),
})  # fmt: skip
"""Headings and figures -> Chinese, English."""
