"""Why a request for old numbers is not obeyed: the closed list, in both languages."""

from daemon.feeds.texts import Text

WHY = {
    "form": Text(
        '应为 {"id": …, "from": 起号, "to": 止号}，id 只用字母、数字和 _ . : -，不超过 64 个，起号从 1 起且不大于止号',
        'write {"id": …, "from": number, "to": number}; the id has at most 64 letters, digits and _ . : -; '
        "the numbers begin at 1, and from is not above to",
    ),
    "retained": Text("这是代理保留的旧消息，请求不得保留", "the broker had kept it; a request must not be retained"),
    "expired": Text("请求已过期", "the request has expired"),
    "repeated": Text("此 id 的请求已经收到过，请换一个 id", "a request of this id was taken before; use another id"),
    "too_often": Text("请求太频繁，每分钟最多 12 个", "too many requests; at most 12 a minute"),
    "too_many": Text("已有 4 个请求未答完，请等它们答完", "4 requests are not answered yet; wait for them"),
    "beyond": Text("起号大于日志最新编号", "from is above the newest number of the journal"),
    "not_ready": Text("日志尚未打开，请稍后再问", "the journal is not open yet; ask again"),
    "began_anew": Text("日志损坏后已另立新日志，编号已重新开始", "the journal was begun anew, and so were its numbers"),
    "turned_away": Text("补发的事件被拒收", "the events that were sent again were refused"),
}
