"""What was wrong with a command as it was typed, in Chinese first: the parser says it in English only."""

import re

import typer

USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]
"""What the parser raises for anything that cannot be understood; only this one child of it has a public name."""
_NAMES = {"argument": "参数", "option": "选项", "parameter": "参数"}
_RULES: tuple[tuple[str, str], ...] = (
    (r"Missing (?P<sort>argument|option|parameter) '(?P<name>.+?)'\.", "缺少{sort} {name}"),
    (r"No such option: (?P<name>\S+)", "没有选项 {name}"),
    (r"No such command '(?P<name>.+?)'\.", "没有命令 {name}"),
    (r"Option '(?P<name>.+?)' requires an argument\.", "选项 {name} 后面要写值"),
    (r"Got unexpected extra arguments?(\(s\))? \((?P<name>.*)\)", "多出来的参数：{name}"),
    (r"Invalid value for '(?P<name>.+?)': .*is not one of (?P<known>.+?)\.?", "{name} 的值不对，可写：{known}"),
    (r"Invalid value for '(?P<name>.+?)': .*greater than or equal to (?P<least>\S+)", "{name} 的值太小，至少 {least}"),
    (r"Invalid value for '(?P<name>.+?)': .*less than or equal to (?P<most>\S+)", "{name} 的值太大，至多 {most}"),
    (r"Invalid value for '(?P<name>.+?)': .*valid (number|integer).*", "{name} 须为数字"),
    (r"Invalid value for '(?P<name>.+?)': .*", "{name} 的值不对"),
)
_GUESS = re.compile(r" (Did you mean '?|\(Possible options: )(?P<guess>.+?)('?\?|\))")


def mistyped(error: Exception) -> str:
    """A few lines for a person: what is wrong, in both languages, and how the command is written."""
    english = str(getattr(error, "format_message", error.__str__)()).strip()
    if not english:
        return ""  # a group without a command has shown its help
    context = getattr(error, "ctx", None)
    lines = [_chinese(english), english]
    if context is not None:
        lines += [context.get_usage().replace("Usage:", "用法 Usage:", 1).strip()]
        lines += [f"详见 See: {context.command_path} --help"]
    return "\n".join(line for line in lines if line)


def _chinese(english: str) -> str:
    guess = _GUESS.search(english)
    bare = _GUESS.sub("", english).strip()
    for pattern, chinese in _RULES:
        if match := re.fullmatch(pattern, bare, re.DOTALL):
            words = {name: _NAMES.get(word, word) for name, word in match.groupdict().items()}
            more = f"，是不是 {guess['guess']}？" if guess else "。"
            return chinese.format_map(words) + more
    return ""
