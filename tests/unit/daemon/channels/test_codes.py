"""Answers of services: nothing but a plain 0 is a delivery."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.channels import dingtalk, feishu, wecom
from daemon.channels.codes import judged
from daemon.channels.gateway import _at
from daemon.channels.sender import Fate, SendError
from daemon.channels.web import Answer
from daemon.feeds.phrases import phrase

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["errcode", "errmsg", "a"]), inner),
)


@given(body=st.binary(max_size=200) | JSON.map(orjson.dumps), status=st.integers(200, 599))
def test_only_a_plain_zero_with_2xx_is_taken(body: bytes, status: int) -> None:
    try:
        table = judged(Answer(status, body, 0.0), wecom.ROBOT)
    except SendError:
        return
    assert table["errcode"] == 0
    assert type(table["errcode"]) in (int, float)
    assert 200 <= status < 300


@given(table=JSON, path=st.lists(st.sampled_from(["a", "errcode", "0", "9", ""]), min_size=1).map(".".join))
def test_a_place_in_an_answer_is_there_or_not(table: object, path: str) -> None:
    _at(table, path)


CODES = {**wecom.ROBOT, **wecom.APPLICATION, **dingtalk.CODES, **feishu.CODES}


@pytest.mark.parametrize("number", CODES)
def test_every_number_is_read_in_chinese(number: int) -> None:
    with pytest.raises(SendError) as caught:
        judged(Answer(200, orjson.dumps({"errcode": number}), 0.0), CODES)
    said = phrase(caught.value.why, "zh")
    assert said.endswith(f"（错误码 {number}）")
    assert "it " not in said
    assert caught.value.fate is not Fate.UNKNOWN
