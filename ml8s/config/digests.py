"""Digests of config sections: what a step's key and a run's key are made of.

A digest covers only values that differ from their default and never a locator, so a new optional field, another
order of keys or another address changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from ml8s.artifacts import Json, json_digest
from ml8s.config.model import LOCATORS, Config


def section_value(config: Config, path: str) -> Json:
    """The part of a config at a dotted path, without defaults; None where all of it is default."""
    value: Json = config.model_dump(mode="json", exclude_defaults=True, exclude=set(LOCATORS))
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return value


def section_digest(config: Config, path: str) -> str:
    """The sha256 of one section's canonical JSON."""
    return json_digest(section_value(config, path))


def config_digest(config: Config, reads: Iterable[str]) -> str:
    """The sha256 of all sections that some step reads, by their dotted paths; those of defaults alone are left out.

    So a section that a later version brings changes nothing for a config without it.
    """
    values = {path: section_value(config, path) for path in sorted(set(reads))}
    return json_digest({path: value for path, value in values.items() if value is not None})


class Reader(Protocol):
    """A step, as far as it reads the config: its sections, and the list of which each item gets its own execution."""

    @property
    def reads(self) -> Sequence[str]:
        """Dotted paths."""

    @property
    def fan_out(self) -> str | None:
        """A dotted path, or None."""


def pipeline_digest(config: Config, steps: Iterable[Reader]) -> str:
    """The config digest of a pipeline: of all sections that some step reads, the lists of its fan-outs included."""
    return config_digest(config, {path for step in steps for path in (*step.reads, step.fan_out) if path})
