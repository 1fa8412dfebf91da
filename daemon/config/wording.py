"""What each fault says, in English and Chinese: what was found; what would be right and what to do."""

from types import MappingProxyType

from daemon.config.wording_cards import CARDS
from daemon.config.wording_centre import CENTRE
from daemon.config.wording_channels import CHANNELS
from daemon.config.wording_feeds import FEEDS
from daemon.config.wording_ladders import LADDERS
from daemon.config.wording_lines import LINES
from daemon.config.wording_patrol import PATROL
from daemon.config.wording_profiles import PROFILES
from daemon.config.wording_record import RECORD
from daemon.config.wording_rehearsal import REHEARSAL
from daemon.config.wording_rules import RULES

_FILE = {
    "no_file": (
        "there is no such file or folder", "give the site file, or the folder that holds it",
        "没有这个文件或文件夹", "请给出站点文件，或它所在的文件夹"),
    "no_yaml": (
        "the folder holds no *.yaml file", "put the site file there, for example site.yaml",
        "文件夹里没有 *.yaml 文件", "请把站点文件放进去，例如 site.yaml"),
    "wrong_suffix": (
        "'{name}' would not be read", "rename it to '{instead}', or move it out of the folder",
        "'{name}' 不会被读取", "请改名为 '{instead}'，或移出此文件夹"),
    "unreadable": (
        "the file cannot be read: {why}", "see that the daemon's user may read it",
        "文件无法读取：{why}", "请确认运行程序的用户有读取权限"),
    "empty_file": (
        "the file is empty", "write the site into it, or remove it",
        "文件是空的", "请写入站点内容，或删除它"),
    "too_large": (
        "the file has {size} bytes", "a site file has at most {limit}; is this the right file?",
        "文件有 {size} 字节", "站点文件最多 {limit} 字节；是不是选错了文件？"),
    "not_utf8": (
        "the byte {byte} is not UTF-8", "save the file with the encoding UTF-8 (Notepad: Save as, Encoding: UTF-8)",
        "字节 {byte} 不是 UTF-8", "请用 UTF-8 编码保存（记事本：另存为，编码：UTF-8）"),
    "control_character": (
        "the invisible character {character} stands here", "delete it; only plain text belongs in the file",
        "这里有看不见的字符 {character}", "请删除它，文件里只能有普通文字"),
    "not_a_table": (
        "the file is not a table of settings", "begin with `site:`, `lines:`, `devices:`",
        "文件内容不是设置表", "请以 `site:`、`lines:`、`devices:` 开头"),
    "too_deep": (
        "tables stand inside tables more than {limit} deep", "no setting is that deep; see the brackets",
        "嵌套超过 {limit} 层", "没有这么深的设置，请检查括号"),
    "too_many": (
        "the file grows to more than {limit} values", "write it without & and *, or divide the site",
        "文件展开后超过 {limit} 个值", "不要使用 & 和 *，或拆分站点"),
    "unknown_tag": (
        "the mark {tag} is not known", "only !secret NAME is",
        "不认识标记 {tag}", "只能用 !secret 名称"),
    "odd_key": (
        "this name is not plain text", "a name is one word before a colon",
        "名称不是普通文字", "名称是冒号前的一个词"),
    "odd_merge": (
        "`<<` stands before something that is no table", "write `<<: *name`, where &name marks a table",
        "`<<` 后面不是设置表", "请写 `<<: *名称`，其中 &名称 标记一张表"),
    "duplicate_key": (
        "'{key}' is written twice, first at {first}", "keep one of the two",
        "'{key}' 写了两次，第一次在 {first}", "只保留一个"),
}  # fmt: skip

_SYNTAX = {
    "syntax": (
        "the text cannot be read: {why}", "see this line and the one above it: indents, colons, brackets, quotes",
        "无法读懂：{why}", "请检查本行和上一行：缩进、冒号、括号、引号"),
    "syntax_wide": (
        "the full-width character {character} stands here", "type it with the English keyboard: {instead}",
        "这里是全角字符 {character}", "请切换到英文输入法，写成 {instead}"),
    "syntax_colon": (
        "a colon is missing here or on the line above", "write `name: value`, with a space after the colon",
        "本行或上一行缺少冒号", "请写成 `名称: 值`，冒号后面有一个空格"),
    "syntax_colons": (
        "there is a second `: ` in this line, or its indent is wrong",
        "put a text that holds `: ` in quotes; entries of one table start in the same column",
        "本行有第二个 `: `，或缩进不对", "含有 `: ` 的文字请加引号；同一张表的条目要对齐"),
    "syntax_tab": (
        "a tab stands here", "indent with spaces",
        "这里有制表符（Tab）", "请用空格缩进"),
    "syntax_quote": (
        "a text cannot begin with this character", "put the text in quotes",
        "文字不能以这个字符开头", "请给文字加引号"),
    "syntax_indent": (
        "the indent does not fit the lines above", "entries of one table start in the same column",
        "缩进与上面的行不一致", "同一张表的条目要从同一列开始"),
    "syntax_open_quote": (
        "this quote is not closed", "close it on the same line",
        "这个引号没有结束", "请在同一行补上引号"),
    "syntax_bracket": (
        "this bracket is not closed, or a comma is missing before {noticed}", "write {{a: 1, b: 2}} or [a, b]",
        "这个括号没有结束，或 {noticed} 之前缺少逗号", "请写成 {{a: 1, b: 2}} 或 [a, b]"),
    "syntax_star": (
        "no & above bears the name behind this *", "write &NAME at the table that is meant, above; or quote the text",
        "* 后面的名称在上文没有对应的 &名称", "请先在上面的那张表前写 &名称；若是以 * 开头的文字，请加引号"),
    "syntax_documents": (
        "a second document begins after `---`", "one file holds one document; remove the line `---`",
        "`---` 之后又开始了一份文档", "一个文件只能有一份文档，请删除 `---` 这一行"),
}  # fmt: skip

_VALUES = {
    "unknown_key": (
        "'{key}' is not a setting here", "known here: {known}",
        "这里没有 '{key}' 这个设置", "可用的设置：{known}"),
    "missing": (
        "'{key}' is missing", "add `{key}: …`{meaning}",
        "缺少 '{key}'", "请加上 `{key}: …`"),
    "wrong_type": (
        "found {value}", "{wanted} belongs here",
        "写的是 {value}", "这里应为{wanted}"),
    "number_as_text": (
        "found the number {value}", "a text belongs here; put it in quotes: \"{value}\"",
        "写的是数字 {value}", "这里应为文字，请加引号：\"{value}\""),
    "too_small": (
        "found {value}", "at least {limit} is allowed",
        "写的是 {value}", "最小为 {limit}"),
    "too_big": (
        "found {value}", "at most {limit} is allowed",
        "写的是 {value}", "最大为 {limit}"),
    "one_of": (
        "{value} is not known here", "one of: {known}",
        "这里不能写 {value}", "可选：{known}"),
    "bad_name": (
        "'{value}' cannot be a name",
        "a name has a-z, 0-9, - and _, begins with a letter, at most 40 characters; Chinese goes into title",
        "'{value}' 不能作名称", "名称只用小写字母、数字、- 和 _，以字母开头，最多 40 个字符；中文写在 title 里"),
    "reserved_name": (
        "'{value}' is a name that the program uses itself", "choose another name",
        "'{value}' 是程序自用的名称", "请换一个名称"),
    "endpoint": (
        "found {value}", "write host:port, for example 10.20.12.8:502",
        "写的是 {value}", "请写成 主机:端口，例如 10.20.12.8:502"),
    "broker": (
        "found {value}", "write mqtts://host:port, or mqtt://host:port without encryption",
        "写的是 {value}", "请写成 mqtts://主机:端口，不加密则为 mqtt://主机:端口"),
    "webhook_url": (
        "this is no web address that can be used", "write https://host/path, without a name, a password or # in it",
        "这不是可用的网址", "请写成 https://主机/路径，里面不要有用户名、密码或 #"),
    "timezone": (
        "{value} is not a time zone", "one is written like Asia/Shanghai",
        "{value} 不是时区", "时区写成 Asia/Shanghai 这样"),
    "duration": (
        "found {value}", "write a number and its unit, such as {example}; units: {units}",
        "写的是 {value}", "请写数字和单位，例如 10s、2m；单位：{units}"),
    "negative_duration": (
        "found {value}", "a length of time is not negative",
        "写的是 {value}", "时间长度不能为负"),
    "duration_range": (
        "found {value}", "write a length of time from {least} to {most}",
        "写的是 {value}", "时间长度应在 {least} 到 {most} 之间"),
    "quantity": (
        "found {value}", "write a number and its unit, such as {example}; units: {units}",
        "写的是 {value}", "请写数字和单位，例如 300 mA、60 °C；单位：{units}"),
    "on_off": (
        "found {value}", "write on or off",
        "写的是 {value}", "请写 on 或 off"),
    "pattern": (
        "found {value}", "it must look like {pattern}",
        "写的是 {value}", "格式应为 {pattern}"),
    "length": (
        "found {value}", "its length must be {limit}",
        "写的是 {value}", "长度应为 {limit}"),
    "refused": (
        "found {value}", "{why}",
        "写的是 {value}", "{why}"),
    "refused_like": (
        "found {value}", "{why}",
        "写的是 {value}", "请写成 {example} 这样"),
    "plain_secret": (
        "a secret stands here in plain text",
        "write !secret NAME and put the value into the file secrets/NAME (mode 0600)",
        "密码写成了明文", "请写 !secret 名称，把密码放进文件 secrets/名称（权限 0600）"),
    "secret_missing": (
        "there is no secret '{name}'", "put it into the file {instead}, then: chmod 600 {instead}",
        "没有名为 '{name}' 的密码", "请写入文件 {instead}，然后执行：chmod 600 {instead}"),
    "secret_open": (
        "others may read the secret '{name}' (mode {mode})", "chmod 600 {instead}",
        "其他用户可以读取密码 '{name}'（权限 {mode}）", "请执行：chmod 600 {instead}"),
    "secret_empty": (
        "the secret '{name}' is empty", "write its value into {instead}",
        "密码 '{name}' 是空的", "请把内容写入 {instead}"),
    "secret_large": (
        "the secret '{name}' is larger than {limit} bytes", "a password, a key or a certificate belongs into {instead}",
        "密码 '{name}' 超过 {limit} 字节", "{instead} 中应为密码、密钥或证书"),
    "secret_unreadable": (
        "the secret '{name}' cannot be read: {why}", "see that the daemon's user may read {instead}",
        "密码 '{name}' 无法读取：{why}", "请确认运行程序的用户可以读取 {instead}"),
    "secret_name": (
        "'{name}' cannot be the name of a secret", "use letters, digits, - _ and .",
        "'{name}' 不能作密码名称", "只用字母、数字、-、_ 和 ."),
}  # fmt: skip

_FIELD = {
    "unknown_line": (
        "there is no line '{value}'", "lines: {known}",
        "没有线路 '{value}'", "现有线路：{known}"),
    "unknown_driver": (
        "there is no driver '{value}'", "drivers: {known}",
        "没有驱动 '{value}'", "现有驱动：{known}"),
    "unknown_profile": (
        "there is no profile '{value}'", "profiles: {known}",
        "没有设备型号 '{value}'", "现有型号：{known}"),
    "no_driver_file": (
        "there is no driver file '{value}' beside the site file",
        "a third-party driver is written by its path, drivers/NAME.py; there: {known}",
        "站点文件旁边没有驱动文件 '{value}'", "第三方驱动写相对路径 drivers/名称.py；现有：{known}"),
    "driver_twice": (
        "'{value}' is the name of two drivers; one of them comes with {other}",
        "uninstall one, or ask its maker for another name",
        "有两个驱动都叫 '{value}'，其中一个来自 {other}", "请卸载其中一个，或请厂家改名"),
    "driver_wants": (
        "the third-party driver '{value}' wants more than turning bytes into values: {rights}",
        "if you trust it that far, write at the top level: drivers: {{{value}: {{allow: [{rights}]}}}}",
        "第三方驱动 '{value}' 要求额外权限：{rights}",
        "如果信任它，请在最外层写：drivers: {{{value}: {{allow: [{rights}]}}}}"),
    "driver_broken": (
        "the third-party driver '{value}' cannot be used: {why}",
        "its maker finds more with: gatehouse driver test",
        "第三方驱动 '{value}' 不能使用：{why}", "请厂家运行 gatehouse driver test 查明原因"),
    "too_many_drivers": (
        "'{value}' would be more than {limit} third-party drivers", "each is a process of its own; do with fewer",
        "加上 '{value}' 第三方驱动就超过 {limit} 个", "每个都是单独的进程，请减少"),
    "grant_unused": (
        "no device uses a third-party driver '{value}'", "remove these rights; drivers in use: {known}",
        "没有设备使用第三方驱动 '{value}'", "请删除这项权限；使用中的：{known}"),
    "plugin_broken": (
        "'{value}' cannot be loaded: {why}", "the program itself is damaged; install it again",
        "'{value}' 无法加载：{why}", "程序本身已损坏，请重新安装"),
    "driver_refuses": (
        "the driver refuses these settings", "{why}",
        "驱动不接受这些设置", "{why}"),
    "rule_refuses": (
        "the rule '{rule}' refuses these settings", "{why}",
        "规则 '{rule}' 不接受这些设置", "{why}"),
    "address_twice": (
        "'{device}' has the address {address} on line '{line}', and so has '{other}' ({first})",
        "every device of a line has its own address",
        "'{device}' 在线路 '{line}' 上的地址 {address} 与 '{other}'（{first}）相同",
        "同一线路上每个设备的地址必须不同"),
    "not_alone": (
        "'{asker}' has an address that all of its kind answer; '{device}' and '{other}' ({first}) share line '{line}'",
        "write the address of '{asker}' itself",
        "'{asker}' 用的是同类设备都会应答的通配地址，而 '{device}' 和 '{other}'（{first}）同在线路 '{line}' 上",
        "请写出 '{asker}' 自己的地址"),
    "listener_shares": (
        "'{listener}' speaks unasked, and line '{line}' also carries '{other}' ({first})",
        "give '{listener}' a line of its own",
        "'{listener}' 会主动发送数据，而线路 '{line}' 上还有 '{other}'（{first}）", "请给 '{listener}' 单独一条线路"),
    "unknown_channel": (
        "'{device}' has no channel '{value}'", "it has {known}",
        "'{device}' 没有通道 '{value}'", "它有 {known}"),
    "unknown_point": (
        "'{value}' does not exist", "{device} has {known}",
        "'{value}' 不存在", "{device} 有 {known}"),
    "unknown_device": (
        "there is no device '{value}'", "devices: {known}",
        "没有设备 '{value}'", "现有设备：{known}"),
    "point_form": (
        "found {value}", "a point is written device.channel, for example {example}",
        "写的是 {value}", "测点写成 设备.通道，例如 {example}"),
    "not_writable": (
        "'{value}' cannot be switched", "an output belongs here; {device} has {known}",
        "'{value}' 不能被控制", "这里应为输出；{device} 有 {known}"),
    "no_outputs": (
        "'{value}' cannot be switched", "'{device}' has no outputs; name a relay of another device",
        "'{value}' 不能被控制", "'{device}' 没有输出，请改用其他设备的继电器"),
    "not_a_switch": (
        "'{value}' is {sort}", "a contact, on or off, belongs here",
        "'{value}' 是{sort}", "这里应为开关量触点"),
    "own_relay": (
        "'{value}' is the relay of {other} ({first})", "name the input that tells what really happened",
        "'{value}' 是 {other} 的继电器（{first}）", "请写反映实际情况的输入点"),
    "same_input": (
        "'{value}' is also {other} of the same entry ({first})", "each of them has its own contact",
        "'{value}' 同时又是本条目的 {other}（{first}）", "每一项应有自己的触点"),
    "no_pulse": (
        "'{value}' cannot time a pulse by itself ({why})",
        "a boom moves by pulses that end even when this program does not; choose a relay with flash-on of its own",
        "'{value}' 不能自己计时点动（{why}）", "道闸靠点动控制，程序停了点动也必须结束；请选自带闪开功能的继电器"),
    "no_read_back": (
        "'{value}' cannot be read back",
        "what is told to it must be seen to have happened; choose a relay that stays as it was told",
        "'{value}' 不能回读", "下达的指令必须能核实；请选能保持状态的继电器"),
    "no_reader": (
        "'{value}' reads no cards", "a card reader belongs here; readers: {known}",
        "'{value}' 不能读卡", "这里应为读卡器；现有读卡器：{known}"),
}  # fmt: skip

_SITE = {
    "used_twice": (
        "'{value}' already is {other} ({first})", "a relay does one thing only; choose another one",
        "'{value}' 已经用作 {other}（{first}）", "一个继电器只能有一个用途，请另选一个"),
    "unknown_name": (
        "there is no {sort} '{value}'", "known: {known}",
        "没有{sort} '{value}'", "已有：{known}"),
    "ambiguous_name": (
        "'{value}' may be {known}", "write it in full",
        "'{value}' 可能是 {known}", "请写全称"),
    "listed_twice": (
        "'{value}' stands twice in this list", "keep one",
        "'{value}' 在列表里出现两次", "只保留一个"),
    "fire_frees_nothing": (
        "the zone has fire contacts but frees nothing",
        "add `release: […]` with the doors and lanes that go free on fire",
        "该区有火警触点，却不释放任何门", "请加上 `release: […]`，列出火警时释放的门和道闸"),
    "fire_frees_no_door": (
        "the list frees no door", "name at least one door: {known}",
        "列表里没有门", "至少写一个门：{known}"),
    "fire_never": (
        "the zone frees {what} but has no fire contact", "add `fire: [device.input]`",
        "该区要动作 {what}，却没有火警触点", "请加上 `fire: [设备.输入]`"),
    "unknown_kind": (
        "there is no rule kind '{value}'", "kinds: {known}",
        "没有规则类型 '{value}'", "可用类型：{known}"),
    "implied_kind": (
        "'{value}' is not written here", "it comes by itself with the doors, lanes, zones and devices",
        "'{value}' 不用写在这里", "它随门、道闸、区和设备自动产生"),
    "unit": (
        "{value} cannot be compared with '{point}', which is in {unit}", "write the threshold in {unit}",
        "{value} 不能与 '{point}' 比较，后者的单位是 {unit}", "请用 {unit} 写阈值"),
    "no_unit": (
        "{value} cannot be compared with '{point}', which has no unit", "name a measured value",
        "{value} 不能与 '{point}' 比较，后者没有单位", "请写一个测量值"),
    "not_below": (
        "{value} is not below {setting} ({other})", "the first stage lies below the second",
        "{value} 不低于 {setting}（{other}）", "第一级应低于第二级"),
    "broker_in_clear": (
        "{value} would carry names and passwords over the network in clear", "write mqtts://, or add plaintext: true",
        "{value} 会在网络上明文传输姓名和密码", "请写 mqtts://，或加上 plaintext: true"),
    "client_in_clear": (
        "a client certificate does nothing without encryption", "write mqtts:// as broker, or use user and password",
        "没有加密时客户端证书不起作用", "broker 请写 mqtts://，或改用 user 和 password"),
    "webhook_in_clear": (
        "{value} would carry names over the network in clear", "write https://, or add plaintext: true",
        "{value} 会在网络上明文传输姓名", "请写 https://，或加上 plaintext: true"),
    "client_in_clear_http": (
        "a client certificate does nothing without encryption", "write https:// as url, or leave it out",
        "没有加密时客户端证书不起作用", "url 请写 https://，或去掉 client"),
    "no_such_events": (
        "no event is of the kind {value}", "kinds: {known}",
        "没有 {value} 这种事件", "事件种类：{known}"),
    "no_card_file": (
        "there is no file '{value}' beside the site file", "put the list there, or correct its name",
        "站点文件旁边没有文件 '{value}'", "请把名单放到那里，或改正文件名"),
    "no_cards": (
        "the reader needs a list of cards", "add `access: {{cards: cards.csv}}` to the site",
        "有读卡器，但没有卡片名单", "请在站点文件中加上 `access: {{cards: cards.csv}}`"),
    "wire_unknown": (
        "there is no line '{value}' in the site", "lines: {known}",
        "站点里没有线路 '{value}'", "现有线路：{known}"),
}  # fmt: skip

WORDS = MappingProxyType({
    **_FILE, **_SYNTAX, **_VALUES, **LINES, **_FIELD, **_SITE, **CARDS, **CHANNELS, **FEEDS, **REHEARSAL, **LADDERS,
    **RULES, **CENTRE, **PATROL, **PROFILES, **RECORD,
})  # fmt: skip
"""Code -> what was found and what is right, in English, then in Chinese."""

TERMS = MappingProxyType({
    "text": "文字", "a whole number": "整数", "a number": "数字", "true or false": "true 或 false",
    "a list: [a, b]": "列表：[a, b]", "a table of settings": "设置表", "a list": "列表", "nothing": "空",
    "a measured value": "测量值", "a card or another occurrence": "刷卡等事件",
    "door": "门", "lane": "道闸", "zone": "区", "output": "输出", "device": "设备",
    "door or lane": "门或道闸", "switch": "开关输出", "person": "人员", "rota": "排班",
    "there are no people to call": "没有写可呼叫的人员", "there are no channels to call them by": "没有写通道",
    "no ladder is for P1": "没有适用于 P1 的升级阶梯",
})  # fmt: skip
"""Words that appear as values inside a message."""
