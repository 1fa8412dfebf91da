"""Patrol phones held against the rest of a site: guards are people, and their topics are nobody else's."""

from daemon.config.channels import Patrol
from daemon.config.draft import Draft
from daemon.config.faults import listed, nearest
from daemon.patrol.command import TOPIC


def check(draft: Draft) -> None:
    """Faults, where a guard is nobody, or two would speak on the same topics."""
    people = draft.entries["people"]
    patrols = {name: channel for name, channel in draft.sound("channels") if isinstance(channel, Patrol)}
    for number, (name, channel) in enumerate(patrols.items()):
        where = ("channels", name)
        if number:
            draft.document.fault(where, "patrol_twice", at_key=True, value=next(iter(patrols)))
        for guard in channel.guards:
            if guard not in people and "people" not in draft.unread:
                draft.document.fault((*where, "guards", guard), "person_unknown", at_key=True,
                                     nearest=nearest(guard, people), value=guard, known=listed(people))  # fmt: skip
    if patrols and TOPIC in draft.entries["subscribers"]:
        draft.document.fault(("subscribers", TOPIC), "patrol_topic", at_key=True, value=TOPIC)
