"""ML8s: one YAML in, a governed production model out.

The public names are loaded when they are first used, so ``import ml8s`` costs nothing:

- ``load(source)`` reads and checks a config;
- ``run(config)`` trains on this machine;
- ``compile(config, platform)`` makes Argo Workflows objects of a config;
- ``Registry(store)`` reads and writes records of models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ml8s.compile import compile_config as compile  # noqa: A004
    from ml8s.config.loader import load_config as load
    from ml8s.registry import Registry
    from ml8s.runner.asking import run

__version__ = "0.1.0"
__all__ = ["Registry", "__version__", "compile", "load", "run"]

_HOMES = {
    "compile": ("ml8s.compile", "compile_config"),
    "load": ("ml8s.config.loader", "load_config"),
    "run": ("ml8s.runner.asking", "run"),
    "Registry": ("ml8s.registry", "Registry"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'ml8s' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
