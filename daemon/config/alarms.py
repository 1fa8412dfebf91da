"""`alarms:` of a site file: why alarms turn out false here, and how long things may be set apart."""

from typing import Annotated

from pydantic import BaseModel

from daemon.config.strict import STRICT, Slug, between
from rules._settings import Duration

MOST_SHELVED, MOST_DISABLED = 24 * 3600.0, 90 * 86400.0


class Alarms(BaseModel):
    """`alarms:`"""

    model_config = STRICT

    false_causes: dict[Slug, str] = {}
    """Word -> text. Takes the place of the usual list of causes of a false alarm."""
    shelve: Annotated[Duration, between(60, MOST_SHELVED, ("1m", "24h"))] = 8 * 3600.0
    """The longest that an alarm may be shelved."""
    disable: Annotated[Duration, between(60, MOST_DISABLED, ("1m", "90d"))] = 30 * 86400.0
    """The longest that a sensor, a device, a zone or an alarm may be disabled."""
