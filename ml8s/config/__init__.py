"""The config: what a user may write, how it is read, and what is said where it is wrong.

``load_config`` is loaded when it is first used, so that rooms which need only the names of metrics pay for no YAML.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

# No plugin that another package installed may take part in what a config means, nor cost each command its search.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

if TYPE_CHECKING:
    from ml8s.config.loader import LoadedConfig, load_config

__all__ = ["LoadedConfig", "load_config"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'ml8s.config' has no attribute {name!r}")
    from ml8s.config import loader

    return getattr(loader, name)
