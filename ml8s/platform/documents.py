"""Kubernetes objects as YAML: byte-stable, expressions on one line, nothing that YAML 1.1 would read as a boolean."""

from __future__ import annotations

from typing import Final

import yaml

from ml8s.artifacts import Json

_WORDS: Final = ("y", "n", "yes", "no", "on", "off", "true", "false")
_BOOLEANS: Final = frozenset(form for word in _WORDS for form in (word, word.upper(), word.capitalize()))


class _Dumper(yaml.SafeDumper):
    pass


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'" if text in _BOOLEANS else None)


_Dumper.add_representer(str, _text)


def document(value: Json) -> str:
    """One object as a YAML document; keys sorted, lines never folded."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=True, default_flow_style=None, width=1 << 20, allow_unicode=False)
