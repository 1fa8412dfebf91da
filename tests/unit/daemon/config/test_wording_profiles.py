"""Every sentence with which a profile refuses itself is said in Chinese, too."""

import pytest
from pydantic import ValidationError

from daemon.config.wording_profiles import chinese
from drivers.modbus.point import PointSpec
from drivers.modbus.profile import Limits

POINT = {"title": {"zh": "点", "en": "point"}, "table": "holding", "address": 0, "kind": "measure", "period": "5s"}


@pytest.mark.parametrize(
    "changed",
    [
        {"table": "coil", "scale": 2, "form": "u32"},
        {"writable": True, "self_clearing": True, "inverted": True},
        {"scale": 0},
        {"low": 5, "high": 1},
        {"address": 65535, "count": 2},
        {"flash_on": {"address": 0, "step": "1s", "most": 1}},
        {"table": "input", "writable": True},
        {"self_clearing": True},
        {"bit": 1, "byte": "low"},
        {"form": "float32", "bit": 1},
        {"writable": True, "form": "u32"},
        {"bits": [5, 2]},
        {"bit": 16},
        {"form": "u32", "byte": "low"},
        {"form": "u8"},
        {"registers": 3},
        {"form": "bcd", "registers": 9},
        {"form": "text", "scale": 2},
        {"form": "bcd", "bit": 1},
        {"chars": "low"},
    ],
)
def test_no_english_is_left_but_the_words_of_the_file(changed: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refused:
        PointSpec.model_validate(POINT | changed)
    for detail in refused.value.errors():
        for said in str(detail["ctx"]["error"]).split("; "):
            assert chinese(said) != said


def test_limits_and_several_at_once() -> None:
    with pytest.raises(ValidationError) as refused:
        Limits.model_validate({"worst": "100ms", "patience": "200ms"})
    assert "比 patience（0.2 秒）短" in chinese(str(refused.value.errors()[0]["ctx"]["error"]))
    assert (
        chinese("scale: 0 would make the same of everything; byte is odd") == "scale: 0 会使所有值都一样；byte is odd"
    )
