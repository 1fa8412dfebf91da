"""What every section of a site file is made of: strict tables, names, and names of secrets."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from daemon.config.document import Secret

SLUG = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z")
"""Names that end up in topics and commands: lower-case letters, digits, - and _."""


def _secret_name(raw: object) -> str:
    if not isinstance(raw, Secret):
        raise PydanticCustomError("plain_secret", "write !secret and a name")
    return raw.name


def between(least: float, most: float, words: tuple[str, str]) -> AfterValidator:
    """A length of time within these; `words` are how the two are written."""

    def check(seconds: float) -> float:
        if not least <= seconds <= most:
            raise PydanticCustomError(
                "duration_range", "write {least} to {most}", {"least": words[0], "most": words[1]}
            )
        return seconds

    return AfterValidator(check)


Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
SecretName = Annotated[str, BeforeValidator(_secret_name), WithJsonSchema({"description": "!secret NAME"})]
"""The name of a secret; the value is fetched from the secrets folder when it is needed."""


STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)
"""A table of the site file: frozen, and unknown keys are faults."""
