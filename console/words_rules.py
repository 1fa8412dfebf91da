"""Words of `gatehouse rules` and `gatehouse replay`, in Chinese and in English."""

WORDS = {
    "good": ("符合", "as expected"),
    "bad": ("不符", "NOT AS EXPECTED"),
    "fault": ("有错", "FAULTS"),
    "line": ("第 {line} 行", "line {line}"),
    "expected": ("应为", "expected"),
    "found": ("实为", "found"),
    "items": ("{count} 项", "{count} expectations"),
    "virtual": ("虚拟 {span}", "{span} of virtual time"),
    "took": ("用时 {seconds:.2f} 秒", "took {seconds:.2f} s"),
    "sum": (
        "{files} 个文件：{good} 个符合，{bad} 个不符，{fault} 个有错；{count} 项",
        "{files} files: {good} as expected, {bad} not, {fault} with faults; {count} expectations",
    ),
    "no_files": ("{path}：没有时间表文件（*.yaml）。", "{path}: there is no timetable (*.yaml)."),
    "why": ("依据", "why"),
    "limit": ("限 {limit:g} 秒", "limit {limit:g} s"),
    "age": ("{age:g} 秒前", "{age:g} s old"),
    "never": ("从未读到", "never read"),
}
"""Key -> Chinese, English."""


def word(key: str, language: str, **values: object) -> str:
    """A text of these screens."""
    return WORDS[key][language == "en"].format(**values)
