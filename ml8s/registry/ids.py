"""Ids of models: ``<name>_<yyyymmdd>``, then ``-2``, ``-3``, … for further models of that day. Pure text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Final

from ml8s.errors import InvalidUsage

LONGEST_NAME: Final = 36

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
_DATED: Final = re.compile(r".*_[0-9]{8}", re.ASCII)
_ID: Final = re.compile(r"(?P<name>[a-z0-9_]+)_(?P<date>[0-9]{8})(-(?P<number>[1-9][0-9]{0,8}))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class ModelId:
    """A model's id, in order of name, UTC date and number (1 has no suffix)."""

    name: str
    date: str
    number: int = 1

    def __str__(self) -> str:
        suffix = "" if self.number == 1 else f"-{self.number}"
        return f"{self.name}_{self.date}{suffix}"


def is_name(text: str) -> bool:
    """Whether this may be a model's name: it must not read as an id, so it does not end in ``_`` and 8 digits."""
    return bool(_NAME.fullmatch(text)) and len(text) <= LONGEST_NAME and not _DATED.fullmatch(text)


def is_date(text: str) -> bool:
    """Whether this is a day of the calendar as ``yyyymmdd``."""
    if not (len(text) == 8 and text.isascii() and text.isdigit()):
        return False
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return True


def parse_id(text: str) -> ModelId:
    """Reads a model id in its one spelling.

    Raises:
        InvalidUsage: it is none.
    """
    match = _ID.fullmatch(text)
    if match and match["number"] != "1" and is_name(match["name"]) and is_date(match["date"]):
        return ModelId(match["name"], match["date"], int(match["number"] or 1))
    raise InvalidUsage(
        f"{text!r} is no model id", cure="write it as in `ml8s models list`: name_yyyymmdd, or name_yyyymmdd-2"
    )


def ids_of_day(name: str, date: str) -> Iterator[ModelId]:
    """The ids of one name and day in the order in which they are given, without end."""
    return (ModelId(name, date, number) for number in count(1))
