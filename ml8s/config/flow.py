"""A value as YAML in one line, as people would write it; the strict loader reads the same value back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from ml8s.artifacts import Json

_PLAIN = re.compile(r"[1-9]\d*(s|m|h|d|Mi|Gi)|[A-Za-z_./][\w./@+-]*(:[\w./@+-]+)*", re.ASCII)
# What this or another reader of YAML would take for something else than text.
_AMBIGUOUS = re.compile(r"(?i)null|true|false|yes|no|on|off|y|n|[.+-]?\d.*(?<![smhdi])|[-+]?\.(inf|nan).*|\.+|-.*")
_ESCAPED = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\uffff\ufffe]")


def flow(value: Json) -> str:
    """The value in YAML's flow style."""
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and not _AMBIGUOUS.fullmatch(value) else _quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(flow, value)) + "]"
    return json.dumps(value)


def _quoted(text: str) -> str:
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))
