"""What a profile says of itself that does not fit together: the driver says it in English; here it is in Chinese."""

import re
from string import Formatter

PROFILES = {
    "odd_baud": (
        "{value} is no usual baud rate", "most devices know 9600 and 19200; see its manual",
        "波特率 {value} 不常见", "设备多用 9600 或 19200，请看说明书"),
    "printed_address": (
        "the address {address} of {point} in profile {profile} looks like the number that manuals print",
        "addresses are as on the wire, from 0: {address} is mostly {wire} (docs/writing-a-profile.md)",
        "档案 {profile} 中 {point} 的地址 {address} 像是说明书上的编号",
        "档案里写报文中的地址，从 0 起：{address} 多半应写 {wire}（docs/writing-a-profile.md）"),
    "missing_like": (
        "'{key}' is missing", "add `{key}: {shape}`{meaning}",
        "缺少 '{key}'", "请加上 `{key}: {shape}`"),
    "wrong_shape": (
        "found {value}", "write `{key}: {shape}`",
        "写的是 {value}", "请写成 `{key}: {shape}`"),
    "inconsistent": (
        "these settings do not go together", "{why}",
        "这些设置互相矛盾", "{why}"),
}  # fmt: skip

_SAID = {
    "a {table} is on or off: it has no {what}": "{table} 只有通断，不能有 {what}",
    "what clears itself has no {what}": "自动复位的点不能有 {what}",
    "{what} missing: say in which class it is read, and how often": "缺少 {what}：请写明扫描等级和周期",
    "scale: 0 would make the same of everything": "scale: 0 会使所有值都一样",
    "low ({low}) is above high ({high})": "low（{low}）大于 high（{high}）",
    "it reaches beyond address 65535": "超出了地址 65535",
    "flash_on and flash_off are writes to coils": "flash_on 和 flash_off 只能用于线圈 coil",
    "a {table} cannot be written": "{table} 不能写",
    "coils and holding registers can": "只有 coil 和 holding 可以",
    "its flash reaches beyond address 65535": "它的 flash 超出了地址 65535",
    "self_clearing is for what is written: say writable: true": "self_clearing 只用于可写的点：请加 writable: true",
    "{what} are different ways to cut one slice: keep one": "{what} 是同一件事的不同写法：只留一个",
    "a float32 has no slices and no enum": "float32 不能有 byte、bit、bits 和 enum",
    "only whole 16-bit registers can be written": "只能写完整的 16 位寄存器",
    "bits {bits}: write lowest first, 0 to {most}": "bits {bits}：先写低位，范围 0 到 {most}",
    "bit {bit}: the highest is {most}": "bit {bit}：最高为 {most}",
    "byte cuts one register, not a wider number": "byte 只能取一个寄存器的一半，不能用于更宽的数",
    "{form} is half a register: say byte: high or byte: low": "{form} 是半个寄存器：请写 byte: high 或 byte: low",
    "registers is for the forms bcd and text": "registers 只用于 bcd 和 text",
    "the others know their size": "其他 form 的长度是固定的",
    "a {form} takes at most {most} registers": "{form} 最多 {most} 个寄存器",
    "a text has no {what}": "text 不能有 {what}",
    "a text says how many registers it takes: registers: 8": "text 要写明占几个寄存器：registers: 8",
    "a bcd number has no slices": "bcd 不能有 byte、bit、bits",
    "chars is for the form text": "chars 只用于 form: text",
    "worst ({worst} s) is shorter than patience ({patience} s)": "worst（{worst} 秒）比 patience（{patience} 秒）短",
    "patience ({patience} s) is shorter than usual ({usual} s)": "patience（{patience} 秒）比 usual（{usual} 秒）短",
    "at most {most} registers fit into one write": "一次最多写 {most} 个寄存器",
    "write form: text and the text, or the numbers to expect": "请写 form: text 和 text，或写 expect 的数值",
    "write one of expect, words, or low and high": "expect、words、low 与 high 三者写一个",
    "words: the test number is a u32 in registers; say form: u32": "words：核对数是寄存器里的 u32，请写 form: u32",
    "a {table} is on or off: expect: [1], [0] or refusal": "{table} 只有通断：请写 expect: [1]、[0] 或 refusal",
    "a float32 is settled by low and high, not by exact numbers": "float32 用 low 和 high 核对，不能写确切数值",
    "{what} belong together and need {need}, more than {most}": "{what} 须一次读完，要 {need} 个，超过 {most} 个",
}  # fmt: skip
"""English, as `drivers/modbus` says it -> Chinese."""


def _pattern(template: str) -> re.Pattern[str]:
    pieces = Formatter().parse(template)
    return re.compile(
        "".join(re.escape(text) + (f"(?P<{gap}>.+?)" if gap is not None else "") for text, gap, _, _ in pieces)
    )


_PATTERNS = [(_pattern(english), chinese) for english, chinese in _SAID.items()]


def chinese(text: str) -> str:
    """One or more such sentences in Chinese; what is not known here stays as it is."""
    return "；".join(map(_one, text.split("; ")))


def _one(text: str) -> str:
    for pattern, said in _PATTERNS:
        if match := pattern.fullmatch(text):
            return said.format_map(match.groupdict())
    return text
