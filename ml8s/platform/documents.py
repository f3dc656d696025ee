"""Kubernetes objects as YAML: byte-stable, expressions on one line, nothing that YAML 1.1 would read as a boolean.

What fits into a line is written on one, so that an object stays small and a step fits on a screen.
"""

from __future__ import annotations

import io
from typing import Final

import yaml

from ml8s.artifacts import Json

_WORDS: Final = ("y", "n", "yes", "no", "on", "off", "true", "false")
_BOOLEANS: Final = frozenset(form for word in _WORDS for form in (word, word.upper(), word.capitalize()))


_LINE: Final = 200


class _Dumper(yaml.SafeDumper):
    pass


def _fold(node: yaml.Node) -> int:
    """Chooses the style of a node and of all below it; answers its width on one line, in characters."""
    if isinstance(node, yaml.ScalarNode):
        return len(node.value) + 2
    assert isinstance(node, yaml.CollectionNode)
    mapping = isinstance(node, yaml.MappingNode)
    parts = [part for pair in node.value for part in pair] if mapping else list(node.value)
    width = sum(_fold(part) + 2 for part in parts)
    node.flow_style = width <= _LINE or all(isinstance(part, yaml.ScalarNode) for part in parts)
    # What takes several lines makes its surroundings take several too.
    return width if node.flow_style else _LINE + 1


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'" if text in _BOOLEANS else None)


_Dumper.add_representer(str, _text)


def document(value: Json) -> str:
    """One object as a YAML document; keys sorted, lines never folded."""
    buffer = io.StringIO()
    dumper = _Dumper(buffer, sort_keys=True, width=1 << 20, allow_unicode=False)
    node = dumper.represent_data(value)
    _fold(node)
    dumper.open()
    dumper.serialize(node)
    dumper.close()
    return buffer.getvalue()
