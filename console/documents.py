"""What a command found, said as JSON for programs or drawn for people."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import typer

_Found = TypeVar("_Found")


def told(document: _Found, draw: Callable[[_Found], object], *, as_json: bool) -> None:
    """One document: as JSON, or drawn."""
    if as_json:
        put(document)
    else:
        draw(document)


def put(document: Any) -> None:  # noqa: ANN401 - whatever JSON knows
    """As JSON that people can read, too."""
    typer.echo(text(document))


def put_line(document: Any) -> None:  # noqa: ANN401 - whatever JSON knows
    """One of many: as JSON, in one line."""
    typer.echo(json.dumps(document, ensure_ascii=False))


def text(document: Any) -> str:  # noqa: ANN401 - whatever JSON knows
    """As `put` writes it."""
    return json.dumps(document, ensure_ascii=False, indent=1)
