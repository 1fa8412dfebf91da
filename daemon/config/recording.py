"""Which readings are kept for `gatehouse replay`, how long, in how much room: `recording:` of a site file."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from daemon.config.strict import STRICT, between
from rules._settings import Duration

_DAY = 86400.0


class Recording(BaseModel):
    """A section of the site file; as it comes, what rules look at is kept for two weeks."""

    model_config = STRICT

    points: Literal["rules", "all", "none"] = "rules"
    """Those that some rule looks at, every one, or none."""
    keep: Annotated[Duration, between(3600, 366 * _DAY, ("1h", "366d"))] = 14 * _DAY
    megabytes: Annotated[int, Field(ge=10, le=1_000_000)] = 500
    """More than that is not kept: what is oldest goes first."""
    deadband: Annotated[float, Field(ge=0, le=0.2, strict=False)] = 0.01
    """Share of its value by which a measure must have moved, to be written again."""
    cards: bool = False
    """Card numbers and other occurrences too. They are people's own: leave it, unless access is to be replayed."""
