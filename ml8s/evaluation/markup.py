"""HTML and SVG elements whose text is always escaped: column names and categories may hold anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from ml8s.evaluation.wording import visible

VOID: Final = frozenset({"br", "hr", "img", "meta", "link"})


class Markup(str):
    """Text that is HTML already. Only this module makes it from plain text, and escapes it then."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child] | None"


def escaped(text: str) -> Markup:
    """Plain text as HTML, inside an element or a quoted attribute.

    What is not printable shows as its escape (a change of writing direction could turn a name around), and braces are
    written as references, so that no template engine that meets the page finds a tag of its own.
    """
    plain = visible(text)
    for character, reference in _REFERENCES:
        plain = plain.replace(character, reference)
    return Markup(plain)


_REFERENCES: Final = (
    ("&", "&amp;"),
    ("<", "&lt;"),
    (">", "&gt;"),
    ('"', "&quot;"),
    ("'", "&#39;"),
    ("{", "&#123;"),
    ("}", "&#125;"),
    ("`", "&#96;"),
)


def element(name: str, /, *children: Child, **attributes: str | None) -> Markup:
    """One element. Children that are not ``Markup`` are escaped, None is left out, iterables are joined.

    Attributes of value None are left out; ``class_`` is written ``class`` and ``stroke_width`` ``stroke-width``.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Child) -> Markup:
    """Children one after the other, without anything between them."""
    if children is None:
        return Markup("")
    if isinstance(children, Markup):
        return children
    if isinstance(children, str):
        return escaped(children)
    return Markup("".join(joined(child) for child in children))


def table(
    head: Iterable[Child], rows: Iterable[Iterable[Child]], *, numeric: Iterable[int] = (), class_: str = ""
) -> Markup:
    """A table that scrolls sideways within its own box on a narrow screen; ``numeric`` columns align right."""
    right = frozenset(numeric)

    def cells(tag: str, values: Iterable[Child]) -> list[Markup]:
        return [element(tag, value, class_="number" if i in right else None) for i, value in enumerate(values)]

    body = element("tbody", [element("tr", cells("td", row)) for row in rows])
    whole = element("table", element("thead", element("tr", cells("th", head))), body, class_=class_ or None)
    return element("div", whole, class_="scroll")
