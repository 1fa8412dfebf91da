"""Forms of gateways."""

import pytest
from pydantic import ValidationError

from daemon.config.gateways import Form, names, shipped


def test_a_form_knows_what_it_needs_besides_the_message() -> None:
    form = Form.model_validate({
        "url": "{server}/x", "query": {"a": "{phone}", "b": "{account}"}, "headers": {"K": "{token}"},
        "json": {"deep": [{"er": "{variables_json}"}, 2]}, "sign": "aliyun", "success": {"match": "OK"},
    })  # fmt: skip
    assert form.gaps() == {"server", "account", "token", "key_id", "key"}


@pytest.mark.parametrize("success", [{}, {"path": ["a"]}, {"is": ["OK"]}, {"path": ["a"], "is": ["OK"], "match": "x"}])
def test_success_is_said_in_one_way(success: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="path with is, or match"):
        Form.model_validate({"url": "https://x/", "success": success})


@pytest.mark.parametrize("name", names())
def test_every_shipped_form_is_sound(name: str) -> None:
    assert shipped(name).gaps() >= {"key_id", "key", "template"}


def test_there_is_no_form_of_another_name() -> None:
    with pytest.raises(KeyError):
        shipped("../site")
