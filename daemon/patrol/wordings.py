"""What is said to a guard's phone: why a command is refused (the closed list), the verbs, and what is different in a
drill; in both languages."""

from daemon.feeds.texts import Text

WHY = {
    "too_large": Text("指令太大，最多 4096 字节", "the command is too large; at most 4096 bytes"),
    "retained": Text("这是代理保留的旧消息，指令不得保留", "the broker had kept it; a command must not be retained"),
    "unsigned": Text(
        "指令没有签名，应为 JWS 紧凑格式：头.内容.签名",
        "it is not signed; write it as a compact JWS: header.payload.signature",
    ),
    "algorithm": Text("签名算法只接受 EdDSA（Ed25519）", "the only algorithm is EdDSA (Ed25519)"),
    "signature": Text(
        "签名与此巡逻员登记的手机密钥不符",
        "the signature does not fit any key that stands for this guard in the site file",
    ),
    "form": Text(
        "签名有效，但内容格式不对，见 docs/patrol.md",
        "the signature is good, the content has not the right form; see docs/patrol.md",
    ),
    "foreign": Text("这是别的站点或别的巡逻员的指令", "it is a command for another site or of another guard"),
    "lifetime": Text("有效期应为发出后 1 到 600 秒", "it must expire 1 to 600 seconds after it was given"),
    "early": Text("发出时间在将来，请校准手机时钟", "it was given in the future; set the phone's clock"),
    "expired": Text("指令已过期，请重发", "the command has expired; give it again"),
    "repeated": Text("此 id 的指令已经收到过", "a command of this id was taken before"),
    "too_often": Text("指令太频繁，请稍后再发", "too many commands; wait a little"),
    "too_many": Text("未过期的指令太多，请稍后再发", "too many commands that have not expired; wait a little"),
    "not_ready": Text("系统刚启动，请几秒后再发", "the box has just started; give it again in some seconds"),
    "unknown_alarm": Text("没有这个未恢复或未结案的报警", "no such alarm stands or is open"),
    "unknown_message": Text("没有这条等待回执的消息", "no such message waits for a receipt"),
    "drill_over": Text(
        "演练已结束，卡片已撤回；真有险情请看其他卡片，求援请不选卡片直接发",
        "the drill is over and its card withdrawn; look at the other cards, and call for help without one",
    ),
    "not_now": Text("未执行", "not done"),
}
"""Code of a refusal -> what it says."""

VERBS = {
    "take": Text("我去处理", "I am going"),
    "acknowledge": Text("确认", "acknowledge"),
    "on_site": Text("已到场", "on site"),
    "true": Text("属实", "true alarm"),
    "false": Text("误报", "false alarm"),
    "help": Text("请求支援", "need help"),
    "delivered": Text("已送达", "delivered"),
    "read": Text("已读", "read"),
}
"""All that a guard's phone can say."""

STAGED = Text("【演练】", "[DRILL] ")
"""Before all else on the card of a drill."""

REHEARSED = Text(
    "这是演练：照真的做，但不真拨 119、110、120，改为口头报告；真有险情，不选卡片直接求援",
    "This is a drill: do as in earnest, but say aloud what you would telephone; in need call for help without a card",
)
"""The first thing to do on the card of a drill."""

HELP_PLAYED = Text(
    "【演练】求援已记录，已按演练呼叫下一级。真有险情：不选卡片直接求援，即为真实报警",
    "[DRILL] The call for help is recorded, the next step is called as a drill. For real help: without a card",
)
"""To a call for help on the card of a drill."""

RECEIPTS = frozenset({"delivered", "read"})
"""Those that the phone says by itself of a message."""
