"""What each fault of a rule says, in the same form as `daemon.config.wording`."""

RULES = {
    "rules_contradict": (
        "'{value}' may want {wish} of {output} while '{other}' ({first}) wants {against}, both at the level '{level}'",
        "let one of the two want it, or keep their hours apart",
        "'{value}' 可能要 {output} {wish}，而 '{other}'（{first}）同时要它{against}，两者同为“{level}”级",
        "请只保留其中一条，或让两者的时段错开"),
    "formula_name": (
        "there is no '{value}'", "known: {known}",
        "没有 '{value}'", "可用：{known}"),
    "formula_two": (
        "'{value}' may be two points, because - is written _ in an expression",
        "give one of the two devices another name",
        "表达式里 - 写作 _，因此 '{value}' 可能是两个测点", "请给其中一个设备改名"),
    "formula_dash": (
        "in an expression the - of '{value}' is a minus", "write {instead}",
        "表达式里 '{value}' 的 - 是减号", "请写 {instead}"),
    "formula_word": (
        "'{value}' is not a word of expressions", "write {instead}",
        "表达式里不能写 '{value}'", "请写 {instead}"),
    "formula_bare_unit": (
        "'{value}': a number in an expression has no unit",
        "name it: limits: {{high: 60 °C}}, and write high in the expression",
        "'{value}'：表达式里的数字不带单位", "请起个名字：limits: {{high: 60 °C}}，表达式里写 high"),
    "formula_whole": (
        "'{operator}' stands between a measured value and a whole number", "write the number with a decimal: 60.0",
        "'{operator}' 一边是测量值，一边是整数", "请把数字写成小数：60.0"),
    "formula_sorts": (
        "'{operator}' cannot stand with {sorts}", "compare like with like",
        "'{operator}' 不能用于{sorts}", "只能比较同类的值"),
    "formula_aspect": (
        "a value has no '{value}'", "of a point there are .age (seconds), .quality (good, uncertain, bad) and .last",
        "值没有 '{value}'", "测点可以写 .age（秒）、.quality（good、uncertain、bad）和 .last"),
    "formula_no_condition": (
        "the expression is no condition", "it must be true or false, such as pump.temperature > 60.0",
        "表达式不是条件", "结果必须是真或假，例如 pump.temperature > 60.0"),
    "formula_constant": (
        "the expression looks at no point", "name at least one, such as pump.temperature > 60.0",
        "表达式没有用到任何测点", "至少写一个，例如 pump.temperature > 60.0"),
    "formula_occurrence": (
        "'{value}' is an occurrence and has no state",
        "cards are judged by the doors; name a contact or a measured value",
        "'{value}' 是事件，没有状态", "刷卡由门来判断，请写触点或测量值"),
    "formula_nested": (
        "one list is gone through inside another", "go through one list at a time: its work grows with the product",
        "在一个列表里又遍历另一个列表", "一次只遍历一个列表，否则计算量成倍增长"),
    "formula_pattern": (
        "patterns are not looked for here: one of them can take a fifth of a second",
        "write ==, in, startsWith(), endsWith() or contains()",
        "这里不能用 matches：一个模式可能要算五分之一秒", "请用 ==、in、startsWith()、endsWith() 或 contains()"),
    "formula_too_much": (
        "the expression is too large ({why})", "divide it into several rules",
        "表达式太大（{why}）", "请拆成几条规则"),
    "formula_units": (
        "this compares or adds {one} and {other}",
        "hold like against like; a number that has a unit belongs under limits, such as {{high: 60 °C}}",
        "这里把 {one} 与 {other} 相比较或相加", "只能比较同一单位；带单位的数字写在 limits 里，例如 {{high: 60 °C}}"),
    "formula_unused": (
        "the limit '{value}' is not used", "name it in the expression, or leave it out",
        "限值 '{value}' 没有用到", "请在表达式里写上它，或删去"),
    "formula_limit_name": (
        "'{value}' is no name for a limit", "lower-case letters, digits and _, no word of CEL, no name of a device",
        "'{value}' 不能作限值的名称", "用小写字母、数字和 _，不能是 CEL 保留字或设备名"),
    "formula_syntax": (
        "the expression cannot be read here: {why}", "see the operators and brackets: && || ! == > ( )",
        "表达式从这里读不懂：{why}", "请检查运算符和括号：&& || ! == > ( )"),
}  # fmt: skip
