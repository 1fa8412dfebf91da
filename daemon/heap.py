"""Keeps the collector of garbage away from what stays for good.

A full collection looks at every object there is, and nothing else is done meanwhile: 0.2 to 0.3 s with 4 800 devices.
What is frozen it does not look at; the few that are made and dropped later it sorts out in milliseconds.
"""

import gc


def settle() -> None:
    """Drop what is garbage by now and keep the rest for good: before the start, or where much has been replaced."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def keep() -> None:
    """Keep all there is for good, without looking at it: takes no time."""
    gc.freeze()
