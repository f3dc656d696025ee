"""YAML without its traps: one document of mappings, lists and scalars by the core schema of YAML 1.2.

Built on PyYAML's events, so nothing is expanded before it is counted. Refused: anchors, aliases, tags, directives,
merge keys, duplicate keys, several documents, keys that are not text, numbers that JSON cannot hold, ``{{``. Plain
scalars are null, true, false, whole numbers, numbers or text; ``no``, ``12:30:45``, ``1_000`` and dates are text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, TypeAlias, cast

import yaml

from ml8s.artifacts import LARGEST_EXACT_INTEGER, Json

Path: TypeAlias = tuple[str | int, ...]

DEEPEST: Final = 20
MOST_NODES: Final = 5_000
MOST_TEMPLATES: Final = 20  # reported of one text

_NULL = re.compile(r"(~|null|Null|NULL|)")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_FORBIDDEN = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_TEMPLATE = "{{"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that this YAML does not allow."""

    position: Position
    message: str
    cure: str


class NotReadable(Exception):
    """The text cannot be read further than its ``fault``."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(slots=True)
class Document:
    """What a text says, and where.

    Attributes:
        value: the content as JSON.
        keys: the position of the key of each path.
        values: the position of the value of each path.
        written: the text of each plain scalar, as written.
        faults: what is not allowed though reading could go on.
        unreliable: paths whose value is none because of a fault.
    """

    value: Json = None
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    unreliable: list[Path] = field(default_factory=list)


def lines_of(text: str) -> list[str]:
    """The lines of a text, as YAML counts them."""
    return _LINE_END.split(text)


def position_of(text: str, index: int) -> Position:
    """The line and column of a character."""
    before = lines_of(text[:index])
    return Position(len(before), len(before[-1]) + 1)


def parse(text: str) -> Document:
    """Reads a text; everything that can be found wrong in one reading is in ``faults``.

    Raises:
        NotReadable: syntax, more than one document, too deep, too many nodes, an empty text.
    """
    for match in _FORBIDDEN.finditer(text):
        raise NotReadable(
            Fault(
                position_of(text, match.start()),
                f"the character U+{ord(match[0]):04X} is not allowed: it is invisible or no text",
                "remove it; write \\u escapes inside double quotes where a value needs it",
            )
        )
    document = Document()
    document.faults.extend(_template_faults(text))
    try:
        _Reader(text, document).read()
    except yaml.MarkedYAMLError as error:
        raise NotReadable(_syntax_fault(error)) from None
    return document


def _template_faults(text: str) -> Iterator[Fault]:
    for match in islice(re.finditer(re.escape(_TEMPLATE), text), MOST_TEMPLATES):
        yield _template_fault(position_of(text, match.start()))


def _template_fault(position: Position) -> Fault:
    return Fault(
        position,
        "`{{` is not allowed anywhere in a config",
        "a config is plain data and no template: write the value itself",
    )


class _Reader:
    """One reading of a text, from event to event."""

    def __init__(self, text: str, document: Document) -> None:
        self._text = text
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._document = document
        self._nodes = 0

    def read(self) -> None:
        next(self._events)
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            raise NotReadable(Fault(Position(1, 1), "the file is empty", "`ml8s explain` shows what a config holds"))
        self._check_directives(start)
        self._document.value = self._node(next(self._events), ())
        next(self._events)
        following = next(self._events)
        if not isinstance(following, yaml.StreamEndEvent):
            raise NotReadable(
                Fault(_at(following), "a second document begins here", "keep one config per file: remove `---`")
            )

    def _check_directives(self, start: yaml.Event) -> None:
        if getattr(start, "version", None) or getattr(start, "tags", None):
            self._fault(start, "YAML directives (`%YAML`, `%TAG`) are not allowed", "remove the line")

    def _fault(self, event: yaml.Event, message: str, cure: str, path: Path | None = None) -> None:
        self._document.faults.append(Fault(_at(event), message, cure))
        if path is not None:
            self._document.unreliable.append(path)

    def _node(self, event: yaml.Event, path: Path) -> Json:
        self._count(event, path)
        self._document.values[path] = _at(event)
        if isinstance(event, yaml.AliasEvent):
            self._fault(event, f"aliases (`*{event.anchor}`) are not allowed", "write the value out", path)
            return None
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        if event.anchor:
            self._fault(event, f"anchors (`&{event.anchor}`) are not allowed", "remove it and write values out", path)
        if event.tag:
            self._fault(event, f"tags (`{_tag_as_written(event.tag)}`) are not allowed", "remove the tag", path)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._sequence(path)

    def _count(self, event: yaml.Event, path: Path) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise NotReadable(Fault(_at(event), f"the config has more than {MOST_NODES:,} values", "shorten its lists"))
        if len(path) > DEEPEST:
            raise NotReadable(
                Fault(
                    _at(event), f"the config is nested deeper than {DEEPEST} levels", "flatten it; look for `[` or `{`"
                )
            )

    def _sequence(self, path: Path) -> list[Json]:
        items: list[Json] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Json]:
        items: dict[str, Json] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path)
            inner = (*path, key) if key is not None else (*path, f"?{len(items)}")
            if key is not None and key in items:
                first = self._document.keys[inner].line
                self._fault(event, f"`{key}` is written twice, first in line {first}", "keep one of the two")
                self._skip(next(self._events), inner)
                continue
            self._document.keys[inner] = _at(event)
            value = self._node(next(self._events), inner)
            if key is not None:
                items[key] = value
        return items

    def _key(self, event: yaml.Event, path: Path) -> str | None:
        self._count(event, path)
        if not isinstance(event, yaml.ScalarEvent):
            self._fault(event, "a key must be one word, not a list or mapping", "write `key: value`")
            self._skip(event, (*path, "?"), counted=True)
            return None
        if event.anchor or event.tag:
            self._fault(event, "anchors and tags are not allowed on keys", "remove it")
        plain = event.style is None
        if plain and event.value == "<<":
            self._fault(event, "merge keys (`<<`) are not allowed", "write the values out")
            return None
        if plain and not isinstance(self._resolve(event, None), str):
            shown = event.value or "(empty)"
            self._fault(event, f"the key `{shown}` is not text", f'put it in quotes: "{event.value}"')
            return None
        return self._whole(event, None)

    def _skip(self, event: yaml.Event, path: Path, *, counted: bool = False) -> None:
        """Reads past a node, with its limits, and forgets what it says."""
        kept = Document()
        kept.faults = self._document.faults
        outer, self._document = self._document, kept
        if counted:
            self._nodes -= 1
        self._node(event, path)
        self._document = outer

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> Json:
        if event.style is not None:
            shown = self._text[_mark(event).index : _end(event).index]
            self._refuse_template(event.value, shown, path, _at(event))
            return self._whole(event, path)
        self._refuse_template(event.value, event.value, path, _at(event))
        self._document.written[path] = event.value
        return self._resolve(event, path)

    def _refuse_template(self, value: str, shown: str, path: Path, at: Position) -> None:
        if _TEMPLATE in value:
            self._document.unreliable.append(path)
            if _TEMPLATE not in shown:  # written with escapes; what the text shows has been found already
                self._document.faults.append(_template_fault(at))

    def _whole(self, event: yaml.ScalarEvent, path: Path | None) -> str | None:
        """The text, with the two halves of a character made one, as JSON writes those beyond 16 bits.

        A half alone, which only an escape can write and UTF-8 cannot hold, is refused: None.
        """
        text = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), str(event.value))
        found = _SURROGATE.search(text)
        if found is None:
            return text
        half = f"\\u{ord(found[0]):04x}"
        cure = "write the character itself, or its number in eight digits: \\U0001f600"
        self._fault(event, f"`{half}` is half of a character and no text by itself", cure, path)
        return None

    def _resolve(self, event: yaml.ScalarEvent, path: Path | None) -> Json:
        text = str(event.value)
        if _NULL.fullmatch(text):
            return None
        if _BOOLEAN.fullmatch(text):
            return text.lower() == "true"
        if _INTEGER.fullmatch(text):
            return self._integer(event, path)
        if _FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text):
            return self._number(event, path)
        return text

    def _number(self, event: yaml.ScalarEvent, path: Path | None) -> float | None:
        number = math.nan if _NOT_FINITE.fullmatch(event.value) else float(event.value)
        if math.isfinite(number):
            return number
        self._fault(event, f"`{event.value}` is no finite number", "write a finite number, or null for none", path)
        return None

    def _integer(self, event: yaml.ScalarEvent, path: Path | None) -> Json:
        text = event.value
        shown = text if len(text) <= 24 else f"{text[:20]}… ({len(text)} characters)"
        if _LEADING_ZERO.fullmatch(text):
            without = text.lstrip("+-").lstrip("0")[:24] or "0"
            self._fault(
                event,
                f"`{shown}` begins with 0 and could mean several numbers",
                f'write {without} for the number, "{shown}" for text',
                path,
            )
            return None
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        if len(text) > 24 or abs(int(text[2:] if base != 10 else text, base)) > LARGEST_EXACT_INTEGER:
            self._fault(event, f"the number {shown} is beyond 2**53", "write a smaller number, or text in quotes", path)
            return None
        return int(text[2:] if base != 10 else text, base)


def _mark(event: yaml.Event) -> yaml.Mark:
    return cast("yaml.Mark", event.start_mark)


def _end(event: yaml.Event) -> yaml.Mark:
    return cast("yaml.Mark", event.end_mark)


def _at(event: yaml.Event) -> Position:
    return Position(_mark(event).line + 1, _mark(event).column + 1)


def _tag_as_written(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


# What PyYAML says -> what it means to the one who wrote the file, and what to do.
_SYNTAX: Final = (
    (
        "mapping values are not allowed",
        "a second `:` where only a value can stand",
        "put the value in quotes, mend the indentation, or add the `:` that the line above lacks",
    ),
    ("found character '\\t'", "a tab stands where YAML wants spaces", "indent with spaces"),
    ("that cannot start any token", "a value cannot begin with this character", "put the value in quotes"),
    ("could not find expected ':'", "this line has no `:`", "write `key: value`; lists begin with `- `"),
    ("unexpected end of stream", "a quote is opened and never closed", "close the quote"),
    ("expected <block end>", "the indentation does not fit the lines above", "align keys of one section exactly"),
    ("expected ',' or ']'", "a list is opened with `[` and not closed", "close it with `]` and put commas between"),
    ("expected ',' or '}'", "a mapping is opened with `{` and not closed", "close it with `}` and put commas between"),
    ("sequence entries are not allowed", "a list cannot begin here", "begin it on the next line, indented"),
    (
        "expected the node content, but found '<stream end>'",
        "the text ends inside a list or mapping",
        "close what is open with `]` or `}`",
    ),
    (
        "expected chomping or indentation indicators",
        "`>` and `|` begin a text of several lines, so this is no value",
        'put it in quotes, as `roc_auc: ">= 0.9"`',
    ),
    ("expected escape sequence", "the text in double quotes has an incomplete escape", "use single quotes, or `\\\\`"),
    ("unknown escape character", "the text in double quotes has an unknown escape", "use single quotes, or `\\\\`"),
)


def _syntax_fault(error: yaml.MarkedYAMLError) -> Fault:
    said = error.problem or "the text is no YAML"
    mark = error.problem_mark or error.context_mark
    if "unexpected end of stream" in said and error.context_mark is not None:
        mark = error.context_mark
    position = Position(mark.line + 1, mark.column + 1) if mark is not None else Position(1, 1)
    for fragment, message, cure in _SYNTAX:
        if fragment in said:
            return Fault(position, message, cure)
    return Fault(position, f"no valid YAML: {said}", "compare the line with an example: `ml8s explain`")
