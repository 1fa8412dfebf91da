"""Places that a subscriber's settings name: each is one of the site, or its number would stand for nothing."""

from collections.abc import Iterable

from daemon.config.draft import Draft
from daemon.config.faults import listed, nearest

_SETTINGS = ("numbers", "devices", "components")
"""Settings of subscribers whose keys are places, or alarms of them."""
_PLACES = ("zones", "doors", "lanes", "devices", "lines", "outputs", "channels")


def check(draft: Draft, rules: Iterable[str]) -> None:
    """Faults at names that nothing has. `rules`: the names of all rules."""
    read = [section for section in _PLACES if section not in draft.unread]
    places = {f"{section}.{name}" for section in read for name in draft.entries[section]}
    others = {*draft.entries["devices"], *(rule.partition(".")[0] for rule in rules)}
    for subscriber, entry in draft.sound("subscribers"):
        for setting in _SETTINGS:
            for name in getattr(entry, setting, None) or ():
                section, _, rest = name.partition(".")
                near = nearest(name, places)
                if section in _PLACES:
                    wrong = section in read and f"{section}.{rest.partition('.')[0]}" not in places
                else:  # an alarm's id, or a slip in the section
                    wrong = bool(near) and section not in others
                if wrong:
                    meant = section if section in _PLACES else near.partition(".")[0]
                    own = sorted(place for place in places if place.startswith(f"{meant}."))
                    draft.document.fault(("subscribers", subscriber, setting, name), "unknown_place", at_key=True,
                                         nearest=near, value=name, known=listed(own))  # fmt: skip
