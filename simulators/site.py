"""Reads of a site file what simulators need to know. The product checks the whole of it; this is another reader."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import Node

FORMS = ("serial", "tcp", "rtu_over_tcp", "listen")


class SiteError(Exception):
    """The site file cannot be simulated; the text says where, what and what would be right."""


class _Reader(SafeConstructor):
    """Plain data; a secret stays its name."""


def _secret(constructor: SafeConstructor, node: Node) -> str:
    return str(constructor.construct_scalar(node))


_Reader.add_constructor("!secret", _secret)


def read(site: Path) -> dict[str, Any]:
    """The sections of a site: one file, or all of a folder. SiteError when it cannot be read."""
    files = sorted(site.glob("*.yaml")) if site.is_dir() else [site]
    if not files:
        raise SiteError(f"{site}: no .yaml file in this folder")
    sections: dict[str, Any] = {}
    for file in files:
        for name, content in _load(file).items():
            if isinstance(content, Mapping) and isinstance(sections.get(name), dict):
                sections[name].update(content)
            else:
                sections[name] = dict(content) if isinstance(content, Mapping) else content
    return sections


def _load(file: Path) -> Mapping[str, Any]:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Reader
    try:
        content = yaml.load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise SiteError(f"{file}: {error}") from error
    if not isinstance(content, Mapping):
        raise SiteError(f"{file}: a site file is a table with lines: and devices:")
    return content


def section(site: Mapping[str, Any], name: str) -> dict[str, Mapping[str, Any]]:
    """One section: entries that are tables, by name. SiteError otherwise."""
    entries = site.get(name) or {}
    if not isinstance(entries, Mapping):
        raise SiteError(f"{name}: a table of names is wanted, found {entries!r}")
    for entry, content in entries.items():
        if not isinstance(content, Mapping):
            raise SiteError(f"{name}.{entry}: a table is wanted, found {content!r}")
    return dict(entries)


def form(path: str, line: Mapping[str, Any]) -> str:
    """Which of the ways in `FORMS` a line ends."""
    forms = [each for each in FORMS if each in line]
    if len(forms) != 1:
        raise SiteError(f"{path}: exactly one of {', '.join(FORMS)} is wanted, found {', '.join(forms) or 'none'}")
    return forms[0]
