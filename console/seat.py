"""A guard's seat at a terminal: shows what his phone hears, sends its receipts, takes what he types."""

from datetime import datetime
from typing import Any, Protocol

from console.phone import Heard
from console.show_patrol import ShowPatrol
from console.words_patrol import verb, word

_KEPT = 200
"""Cards, and keys of messages that were shown already."""


class Sayer(Protocol):
    """A phone, as far as it is used here."""

    def say(self, do: str, **more: str) -> str:
        """Send a command; its id."""


class Seat:
    """What is known, and what has been said."""

    def __init__(self, phone: Sayer, show: ShowPatrol) -> None:
        """Nothing is known yet."""
        self._phone, self._show = phone, show
        self.cards: dict[int, dict[str, Any]] = {}
        """By number. A card keeps its number while it is there, and nobody else gets it: what a guard types while cards
        change places must not be about another alarm."""
        self._last = 0
        self._more, self._expires = 0, ""
        self._causes: dict[str, Any] = {}
        self._asked: dict[str, str] = {}
        self._keys: dict[str, None] = {}
        self._changed: dict[str, object] = {}

    @property
    def _lang(self) -> str:
        return self._show.language

    def hear(self, heard: Heard) -> None:
        """One message."""
        match heard.topic:
            case "link":
                up = bool(heard.body.get("up"))
                why = "" if up else f"（{heard.body.get('why')}）"
                self._show.told(word("up" if up else "down", self._lang) + why, "green" if up else "bold red")
            case "status":
                if heard.body.get("status") == "offline":
                    self._show.told(word("box_offline", self._lang), "bold white on red")
            case "state":
                self._state(heard.body)
            case "cards":
                self._card(heard.body)
            case "replies":
                self._reply(heard.body)

    def look(self, now: datetime) -> None:
        """Say once when what is shown may be old."""
        if self._expires and datetime.fromisoformat(self._expires) < now:
            self._expires = ""
            self._show.told(word("old", self._lang), "bold red")

    def type(self, line: str) -> bool:
        """What the guard typed; False when he wants to end."""
        words = line.split()
        if not words:
            self._show.cards(self.cards, self._more)
        elif words[0] in {"q", "quit", "exit", "退出"}:
            return False
        elif words[0] in {"?", "？", "h"}:
            self._show.told(word("help", self._lang))
        elif words[0] in {"causes", "原因"}:
            self._list_causes()
        elif verb(words[0]) == "help" and len(words) == 1:
            self._say("help", {})
        elif words[0].isascii() and words[0].isdigit() and len(words) > 1 and (do := verb(words[1])):
            self._answer(int(words[0]), do, " ".join(words[2:]))
        else:
            self._show.told(word("unknown", self._lang, line=line.strip()), "red")
        return True

    def _answer(self, number: int, do: str, cause: str) -> None:
        if number not in self.cards:
            self._show.told(word("no_card", self._lang, number=number), "red")
            return
        self._say(do, {"occurrence": str(self.cards[number].get("occurrence", "")), "cause": cause})

    def _say(self, do: str, more: dict[str, str]) -> None:
        self._asked[self._phone.say(do, **more)] = do
        while len(self._asked) > _KEPT:
            del self._asked[next(iter(self._asked))]

    def _list_causes(self) -> None:
        for name, text in self._causes.items():
            said = text.get(self._lang, "") if isinstance(text, dict) else ""
            self._show.told(f"{name}  {said}")

    def _state(self, body: dict[str, Any]) -> None:
        cards = [card for card in body.get("cards") or [] if isinstance(card, dict)][:_KEPT]
        causes, more = body.get("causes"), body.get("more")
        self._causes = causes if isinstance(causes, dict) else {}
        self._more = more if isinstance(more, int) else 0
        self._expires = _instant(body.get("expires"))
        shown = [(card.get("occurrence"), card.get("state"), card.get("on_site_by")) for card in cards]
        known = [(card.get("occurrence"), card.get("state"), card.get("on_site_by")) for card in self.cards.values()]
        self.cards = self._numbered(cards)
        if shown != known or not self._changed:
            self._changed["shown"] = True
            shift = word("on_shift" if body.get("on_shift") else "off_shift", self._lang)
            self._show.told(f"{body.get('site', '')} · {body.get('guard', '')} · {shift}", "dim")
            self._show.cards(self.cards, self._more)
            if any(card.get("drill") for card in cards):
                self._show.told(word("help_drill", self._lang), "bold")

    def _numbered(self, cards: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
        numbers = {card.get("occurrence"): number for number, card in self.cards.items()}
        numbered = {}
        for card in cards:
            number = numbers.get(card.get("occurrence"))
            if number is None:
                number = self._last = self._last + 1
            numbered[number] = card
        return numbered

    def _card(self, body: dict[str, Any]) -> None:
        """A call rings, and is confirmed at once; other changes come with the next state."""
        key = body.get("key")
        if body.get("type") != "call" or not isinstance(key, str):
            return
        self._phone.say("delivered", key=key)
        if key in self._keys:
            return  # the box said it once more; it was shown
        self._keys[key] = None
        while len(self._keys) > _KEPT:
            del self._keys[next(iter(self._keys))]
        mark = word("drill", self._lang) if body.get("drill") else ""
        self._show.console.bell()
        style = "bold" if mark or body.get("severity") != 1 else "bold white on red"
        title = str(body.get("title", "")).removeprefix(mark)  # the box writes it, too
        self._show.told(f"{mark}{word('call', self._lang)} {title}", style)
        self._show.told(str(body.get("text", "")))
        self._phone.say("read", key=key)  # it stands on the screen of somebody who sits before it

    def _reply(self, body: dict[str, Any]) -> None:
        asked = self._asked.pop(str(body.get("id", "")), "")
        if not asked:
            return  # of a receipt, or of another phone of the same guard
        text = body.get("text")
        said = str(body.get("said") or (text.get(self._lang, "") if isinstance(text, dict) else ""))
        done = body.get("state") == "done"
        mark = word("done" if done else "refused", self._lang)
        self._show.told(f"{mark}：{said}", "green" if done else "bold red")


def _instant(text: object) -> str:
    try:
        return datetime.fromisoformat(str(text)).isoformat()
    except ValueError:
        return ""
