"""Draws what the daemon says as tables for people. Colour is never the only sign."""

from typing import Any

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

WORDS = {
    "lines": ("总线", "Lines"),
    "devices": ("设备", "Devices"),
    "points": ("点位", "Points"),
    "outputs": ("执行", "Outputs"),
    "alarms": ("报警", "Alarms"),
    "feeds": ("订阅", "Feeds"),
    "none": ("无", "none"),
    "name": ("名称", "name"),
    "title": ("位置", "place"),
    "state": ("状态", "state"),
    "value": ("值", "value"),
    "quality": ("质量", "quality"),
    "age": ("时效", "age"),
    "note": ("备注", "note"),
    "told": ("指令", "told"),
    "by": ("来源", "by"),
    "why": ("原因", "why"),
    "since": ("时间", "raised"),
    "priority": ("优先级", "priority"),
    "up": ("正常", "up"),
    "down": ("中断", "DOWN"),
    "online": ("在线", "online"),
    "offline": ("失联", "OFFLINE"),
    "good": ("良好", "good"),
    "uncertain": ("存疑", "uncertain"),
    "bad": ("无效", "bad"),
    "armed": ("已布防", "armed"),
    "learning": ("学习中", "learning"),
    "journal": ("日志", "journal"),
    "unacknowledged": ("未确认", "unacknowledged"),
    "acknowledged": ("已确认", "acknowledged"),
    "returned-unacknowledged": ("已恢复未确认", "returned, unacknowledged"),
    "latched": ("已锁存", "latched"),
    "open": ("开", "open"),
    "closed": ("关", "closed"),
    "on": ("开", "on"),
    "off": ("关", "off"),
    "held": ("保持", "held"),
    "connected": ("已连接", "connected"),
}
_BAD = {"bad": "red", "uncertain": "yellow"}


def _clock(instant: str) -> str:
    return instant[:19].replace("T", " ")


class Show:
    """Words of one language, tables of one terminal."""

    def __init__(self, language: str) -> None:
        """`zh` or `en`."""
        self.language = language
        self.console = Console(highlight=False)

    def word(self, key: object) -> str:
        """A word of the interface; anything unknown is shown as it is."""
        return WORDS.get(str(key), (str(key),) * 2)[self.language == "en"]

    def status(self, status: dict[str, Any], *, points: bool) -> None:
        """The whole state, alarms first."""
        site, journal = status["site"], status["journal"]
        armed = self.word("armed") if status["armed"] else f"{self.word('learning')}: {', '.join(status['waiting'])}"
        head = Text(f"{site['name']} ({site['id']})  {_clock(status['local'])}  {armed}  ", style="bold")
        head.append(f"{self.word('journal')} {journal['head']} {journal['trouble'] or 'OK'}")
        tables = [self._alarms(status["alarms"]), self._outputs(status["outputs"]), self._lines(status["lines"])]
        tables.append(self._feeds(status["feeds"]))
        if points:
            tables.append(self._points(status["points"]))
        self.console.print(Group(head, *tables))

    def alarms(self, alarms: list[dict[str, Any]]) -> None:
        """Standing alarms only."""
        self.console.print(self._alarms(alarms))

    def event(self, event: dict[str, Any]) -> None:
        """One line of the journal."""
        sign = {1: "▲", 2: "◆", 3: "●", 4: "○"}.get(event["severity"], " ")
        style = {1: "bold red", 2: "dark_orange", 3: "yellow"}.get(event["severity"], "")
        line = f"{event['number']:>6} {_clock(event['local'])} {sign} {event['text'][self.language]}"
        self.console.print(Text(line, style=style), soft_wrap=True)

    def _table(self, title: str, *columns: str) -> Table:
        table = Table(
            title=self.word(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
        )
        for column in columns:
            table.add_column(self.word(column), overflow="fold")
        return table

    def _alarms(self, alarms: list[dict[str, Any]]) -> Table | Text:
        if not alarms:
            return Text(f"{self.word('alarms')}: {self.word('none')}")
        table = self._table("alarms", "priority", "name", "title", "state", "since")
        for alarm in alarms:
            row = (
                f"P{alarm['severity']}",
                alarm["id"],
                alarm["place"],
                self.word(alarm["state"]),
                _clock(alarm["local"]),
            )
            table.add_row(*row, style="bold red" if alarm["severity"] == 1 else None)
        return table

    def _outputs(self, outputs: dict[str, Any]) -> Table:
        table = self._table("outputs", "name", "title", "told", "by", "why")
        for name, output in outputs.items():
            told = {True: "on", False: "off", None: "held"}.get(output["told"], output["told"])
            table.add_row(name, output["title"], self.word(told), output["by"], output["why"])
        return table

    def _lines(self, lines: dict[str, Any]) -> Table:
        table = self._table("lines", "name", "devices", "state", "why")
        for name, line in lines.items():
            table.add_row(name, "", self.word("up" if line["up"] else "down"), line.get("why", ""))
            for device, its in line["devices"].items():
                table.add_row("", device, self.word("online" if its["online"] else "offline"), its.get("why", ""))
        return table

    def _feeds(self, feeds: dict[str, Any]) -> Table | Text:
        if not feeds:
            return Text(f"{self.word('feeds')}: {self.word('none')}")
        table = self._table("feeds", "name", "state", "why")
        for name, feed in feeds.items():
            detail = ", ".join(
                f"{key} {value}" for key, value in feed.items() if key != "connected" and value not in ("", None)
            )
            table.add_row(name, self.word("connected" if feed["connected"] else "down"), detail)
        return table

    def _points(self, points: dict[str, Any]) -> Table:
        table = self._table("points", "name", "title", "value", "quality", "age", "note")
        for name, point in points.items():
            value = "" if point["value"] is None else f"{point['value']} {point['unit']}".strip()
            age = "" if point["age"] is None else f"{point['age']:.1f} s"
            quality = Text(self.word(point["quality"]), style=_BAD.get(point["quality"], ""))
            table.add_row(name, point["title"], value, quality, age, point["note"])
        return table
