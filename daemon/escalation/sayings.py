"""What a called person reads on a lock screen: what, where, since when, and what is asked of him."""

from datetime import datetime

from daemon.feeds.catalogue import title
from daemon.feeds.texts import Language, Text

_DUTIES: dict[str, Text] = {
    "gas": Text("切勿按门铃、开关灯、在室内用电话或对讲机；关阀、开窗、疏散，到室外再打电话。",
                "No bells, lights, phones or radios inside; shut the valve, air, evacuate; call from outside."),
    "gas_low": Text("切勿按门铃、开关灯、在室内用电话或对讲机；开窗、查漏，到室外再打电话。",
                    "No bells, lights, phones or radios inside; air, look for the leak; call from outside."),
    "valve_open": Text("燃气阀未关到位：到室外关总阀；切勿按门铃、开关灯、在室内用电话或对讲机。",
                       "The gas is not shut off: shut the main valve outside; no bells, lights or radios inside."),
    "fire": Text("请立即到场核实；确认火情即拨 119。", "Go and look now; if it burns, call 119."),
}  # fmt: skip
"""By kind of alarm: what it is worth saying in two lines."""
_SMOKE = ("smoke", "smoke_confirmed", "fire_confirmed")
_USUAL = Text("请处理，并在系统中确认。", "See to it, and acknowledge it.")


def called(  # noqa: PLR0917 - what, where, when, how late
    kind: str,
    severity: int,
    place: str,
    local: datetime,
    elapsed: float,
    late: float,
    language: Language,
    where: str = "",
) -> tuple[str, str]:
    """Title and text of a message. `where`: the very head or button; of a call for help who it is."""
    head = f"P{severity} {title(kind, language)}"
    duty = _DUTIES.get("fire" if kind in _SMOKE else kind, _USUAL).say(language)
    if language == "zh":
        since = f"{local:%m月%d日 %H:%M:%S} 发生"
        waited = f"，已 {_span(elapsed, 'zh')}无人确认" if elapsed >= 15 else ""
        delayed = f"（系统中断，本条迟 {_span(late, 'zh')}）" if late else ""
        spot = f"{place}，{where}" if where else place
        return f"{head}：{place}", f"{spot}，{since}{waited}。{duty}{delayed}"
    since = f"since {local:%d %b %H:%M:%S}"
    waited = f", unacknowledged for {_span(elapsed, 'en')}" if elapsed >= 15 else ""
    delayed = f" (The system was down: {_span(late, 'en')} late.)" if late else ""
    spot = f"{place}, {where}" if where else place
    return f"{head}: {place}", f"{spot}, {since}{waited}. {duty}{delayed}"


def earnest(head: str, text: str, language: Language) -> tuple[str, str]:
    """The same, of a real alarm during a drill or not long after one: nobody must take it for the drill."""
    return (
        (f"【真实报警】{head}", f"不是演练！{text}") if language == "zh" else (f"[REAL] {head}", f"NOT A DRILL! {text}")
    )


def staged(text: str, language: Language) -> str:
    """The same, of a drill: nobody must telephone the fire brigade for it."""
    return f"演练，不真拨 119、110、120。{text}" if language == "zh" else f"A drill: telephone nobody outside. {text}"


def test(by: str, site: str, language: Language) -> tuple[str, str]:
    """Title and text of a test of a channel."""
    if language == "zh":
        return f"测试：{site}", f"这是报警通道测试，由 {by} 发起，没有警情，不必处理。"
    return f"Test: {site}", f"This is a test of the alarm channel, started by {by}. Nothing has happened; do nothing."


def _span(seconds: float, language: Language) -> str:
    if seconds < 120:
        return f"{seconds:.0f} 秒" if language == "zh" else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} 分钟" if language == "zh" else f"{seconds / 60:.0f} min"
