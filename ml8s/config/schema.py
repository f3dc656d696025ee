"""The JSON Schema of a config, for editors: descriptions, defaults, units and examples from the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from ml8s.artifacts import Json
from ml8s.config import fields

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Json]:
    """The schema; it depends on the model alone."""
    plain = cast(dict[str, Json], _without_titles(fields.schema()))
    return {"$schema": DIALECT, "title": "ML8s config", **plain}


def _without_titles(node: Json) -> Json:
    """Drops the titles that pydantic makes of names, and says units where an editor shows them."""
    if isinstance(node, Mapping):
        kept = {key: _without_titles(part) for key, part in node.items() if not _is_title(key, part)}
        unit = kept.pop("unit", None) if isinstance(kept.get("unit"), str) else None
        if unit is not None:
            kept["description"] = f"{kept.get('description', '')} Unit: {unit}."
        return kept
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [_without_titles(part) for part in node]
    return node


def _is_title(key: str, part: Json) -> bool:
    return key == "title" and isinstance(part, str)
