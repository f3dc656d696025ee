"""The registry: immutable records of models, and a hash-chained log of what happened to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ml8s.registry.registry import Registry

__all__ = ["Registry"]


def __getattr__(name: str) -> object:
    if name == "Registry":
        from ml8s.registry import registry

        return registry.Registry
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
