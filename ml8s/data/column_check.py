"""Checks the values of one column against its field of the contract, batch by batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ml8s.data.arrays import Mask, as_texts
from ml8s.data.column_types import BOOLEAN, DATE, FRICTIONLESS_NAME, INTEGER, NUMBER, STRING, TIME
from ml8s.data.hashing import floats_of, integers_of
from ml8s.data.instants import MICROSECONDS_PER, iso_day, iso_instant
from ml8s.data.schema import Field, Value
from ml8s.data.schema_fields import whole
from ml8s.data.tally import Tally, mask_of, null_mask
from ml8s.data.violations import Violation

Numbers: TypeAlias = npt.NDArray[np.float64] | npt.NDArray[np.int64]

MICROSECONDS_PER_DAY: Final = MICROSECONDS_PER["d"]


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of a column beyond its field.

    Attributes:
        filled: the part that forbids nulls (``target``, ``primary_key``, ``time``, …), or "".
        finite: whether an infinity is a violation.
        as_of: microseconds since 1970 UTC after which a time is a violation, or None.
        lowest: the least value that the part allows (0 for a weight), or None.
        ranged: whether the least and greatest value are wanted.

    """

    filled: str = ""
    finite: bool = True
    as_of: int | None = None
    lowest: float | None = None
    ranged: bool = False


class ColumnCheck:
    """Checks one column of one table; memory does not depend on its rows.

    After the last batch ``nulls`` is the number of null values (NaN included), and ``lowest`` and ``highest`` the
    range of the others, where ``Demands.ranged`` asks for it (times in µs, dates in days).
    """

    def __init__(self, table: str, field: Field, demands: Demands) -> None:
        self.table = table
        self.field = field
        self.demands = demands
        self.nulls = 0
        self.lowest: float = math.inf
        self.highest: float = -math.inf
        self._tallies: dict[tuple[str, str], Tally] = {}

    def take(self, first: int, values: pa.Array) -> None:
        """Checks the next batch; ``first`` is the number of its first row."""
        if self.field.type == NUMBER or pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
            self._take_floats(first, values)
            return
        missing = self._count_nulls(first, values, null_mask(values) if values.null_count else None)
        if self.field.type == STRING:
            self._take_texts(first, values)
        elif self._is_bounded():
            self._take_range(first, values, integers_of(values, self.field.type), missing)

    def violations(self) -> list[Violation]:
        """One violation for each rule that some row breaks."""
        found = (tally.violation(self.table, self.field.name) for tally in self._tallies.values())
        return [violation for violation in found if violation is not None]

    def _is_bounded(self) -> bool:
        rules, demands = self.field.constraints, self.demands
        return (
            rules.minimum is not None
            or rules.maximum is not None
            or rules.enum is not None
            or demands.as_of is not None
            or demands.lowest is not None
            or demands.ranged
        )

    def _count_nulls(self, first: int, values: pa.Array, missing: Mask | None) -> Mask | None:
        if missing is None:
            return None
        self.nulls += int(np.count_nonzero(missing))
        part = self.demands.filled
        if part or self.field.constraints.required:
            rule = part or "required"
            what = f"the {part.replace('_', ' ')} column" if part else "the required column"
            self._tally(rule, f"{what} {self.field.name!r} is null", _FILL).add(missing, first, values)
        return missing

    def _take_floats(self, first: int, values: pa.Array) -> None:
        missing = infinite = None
        total = pc.sum(values).as_py()
        numbers = None
        if values.null_count or total is None or not math.isfinite(total):
            numbers = floats_of(values)
            missing = np.isnan(numbers)
            infinite = np.isinf(numbers)
        missing = self._count_nulls(first, values, missing if missing is not None and missing.any() else None)
        if infinite is not None and self.demands.finite:
            message = f"column {self.field.name!r} is infinite"
            cure = "store null, or list the column in columns.ignore"
            self._tally("infinite", message, cure).add(infinite, first, values)
        if self.field.type == INTEGER:
            numbers = floats_of(values) if numbers is None else numbers
            broken = np.floor(numbers) != numbers
            broken &= np.isfinite(numbers)
            message = f"column {self.field.name!r} is declared an integer and has fractions"
            self._tally("type", message, "declare it as a number").add(broken, first, values)
        if self._is_bounded():
            self._take_range(first, values, floats_of(values) if numbers is None else numbers, missing)

    def _take_range(self, first: int, values: pa.Array, numbers: Numbers, missing: Mask | None) -> None:
        """Bounds, enum and range of numbers, times and dates."""
        known = numbers if missing is None else numbers[~missing]
        if not len(known):
            return
        lowest, highest = known.min(), known.max()
        self.lowest, self.highest = min(self.lowest, lowest), max(self.highest, highest)
        rules, name = self.field.constraints, self.field.name
        bounds = (
            ("minimum", rules.minimum, False, f"column {name!r} is below its minimum {self._say(rules.minimum)}"),
            ("maximum", rules.maximum, True, f"column {name!r} is above its maximum {self._say(rules.maximum)}"),
            ("future", self._as_of(), True, f"column {name!r} lies after ml8s:as_of {self._say(self._as_of())}"),
            (self.demands.filled, self.demands.lowest, False, f"the {self.demands.filled} {name!r} is negative"),
        )
        for rule, bound, above, message in bounds:
            if bound is None or (highest <= bound if above else lowest >= bound):
                continue
            broken = numbers > bound if above else numbers < bound
            self._tally(rule, message, _BOUND.get(rule, _MEND)).add(_without(broken, missing), first, values)
        if rules.enum is not None:
            broken = ~np.isin(numbers, np.array(rules.enum))
            self._tally("enum", self._enum_message(rules.enum), _MEND).add(_without(broken, missing), first, values)

    def _take_texts(self, first: int, values: pa.Array) -> None:
        rules = self.field.constraints
        if rules.enum is not None:
            allowed = as_texts([str(value) for value in rules.enum])
            broken = mask_of(values, lambda texts: pc.invert(pc.is_in(texts, value_set=allowed.cast(texts.type))))
            self._tally("enum", self._enum_message(rules.enum), _MEND).add(_without(broken, values), first, values)
        if rules.pattern is not None:
            pattern = whole(rules.pattern)
            broken = mask_of(values, lambda texts: pc.invert(pc.match_substring_regex(texts, pattern)))
            message = f"column {self.field.name!r} does not match its pattern {rules.pattern!r}"
            self._tally("pattern", message, _MEND).add(_without(broken, values), first, values)

    def _as_of(self) -> int | None:
        as_of = self.demands.as_of
        return as_of // MICROSECONDS_PER_DAY if as_of is not None and self.field.type == DATE else as_of

    def _enum_message(self, enum: tuple[Value, ...]) -> str:
        listed = ", ".join(self._say(value) for value in enum[:5]) + (", …" if len(enum) > 5 else "")
        return f"column {self.field.name!r} is none of its enum ({listed})"

    def _say(self, value: Value | None) -> str:
        if isinstance(value, int) and not isinstance(value, bool) and self.field.type in (TIME, DATE):
            return iso_instant(value) if self.field.type == TIME else iso_day(value)
        return repr(value)

    def _tally(self, rule: str, message: str, cure: str) -> Tally:
        return self._tallies.setdefault((rule, message), Tally(rule, message, cure, self.field.log))


def _without(broken: Mask, missing: Mask | pa.Array | None) -> Mask:
    """A mask without the null rows, which ``required`` judges alone."""
    if missing is None:
        return broken
    nulls = null_mask(missing) if isinstance(missing, pa.Array) else missing
    return broken & ~nulls


_FILL: Final = "fill it, or drop these rows before publishing"
_MEND: Final = "mend the rows or the contract"
_BOUND: Final[Mapping[str, str]] = {
    "future": "drop rows from the future, or correct ml8s:as_of",
    "weight": "a weight is zero or greater",
}


def stored_mismatch(field: Field, type_: str, stored: str) -> str | None:
    """Why a column stored as this type cannot be the field, or None.

    An integer may be stored as a float (its values are then checked to be whole), a number as an integer.
    """
    if field.type == type_ or {field.type, type_} == {INTEGER, NUMBER}:
        return None
    name = FRICTIONLESS_NAME[field.type]
    hint = " (0 and 1 are integers)" if field.type == BOOLEAN and type_ == INTEGER else ""
    return f"column {field.name!r} is declared as {name} and stored as {stored}{hint}"
