"""The rules under `rules:`: kind found by name, settings checked, thresholds held against their points."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from daemon.config import formulas, plugins
from daemon.config.document import Document
from daemon.config.draft import Draft
from daemon.config.faults import Where, listed, nearest
from daemon.config.filling import Filling
from daemon.config.hardware import blamed
from daemon.config.references import Names, repeated, resolved
from daemon.config.validation import check, mark_of, shown
from gatehouse.rule import Rule
from rules._flaws import FormulaError
from rules._settings import Amount, Below, Judges

_Zones = Mapping[str, Mapping[str, Sequence[str]]]
_NONE: _Zones = {}


def explicit_rules(draft: Draft, names: Names, zones: _Zones = _NONE) -> Iterator[Rule]:
    """Every rule that could be built; the faults of the others go into the document. `zones`: full names by setting."""
    filling = Filling(names, zones)
    kinds = [kind for kind in plugins.names("rules") if not _implied(kind)]
    for name, raw in draft.sound("rules"):
        where = ("rules", name)
        kind = _kind(draft.document, where, raw, kinds)
        if kind is not None:
            yield from _rule(draft.document, where, kind, raw, filling)


def _implied(kind: str) -> bool:
    try:
        return plugins.find("rules", kind).implied
    except plugins.PluginError:
        return False


def _kind(document: Document, where: Where, raw: dict[str, Any], kinds: list[str]) -> plugins.Kind | None:
    if "kind" not in raw:
        document.fault((*where, "kind"), "missing", at_key=True, key="kind", meaning=f" (one of {listed(kinds)})")
        return None
    kind = raw["kind"]
    if kind not in kinds:
        code = "implied_kind" if kind in plugins.names("rules") else "unknown_kind"
        near = nearest(str(kind), kinds) if code == "unknown_kind" else ""
        value = kind if isinstance(kind, str) else shown(kind)
        document.fault((*where, "kind"), code, nearest=near, value=value, known=listed(kinds))
        return None
    try:
        return plugins.find("rules", kind)
    except plugins.PluginError as error:
        document.fault((*where, "kind"), "plugin_broken", value=kind, why=error)
        return None


def _rule(
    document: Document, where: Where, kind: plugins.Kind, raw: dict[str, Any], filling: Filling
) -> Iterator[Rule]:
    names = filling.names
    written = {key: value for key, value in raw.items() if key != "kind"}
    settings = check(kind.settings, written, where, document, ("kind",))
    if settings is None:
        return
    full = resolved(settings, names, where)
    repeated(document, where, full)
    _thresholds(document, where, settings, names)
    values = kind.values(settings) | full
    values |= filling.of(kind, values)
    try:
        yield kind.build(name=where[1], **values)
    except FormulaError as error:
        formulas.tell(document, where, error)
    except Exception as error:  # noqa: BLE001 - the edge of a plug-in
        document.fault((*where, *blamed(error, written | full)), "rule_refuses", rule=kind.name, why=error)


def _thresholds(document: Document, where: Where, settings: BaseModel, names: Names) -> None:
    fields = type(settings).model_fields
    for name, field in fields.items():
        amount, spot = getattr(settings, name), (*where, field.alias or name)
        if not isinstance(amount, Amount):
            continue
        judges = mark_of(Judges, field.annotation, *field.metadata)
        if judges is not None:
            _comparable(document, spot, amount, getattr(settings, judges.setting), names)
        below = mark_of(Below, field.annotation, *field.metadata)
        above = getattr(settings, below.setting) if below is not None else None
        if below is not None and isinstance(above, Amount):
            _ordered(document, spot, amount, above, fields[below.setting].alias or below.setting)


def _comparable(document: Document, spot: Where, amount: Amount, points: object, names: Names) -> None:
    for name in [points] if isinstance(points, str) else points or ():  # type: ignore[attr-defined] # a tuple of names
        device, _, channel = name.partition(".")
        point = (names.channels.get(device) or {}).get(channel)
        if point is None:
            continue
        try:
            amount.into(point.unit)
        except ValueError:
            code = "unit" if point.unit else "no_unit"
            document.fault(spot, code, value=_said(amount), point=name, unit=point.unit)
            return


def _ordered(document: Document, spot: Where, amount: Amount, above: Amount, setting: str) -> None:
    try:
        wrong = amount.number >= above.into(amount.unit)
    except ValueError:
        return  # one of the two cannot be compared with the point either, and that is said there
    if wrong:
        document.fault(spot, "not_below", value=_said(amount), setting=setting, other=_said(above))


def _said(amount: Amount) -> str:
    return f"{amount.number:g} {amount.unit}"
