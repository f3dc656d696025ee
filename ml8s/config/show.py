"""``ml8s config show``: the resolved values and where each came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ml8s.artifacts import Json
from ml8s.config.flow import flow
from ml8s.config.model import LOCATORS, Config

if TYPE_CHECKING:
    from ml8s.config.loader import LoadedConfig

UNREAD: Final = ("resources",)


def rows(loaded: LoadedConfig) -> list[dict[str, Json]]:
    """One row for each field: its dotted path, its value as YAML, and where that came from."""
    value = loaded.config.model_dump(mode="json")
    return [{"field": path, "value": flow(_at(value, path)), "from": origin} for path, origin in loaded.sources.items()]


def as_json(loaded: LoadedConfig) -> dict[str, Json]:
    """The resolved config, the source of each field, and where the snapshot is."""
    return {
        "config": loaded.config.model_dump(mode="json"),
        "sources": dict(loaded.sources),
        "dataset_location": loaded.dataset_location,
    }


def as_yaml(loaded: LoadedConfig) -> str:
    """The resolved config as a config file, with the source of each value as a comment."""
    value = loaded.config.model_dump(mode="json")
    lines: list[tuple[str, str]] = []
    section = ""
    for path, origin in loaded.sources.items():
        parent, _, name = path.rpartition(".")
        if parent != section and parent:
            lines.append((f"{parent}:", ""))
        section = parent
        lines.append((f"{'  ' if parent else ''}{name}: {flow(_at(value, path))}", origin))
    width = min(60, max(len(line) for line, _ in lines))
    return "\n".join(f"{line.ljust(width)}  # {origin}" if origin else line for line, origin in lines)


def leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """The values of nested mappings by their dotted paths; an empty mapping is a value."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    else:
        yield path, value


def beside_defaults(config: Config) -> list[tuple[str, str]]:
    """Dotted path and value as YAML of what differs from its default, but for what changes no result."""
    left_out = {*LOCATORS, *UNREAD}
    value = config.model_dump(mode="json", exclude_defaults=True, exclude=left_out)
    return [(path, flow(leaf)) for path, leaf in leaves(value)]


def _at(value: Json, path: str) -> Json:
    for key in path.split("."):
        if isinstance(value, Mapping):
            value = value[key]
    return value
