"""Profiles by name, as the config names them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from drivers.modbus.profile import Profile

PROFILES = Path(__file__).parents[3] / "config/profiles"


@pytest.fixture
def profile() -> Callable[[str], Profile]:
    """The shipped profile of this name."""
    return lambda name: Profile.model_validate(YAML(typ="safe").load(PROFILES / f"{name}.yaml"))


@pytest.fixture
def made() -> Callable[..., Profile]:
    """A profile of these points, and whatever else is said."""

    def make(points: dict[str, Any], **more: Any) -> Profile:
        title = {"zh": "点", "en": "point"}
        entries = {
            name: {"title": title, "table": "input", "address": 0, "kind": "measure", "period": "1s", **entry}
            for name, entry in points.items()
        }
        head = {"maker": "m", "model": "thing", "title": title, "source": [{"text": "made up"}], "hardware": False}
        return Profile.model_validate({**head, "grade": "B", "points": entries, **more})

    return make
