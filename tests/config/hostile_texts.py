"""Texts that mean something to a template, a shell, a JSON parser, a reader of lines or the eye; each with a mark."""

from __future__ import annotations

from typing import Final

MARK: Final = "zq7mark"
TEMPLATES: Final = (f"{{{{workflow.{MARK}}}}}", f"x{{{{={MARK}}}}}")
"""Refused everywhere: a workflow controller would fill them in."""

TEXTS: Final = (
    f"$(touch {MARK})",
    f"`{MARK}`; rm -rf ~ | cat && ${{HOME}}",
    f'{MARK}"}},{{"a":["\\',
    f"'{MARK}' \"x\"",
    f"{MARK}\nseed: 1",
    f"{MARK}\r\n---\n",
    f"{MARK}\t%s {{0}} {{%x%}}",
    f"{MARK}\u0430\u0435\u043e",
    f"{MARK}\uff0f\u2044",
    f"&a *b !!c # {MARK}",
    f"-{MARK}",
    f"../{MARK}",
)
