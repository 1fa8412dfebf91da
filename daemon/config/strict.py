"""What every section of a site file is made of: strict tables, names, and names of secrets."""

import re
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from daemon.config.document import Secret

SLUG = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z")
"""Names that end up in topics and commands: lower-case letters, digits, - and _."""


def _secret_name(raw: object) -> str:
    if not isinstance(raw, Secret):
        raise PydanticCustomError("plain_secret", "write !secret and a name")
    return raw.name


Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
SecretName = Annotated[str, BeforeValidator(_secret_name), WithJsonSchema({"description": "!secret NAME"})]
"""The name of a secret; the value is fetched from the secrets folder when it is needed."""


STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)
"""A table of the site file: frozen, and unknown keys are faults."""
