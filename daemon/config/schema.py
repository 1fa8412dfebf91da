"""The JSON Schema of a site file, from the very types that check it, so that an editor completes and explains it."""

import inspect
from typing import Any

from pydantic import TypeAdapter

from daemon.config import plugins, profiles
from daemon.config.site import SLUG, Site
from daemon.config.thirdparty import installed

_REF = "#/$defs/{model}"


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a whole site file, with the settings of every driver and every kind of rule."""
    whole = TypeAdapter(Site).json_schema(by_alias=True, ref_template=_REF)
    definitions = whole.setdefault("$defs", {})
    devices = [
        _plugin("drivers", "driver", name, definitions["Device"], definitions) for name in plugins.names("drivers")
    ]
    rules = [
        _plugin("rules", "kind", name, {"properties": {}, "required": []}, definitions)
        for name in plugins.names("rules")
        if not plugins.find("rules", name).implied
    ]
    devices.append(_third_party(definitions["Device"]))
    definitions["Device"] = {"oneOf": devices, "description": "One device; `driver` decides what else may stand here."}
    whole["properties"]["rules"] = _table({"oneOf": rules})
    for section, table in whole["properties"].items():
        if section != "drivers" and ("additionalProperties" in table or "patternProperties" in table):
            inner = table.pop("additionalProperties", None) or next(iter(table.pop("patternProperties").values()))
            whole["properties"][section] = {**table, **_table(inner)}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "gatehouse site", **whole}


def _table(entry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "patternProperties": {f"^{SLUG.pattern.removesuffix(chr(92) + 'Z')}$": entry},
            "additionalProperties": False}  # fmt: skip


def _third_party(base: dict[str, Any]) -> dict[str, Any]:
    """A device with a driver that is not ours: what may be written of it, only the check knows."""
    driver = {"anyOf": [{"pattern": r"^drivers/.+\.py$"}, {"enum": sorted(installed())}], "type": "string"}
    title = "driver: third party, drivers/NAME.py or an installed one"
    return {
        **base,
        "title": title,
        "properties": {**base["properties"], "driver": driver},
        "additionalProperties": True,
    }


def _plugin(
    family: plugins.Family, selector: str, name: str, base: dict[str, Any], definitions: dict[str, Any]
) -> dict[str, Any]:
    kind = plugins.find(family, name)
    own = kind.settings.model_json_schema(by_alias=True, ref_template=_REF)
    definitions.update(own.pop("$defs", {}))
    properties = {**base["properties"], **own.get("properties", {})}
    properties[selector] = {"const": name, "description": inspect.cleandoc(kind.settings.__doc__ or name)}
    if kind.profile is not None and "profile" in properties:
        shipped = profiles.names(profiles.shipped())
        properties["profile"] = {**properties["profile"], "anyOf": [{"enum": shipped}, {"type": "string"}]}
    return {
        "type": "object",
        "title": f"{selector}: {name}",
        "properties": properties,
        "required": sorted({*base.get("required", []), *own.get("required", []), selector}),
        "additionalProperties": False,
    }
