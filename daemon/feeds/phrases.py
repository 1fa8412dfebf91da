"""Why something is as it is: the daemon says it in English, once; here is how a guard reads it in Chinese.

A phrase may have gaps in braces; what stands in a gap is put into Chinese too where it is a phrase of ours.
"""

import re
from functools import lru_cache
from string import Formatter

from daemon.feeds.phrases_centre import CENTRE
from daemon.feeds.phrases_channels import CHANNELS
from daemon.feeds.phrases_plugins import PLUGINS
from daemon.feeds.texts import REASONS, Language
from daemon.feeds.texts_drills import OVER
from daemon.feeds.texts_ladders import WHY
from daemon.patrol.wordings import WHY as PATROL

PHRASES = {
    # points
    "never read": "从未读到",
    "stale: {age} s old, limit {limit} s": "过期：{age} 秒前读到，限 {limit} 秒",
    "implausible: {value}": "不合常理：{value}",
    "just back, or after a missed answer: to be read again": "刚恢复或刚漏答，待复读",
    "the device says that there is nothing to measure ({number})": "设备说无可测量（{number}）",
    "value {number} has no meaning in the profile": "数值 {number} 在档案中没有含义",
    "the device says {number}, which is no number": "设备给出 {number}，不是数",
    "0x{digits} is no BCD number": "0x{digits} 不是 BCD 数",
    "{bytes} is no text": "{bytes} 不是文本",
    "{count} bytes of data instead of {right}": "数据 {count} 字节，应为 {right} 字节",
    "{point} says that it does not count now": "{point} 表示此值目前不算数",
    "it is multiplied by {points}, not read yet": "要乘以 {points}，尚未读到",
    "{points} changed: what is multiplied by it is read anew": "{points} 变了，与之相乘的都要重读",
    "not settled yet that it is what its profile says": "尚未核实它与档案相符",
    "{where} holds {found}, expected {right}: {why}": "{where} 为 {found}，应为 {right}：{why}",
    "{where} gives exception {number} to function {function}, expected {right}: {why}":
        "{where} 对功能 {function} 返回异常 {number}，应为 {right}：{why}",
    "input register {address}": "输入寄存器 {address}",
    "holding register {address}": "保持寄存器 {address}",
    "discrete input {address}": "离散输入 {address}",
    "coil {address}": "线圈 {address}",
    "a refusal": "拒绝回答",
    # heads and trends
    "the head says that it is in fault": "探测器自报故障",
    "the button stays pressed": "按钮一直按着",
    "{value} is not possible": "读数 {value} 不可能",
    "reaches {limit} in about {days} days": "约 {days} 天后达到 {limit}",
    "usual at this hour: {usual}": "此时段通常为 {usual}",
    # fire monitoring centres and panels
    **CENTRE,
    # devices
    "answers": "有应答",
    "port open": "端口已打开",
    "not asked yet": "尚未询问",
    **PLUGINS,
    "port not opened yet": "端口尚未打开",
    "no answer": "没有应答",
    "no answer, only {junk}": "没有应答，只收到 {junk}",
    "no answer before the connection was lost: {why}": "连接断开前没有应答：{why}",
    "no answer: the gateway says that nobody answers it": "没有应答：网关说该设备不应答",
    "not answered, as others are; asked again every {seconds} s": "此项不应答，其他项有应答；每 {seconds} 秒重试",
    "the device was taken from the line, or changed; order it again": "设备已从总线移除或更换，请重新下令",
    "{device} only speaks; it cannot be asked anything": "{device} 只上报，不能询问",
    "noise": "杂波",
    "crc": "校验错",
    "foreign": "他机的应答",
    "half an answer ({bytes})": "半截应答（{bytes}）",
    "an answer under unit {number}: see the unit numbers in the gateway":
        "单元号为 {number} 的应答（请看网关的单元号设置）",
    "an answer with another transaction number: the gateway is too slow or mixes them up":
        "事务号不符的应答（网关太慢，或弄混了）",
    "bytes that are no Modbus TCP: for a serial server write rtu_over_tcp":
        "不是 Modbus TCP 的字节（若是串口服务器，请写 rtu_over_tcp）",
    "driver fault: {why}": "驱动故障：{why}",
    "refused a setting that its profile wants: {why}": "拒绝了档案要求的设置：{why}",
    "exception {number} to function {function}: {why}": "对功能 {function} 返回异常 {number}：{why}",
    # lines
    "open": "已打开",
    "open anew: {why}": "已重新打开：{why}",
    "closed": "已关闭",
    "not open": "未打开",
    "not opened yet": "尚未打开",
    "line {name} is down: {why}": "总线 {name} 中断：{why}",
    "no connection within {seconds} s": "{seconds} 秒内没有连上",
    "nothing was answered for {seconds} s; connecting anew": "{seconds} 秒没有任何应答，重新连接",
    "the line is never silent: something on it talks all the time": "总线从不安静：有设备不停地发",
    "the port is not there; is the adapter plugged in?": "端口不存在，转换器插好了吗？",
    "access refused; the daemon's user must be in the group that owns the port (dialout)":
        "无权打开，守护进程的用户须加入端口所属的组（dialout）",
    "another program has the port open; stop it, a line has one master":
        "端口被别的程序占用，请停掉它，一条总线只有一个主机",
    "the adapter refuses this baud rate or format": "转换器不支持此波特率或格式",
    "the adapter is gone or broken": "转换器拔出或损坏",
    "the adapter is gone": "转换器已拔出",
    "connection refused; nothing listens there": "连接被拒绝，对方没有服务",
    "no way to that host; is it on, is the network right?": "到不了该主机，开机了吗？网络对吗？",
    "no network there": "那边没有网络",
    "the other side reset the connection": "对方重置了连接",
    "the other side has gone silent": "对方没有声息了",
    "the other side closed the connection": "对方关闭了连接",
    "nobody knows that name; is it spelt right? An IP address needs no name server":
        "找不到该主机名，写对了吗？改用 IP 地址则不需要域名服务器",
    "the name server does not answer; an IP address needs none": "域名服务器没有应答，可改用 IP 地址",
    "unknown exception, outside the standard": "未知异常，标准中没有",
    # frames, and what a technician's tools find
    "unit {number}: {what}": "{number} 号：{what}",
    "read {count} {table} from {address}": "读 {count} 个{table}，自 {address}",
    "coils": "线圈",
    "discrete inputs": "离散输入",
    "holding registers": "保持寄存器",
    "input registers": "输入寄存器",
    "registers": "寄存器",
    "{count} bits, lowest first: {bits}": "{count} 位，低位在前：{bits}",
    "{count} registers: {values}": "{count} 个寄存器：{values}",
    "set register {address} to {value}": "写寄存器 {address} 为 {value}",
    "set coil {address} to {value}": "写线圈 {address} 为 {value}",
    "set {count} {table} from {address}: {values}": "写 {count} 个{table}，自 {address}：{values}",
    "{count} {table} are set from {address}": "已写 {count} 个{table}，自 {address}",
    "function {number}, {data}": "功能 {number}，{data}",
    "no data": "无数据",
    "checksum is {found}, right would be {right}: broken, or not whole": "校验为 {found}，应为 {right}：损坏或不完整",
    "checksum is wrong: broken, or not whole": "校验错：损坏或不完整",
    "{count} bytes that are no Modbus frame": "{count} 字节，不是 Modbus 帧",
    "meter {address}: {what}": "表 {address}：{what}",
    "card {number}": "卡 {number}",
    "read {what}": "读 {what}",
    "refused: {why}": "拒绝：{why}",
    "without a reason": "未说明原因",
    "{count} bytes that are no card": "{count} 字节，不是卡号",
    "{count} bytes that are no DL/T 645 frame": "{count} 字节，不是 DL/T 645 帧",
    "{count} bytes that are no CJ/T 188 frame": "{count} 字节，不是 CJ/T 188 帧",
    "found to be as the profile says; read next": "与档案相符，接着读取",
    "not in the answer": "应答中没有",
    "all are 0: nothing is wired to it, or the addresses are those of another model":
        "全为 0：没有接线，或地址属于别的型号",
    "all bytes are FF: it has nothing there, or its measuring part does not answer":
        "全为 FF：那里没有内容，或其测量部分没有应答",
    "all registers are the same: the device answers, but does not measure": "各寄存器都相同：设备有应答，但没有在测量",
    "with words: {order} it would make sense: {values}": "若写 words: {order} 则合理：{values}",
    "the line has had no time for it in {seconds} s": "总线 {seconds} 秒内没有空闲",
    "{number} questions wait for this line already; let them be answered first":
        "该总线已有 {number} 个询问在等，请等它们答完",
    "illegal function: this model has no such command; is the profile the right one?":
        "非法功能：此型号没有这个命令，档案对吗？",
    "illegal data address: this model has nothing there; is the profile the right one, or the firmware older?":
        "非法地址：此型号那里没有内容，档案对吗？固件较旧？",
    "illegal data value: it refuses this value or this many of them": "非法数值：它不接受这个值或这么多个",
    "device failure: it could not do it; see the device itself": "设备故障：它做不到，请看设备本身",
    "acknowledge: it accepted and needs longer": "已受理，还需时间",
    "device busy: it is doing something else; ask again": "设备忙：正在做别的，请再问",
    "negative acknowledge: it cannot do that in its present mode": "否定应答：当前模式下做不到",
    "memory parity error: its memory is damaged": "存储校验错：其存储器损坏",
    "gateway path unavailable: the gateway is misconfigured or overloaded": "网关路径不可用：网关配置有误或过载",
    "gateway target silent: the gateway works, the device behind it does not answer":
        "网关目标无应答：网关正常，其后的设备不答",
    # orders
    "accepted": "已接受",
    "no answer yet": "尚无应答",
    "not learned yet": "尚未学习",
    "waits for {points}": "等待读到 {points}",
    "its time was over before the line was free": "总线空出之前，指令已过期",
    "{output} is told otherwise by now": "{output} 已另有指令",
    "something stands under the boom": "杆下有东西",
    "presence cannot be trusted: {why}": "杆下情况不可信：{why}",
    "presence was read {age} s ago, limit {limit} s": "杆下情况是 {age} 秒前的，限 {limit} 秒",
    "{device} only speaks; it cannot be told anything": "{device} 只上报，不接受指令",
    "{device} cannot be told anything": "{device} 不接受指令",
    "{number} orders wait for this line already; this was the least important":
        "该总线已有 {number} 条指令在等，此条最不要紧",
    "the daemon is stopping": "守护进程正在停止",
    # what people may not do now
    "its condition still holds": "触发条件仍在，先消除再复位",
    "its inputs cannot be read": "输入读不到，先恢复设备再复位",
    "already acknowledged by {person}": "已由 {person} 确认",
    "nobody has acknowledged it": "还没有人确认，先确认",
    "nobody has verified it": "还没有核实，先写明真实、误报或测试",
    "it is latched; reset it first": "仍锁存，先复位",
    "it is set apart; take it back first": "已搁置或屏蔽，先取消",
    "it is set apart already": "已搁置或屏蔽",
    "it is P1: life safety is not set apart": "生命安全报警（P1）不能搁置或屏蔽",
    "it is P1 now": "已升为 P1",
    "its time is over": "时间已到",
    "it is not shelved": "没有被搁置",
    "it is back to normal": "已恢复正常",
    "it has risen again since, as {occurrence}": "其后再次报警，编号 {occurrence}，请看现在这一次",
    "it needs no close": "不需要归档",
    "nothing is sounding there": "那里没有在响的报警",
    "say to whom": "请写明派谁",
    "it needs a reason": "须写明原因",
    "already closed by {person}": "已由 {person} 归档",
    "from {least} to {most}; the site file sets the most": "时长须为 {least} 到 {most}，上限由站点文件规定",
    "{number} things are set apart already; take some back first": "已有 {number} 项被搁置或屏蔽，先解除一些",
    "{word} is no verdict; say one of: {words}": "没有 {word} 这个结论，可写：{words}",
    "a false alarm needs a cause; say one of: {words}": "误报须写明原因，可写：{words}",
    "{word} is no cause of this site; say one of: {words}": "没有 {word} 这个原因，可写：{words}",
    "a door that is interlocked with it is open": "与它互锁的门还开着",
    # journal, disk, parts of the daemon
    "it ended by itself": "自行结束",
    "cannot listen at {path}: {why}": "无法在 {path} 监听：{why}",
    "its name is too long; a socket's path may have 107 characters": "路径太长，套接字路径最多 107 个字符",
    "{path} is there and is no socket; move it away, or name another with --socket":
        "{path} 已存在且不是套接字，请移走，或用 --socket 另指一处",
    "another daemon listens at {path}; stop it, or name another with --socket":
        "另一个守护进程正在 {path} 监听，请停掉它，或用 --socket 另指一处",
    "the directory {path} is missing; mount or create it": "目录 {path} 不存在，请挂载或创建",
    "the disk is {percent} % full, {left} are left; move away what is not gatehouse's, or take a larger disk; "
    "at {limit} % records other than alarms make room":
        "磁盘已用 {percent} %，剩余 {left}；请移走与 gatehouse 无关的文件或换大盘；"
        "到 {limit} % 时报警以外的旧记录将提前移出",
    "{percent} % of the disk's inodes are in use, {left} are left; delete small files that are not gatehouse's; "
    "at {limit} % records other than alarms make room":
        "磁盘索引节点已用 {percent} %，剩余 {left} 个；请删去与 gatehouse 无关的小文件；"
        "到 {limit} % 时报警以外的旧记录将提前移出",
    "{classes}: more than its size, although all that may go is gone; allow more under journal.size":
        "{classes}：超出容量，而能移出的都已移出，请在 journal.size 放宽",
    "it was begun anew; the one before had {count} lines": "已另立新日志，原有 {count} 条",
    "it ends at line {last}; line {kept} had been written": "日志止于第 {last} 条，而第 {kept} 条曾写入",
    "the disk of {path} is full; make room": "{path} 所在磁盘已满，请腾出空间",
    "{path} is damaged: {why}": "{path} 已损坏：{why}",
    "{path} is read-only; check the mount and the rights of the file": "{path} 只读，请检查挂载和文件权限",
    "another program holds {path}; end it": "{path} 被别的程序占用，请停掉它",
    "{path} cannot be opened; the user of gatehouse must own it and its directory":
        "{path} 打不开，它和所在目录须归 gatehouse 用户所有",
    "the disk of {path} failed ({name}); see the kernel's log, it may be dying":
        "{path} 所在磁盘出错（{name}），请看内核日志，磁盘可能要坏",
    "the disk of {path} does not answer; see the kernel's log, it may be dying":
        "{path} 所在磁盘没有应答，请看内核日志，磁盘可能要坏",
    "{path} is not open yet": "{path} 尚未打开",
    "nothing in this site judges it any more": "本站点已没有规则判断它",
    # brokers
    "no lasting connection for {seconds} s: {why}": "{seconds} 秒没有稳定连接：{why}",
    "the broker refused us: {why}": "代理拒绝了我们：{why}",
    "the broker ended the connection: {why}": "代理断开了连接：{why}",
    "the other side acknowledged nothing for {seconds} s": "对方 {seconds} 秒没有确认",
    "the connection was lost": "连接断了",
    "{address} did not answer within {seconds} s": "{address} {seconds} 秒内没有应答",
    "{address} hung up without an answer to our CONNECT": "{address} 没有回答 CONNECT 就挂断了",
    "{address} refused topic {topic}: {why}; its ACL must let {user} write {topics}; {rest}":
        "{address} 拒收主题 {topic}：{why}；其 ACL 须允许 {user} 写 {topics}；{rest}",
    "carrier fault: {why}": "承载故障：{why}",
    "it hangs up on it": "对方一收到就挂断",
    "{address} refused us: {why}": "{address} 拒绝了我们：{why}",
    "{address} refused {what}: {why}; it must answer 2xx to what it knows already; {rest}":
        "{address} 拒收{what}：{why}；凡已收下或已有的，对方须答 2xx；{rest}",
    "events of kind {kind}": " {kind} 类事件",
    "{code}: redirects are not followed; it points to {where}": "{code}：不跟随重定向；它指向 {where}",
    "the secret {name} has {count} bytes; a key to sign with has {least} or more":
        "密钥 {name} 有 {count} 字节；签名密钥至少 {least} 字节",
    "nothing is lost, it is tried again every {seconds} s": "不会丢失，每 {seconds} 秒重试",
    "[Errno {number}] {why}": "{why}（errno {number}）",
    "Connection refused": "连接被拒绝",
    "No such file or directory": "文件或目录不存在",
    "Not a directory": "不是目录",
    "Permission denied": "没有权限",
    "Read-only file system": "文件系统只读",
    "No space left on device": "磁盘已满",
    "No route to host": "到不了该主机",
    "Network is unreachable": "网络不通",
    "Name or service not known": "找不到该主机名",
    "Temporary failure in name resolution": "暂时解析不了主机名",
    "timed out": "超时",
    "Not authorized": "未授权",
    **CHANNELS,
    **{why.en: why.zh for why in PATROL.values()},
    "the phone has not confirmed it within {seconds} s": "手机 {seconds} 秒内没有确认收到",
    "the broker does not let us read {topic}: {why}": "代理不允许读取 {topic}：{why}",
    **WHY,
    **OVER,
}  # fmt: skip
"""English, as the daemon's parts say it -> Chinese. The first that fits counts."""

_LONGEST = 400
"""Characters of a text that may still be a phrase."""
_DEPTH = 8
"""Phrases within phrases that are looked for: what a stranger's driver says may have hundreds of colons."""


def _pattern(template: str) -> re.Pattern[str]:
    """The template as a pattern, its gaps as groups."""
    pieces = Formatter().parse(template)
    return re.compile(
        "".join(re.escape(text) + (f"(?P<{gap}>.+?)" if gap is not None else "") for text, gap, _, _ in pieces)
    )


_FIXED = {english: chinese for english, chinese in PHRASES.items() if "{" not in english}
_GAPPED = [(_pattern(english), chinese) for english, chinese in PHRASES.items() if "{" in english]


@lru_cache(maxsize=1024)
def phrase(text: str, language: Language) -> str:
    """What a part of the daemon said, for people; anything that is no phrase of ours stays as it is."""
    return _said(text, language, _DEPTH)


@lru_cache(maxsize=1024)
def _said(text: str, language: Language, depth: int) -> str:
    if text in REASONS:
        return REASONS[text].say(language)
    if len(text) > _LONGEST or not depth:
        return text
    said = _chinese(text, depth) or _several(text) if language == "zh" else None
    return said or _after_a_colon(text, language, depth)


def _chinese(text: str, depth: int) -> str | None:
    if text in _FIXED:
        return _FIXED[text]
    for pattern, chinese in _GAPPED:
        if match := pattern.fullmatch(text):
            return chinese.format_map({gap: _said(said, "zh", depth - 1) for gap, said in match.groupdict().items()})
    return None


def _several(text: str) -> str | None:
    """`crc, noise, half an answer (01 03)`: a list of our words."""
    words = text.split(", ")
    said = [_chinese(word, 1) for word in words] if len(words) > 1 else []
    return "、".join(filter(None, said)) if said and all(said) else None


def _after_a_colon(text: str, language: Language, depth: int) -> str:
    """`lanes.in.barrier: presence`, `tcp 10.0.0.8:502: connection refused`: who says it stays, what he says is told."""
    who, colon, what = text.partition(": ")
    if not colon:
        return text
    said = _said(what, language, depth - 1)
    if said == what:
        return text
    return f"{who}：{said}" if language == "zh" else f"{who}: {said}"
