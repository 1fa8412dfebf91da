"""Forms of SMS and voice gateways: YAML that says how to ask them, shipped in `config/gateways` or part of a site."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError
from ruamel.yaml import YAML

from daemon.config import profiles
from daemon.config.strict import STRICT

FIELD = re.compile(r"\{(\w+)\}")
"""A gap in a form."""
PLAIN = ("phone", "name", "title", "text", "message", "id", "severity")
"""What every message has."""
FIELDS = (*PLAIN, "variables_json", "variables_list")
"""What every form may use; further ones are settings and secrets of the channel."""
Means = Literal["busy", "limited", "number", "words", "money", "key", "template", "rights"]


def _patterned(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise PydanticCustomError("pattern_wrong", "no pattern", {"why": str(error)}) from error
    return pattern


Pattern = Annotated[str, AfterValidator(_patterned)]
"""A regular expression."""


class Success(BaseModel):
    """What in an answer means that the message was taken: a value at a place of JSON, or a pattern in the text."""

    model_config = STRICT

    path: list[str] = []
    """Places as `Response.SendStatusSet.0.Code`; the first that is there counts."""
    is_: list[str] = Field(default=[], alias="is")
    match: Pattern = ""

    @model_validator(mode="after")
    def _one_way(self) -> "Success":
        if bool(self.path) == bool(self.match) or bool(self.path) != bool(self.is_):
            raise PydanticCustomError("success_choice", "path with is, or match")
        return self


class Error(BaseModel):
    """What a value at that place, or a pattern in the text, means otherwise."""

    model_config = STRICT

    match: Pattern
    means: Means


class Form(BaseModel):
    """How a gateway is asked."""

    model_config = STRICT

    title: dict[str, str] = {}
    source: str = ""
    """Where its maker describes it."""
    url: str
    method: Literal["GET", "POST"] = "POST"
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    form: dict[str, str] | None = None
    """The body as a form of a web page."""
    json_: dict[str, Any] | list[Any] | None = Field(default=None, alias="json")
    """The body as JSON."""
    sign: Literal["none", "aliyun", "tencent"] = "none"
    """How the request is signed, with the secrets key_id and key."""
    prefix: str = ""
    """Put before a number that does not begin with +: "+86"."""
    variable_length: int = Field(default=1000, ge=1)
    """Characters that a variable of an approved template may have."""
    success: Success
    errors: list[Error] = []

    def gaps(self) -> set[str]:
        """The settings and secrets that it needs besides what every message has."""
        texts = [self.url, *_texts([self.query, self.headers, self.form, self.json_])]
        named = {name for text in texts for name in FIELD.findall(text)} - set(FIELDS)
        return named | ({"key_id", "key"} if self.sign != "none" else set())


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for each in part.values():
            yield from _texts(each)
    elif isinstance(part, list):
        for each in part:
            yield from _texts(each)


def _files() -> dict[str, Path]:
    return {file.stem: file for folder in profiles.shipped() for file in (folder.parent / "gateways").glob("*.yaml")}


def names() -> list[str]:
    """Of the forms that are shipped."""
    return sorted(_files())


@lru_cache
def shipped(name: str) -> Form:
    """A shipped form. KeyError when there is none of that name."""
    return Form.model_validate(YAML(typ="safe").load(_files()[name]))
