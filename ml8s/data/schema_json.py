"""Strict JSON for ``schema.json``, and problems with their place as a JSON pointer (RFC 6901)."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from ml8s.artifacts import Json
from ml8s.errors import InvalidSchema, Problem

MAX_BYTES: Final = 4 << 20
MAX_DEPTH: Final = 16
MAX_SAID: Final = 300

_CURE: Final = "mend schema.json and publish the snapshot anew"
_BRACKETS_AND_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


class SchemaProblems:
    """Collects problems of one ``schema.json``."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.found: list[Problem] = []

    def add(self, pointer: str, message: str, cure: str = "") -> None:
        """Notes one problem at a JSON pointer; a long value that is repeated in it is cut."""
        self.found.append(Problem(_cut(message), where=f"{self.where}#{_cut(pointer) or '/'}", cure=cure))

    def check_keys(self, value: Mapping[str, Json], known: Sequence[str], at: str) -> None:
        """Notes every key that is not known at this place, with the closest known one."""
        for key in value:
            if key not in known:
                close = get_close_matches(key, known, n=1)
                cure = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
                self.add(at + pointer(key), f"the key {key!r} is not known here", cure)

    def raise_if_any(self) -> None:
        """Raises InvalidSchema with everything that was found."""
        if self.found:
            count = len(self.found)
            raise InvalidSchema(
                f"schema.json has {count} problem{'s' if count > 1 else ''}",
                where=self.where,
                cure=_CURE,
                problems=self.found,
            )


def _cut(text: str) -> str:
    """A text of bounded length: a value of the file that it repeats may be of any."""
    return text if len(text) <= MAX_SAID else f"{text[: MAX_SAID * 2 // 3]}…{text[-MAX_SAID // 3 :]}"


def pointer(*parts: str | int) -> str:
    """The JSON pointer of these keys and indices."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def read_strict_json(data: bytes, where: str) -> Json:
    """Reads JSON that is UTF-8, at most 4 MiB and 16 levels deep, without repeated keys, NaN or infinities.

    Raises:
        InvalidSchema: it is not; the place is named.
    """

    def refuse(message: str) -> InvalidSchema:
        return InvalidSchema(f"schema.json {message}", where=where, cure=_CURE)

    if data.startswith(codecs.BOM_UTF8):
        raise refuse("begins with a byte order mark: save it as UTF-8 without one")
    if len(data) > MAX_BYTES:
        raise refuse(f"is {len(data):,} bytes large; at most {MAX_BYTES:,} are read")
    if _depth(data) > MAX_DEPTH:
        raise refuse(f"is nested deeper than {MAX_DEPTH} levels")
    try:
        value: Json = json.loads(data.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise refuse(f"is not UTF-8 (byte {error.start})") from None
    except UnicodeEncodeError:
        raise refuse("holds half a surrogate pair, which is no text") from None
    except json.JSONDecodeError as error:
        raise refuse(f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    except ValueError as error:
        raise refuse(f"is not strict JSON: {error}") from None
    return value


def _depth(data: bytes) -> int:
    """The depth of brackets outside strings: known before a parser recurses into it."""
    depth = deepest = 0
    for match in _BRACKETS_AND_STRINGS.finditer(data):
        first = match[0][:1]
        if first != b'"':
            depth += 1 if first in b"[{" else -1
            deepest = max(deepest, depth)
    return deepest


def _distinct(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value: dict[str, Json] = {}
    for key, item in pairs:
        if key in value:
            raise ValueError(f"the key {key!r} stands twice in one object")
        value[key] = item
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
