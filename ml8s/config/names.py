"""The model's name: from the config, else from its file."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from ml8s.config.model import NAME_PATTERN

LONGEST: Final = 36
# Stems that say nothing about the model.
GENERIC: Final = frozenset(
    (
        "config",
        "ml8s",
        "train",
        "training",
        "model",
        "default",
        "example",
        "test",
        "pipeline",
        "settings",
        "main",
        "experiment",
        "untitled",
        "new",
        "tmp",
        "stdin",
    )
)

_LOOKS_LIKE_AN_ID = re.compile(r".*_\d{8}")


def looks_like_an_id(name: str) -> bool:
    """Whether a name ends as a model's id does: in ``_`` and 8 digits."""
    return _LOOKS_LIKE_AN_ID.fullmatch(name) is not None


def name_of_file(origin: str) -> str:
    """The stem of a config's file, with ``_`` for ``-`` and ``.``."""
    name = PurePosixPath(origin.partition("://")[2] or origin).name
    return re.sub(r"[-.]", "_", re.sub(r"\.ya?ml$", "", name))


def refusal(name: str, origin: str) -> tuple[str, str] | None:
    """Why a name that comes from a file is none, and the cure; None where it is one."""
    file = PurePosixPath(origin).name
    if name in GENERIC:
        return f"no `name` is given, and the file's name `{file}` says nothing about the model", "add a line `name: …`"
    if re.fullmatch(NAME_PATTERN, name) is None:
        suggestion = _nearest(name)
        return (
            f"no `name` is given, and the file's name `{file}` is no model's name",
            f"add a line `name: {suggestion}`" if suggestion else "add a line `name: …`",
        )
    if len(name) > LONGEST:
        return (
            f"no `name` is given, and the file's name has more than {LONGEST} characters",
            f"add a line `name: {name[:LONGEST].rstrip('_')}`",
        )
    if looks_like_an_id(name):
        return (
            f"no `name` is given, and the file's name `{file}` ends in `_` and 8 digits, as a model's id does",
            f"add a line `name: {name[:-9]}`",
        )
    return None


def _nearest(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).lstrip("_0123456789")[:LONGEST].rstrip("_")
    return plain[:-9] if looks_like_an_id(plain) else plain
