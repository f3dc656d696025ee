"""Violations of the contract: counted, with their first rows, as a report and as problems for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ml8s.artifacts import LARGEST_EXACT_INTEGER, Json
from ml8s.errors import ContractViolation, Problem, UnsuitableTarget

SCHEMA: Final = 1
FIRST_ROWS: Final = 10
SHOWN_ROWS: Final = 3
MAX_PROBLEMS: Final = 20
MAX_TEXT: Final = 100

TARGET_RULE: Final = "target"


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that one column breaks.

    Attributes:
        rule: required, type, enum, minimum, maximum, pattern, unique, primary_key, foreign_key, infinite, future,
            columns, target, positive_class, time, weight, group, series, leak or rows.
        table: the file's name within the snapshot.
        column: the column, or columns joined by a comma, or empty.
        message: what is wrong, in one sentence that names the column.
        cure: what to do.
        count: how many rows break the rule; 0 where it is about the column as a whole.
        rows: the numbers of the first rows that do, from 0.
        values: their values, where the contract allows to show them.
        of_config: whether the config is what must be mended: it names or asks for what the snapshot does not have.
    """

    rule: str
    table: str
    column: str
    message: str
    cure: str
    count: int = 0
    rows: tuple[int, ...] = ()
    values: tuple[Json, ...] = ()
    of_config: bool = False

    def to_json(self) -> dict[str, Json]:
        """The violation as the report holds it."""
        return {
            "rule": self.rule,
            "table": self.table,
            "column": self.column,
            "message": self.message,
            "cure": self.cure,
            "count": self.count,
            "rows": self.rows,
            "values": self.values,
        }

    def to_problem(self) -> Problem:
        """The violation as a line for the terminal: with its count, first rows and their values."""
        message = self.message
        if self.count:
            first = ", ".join(
                f"{row:,}" + (f" ({_shown(self.values[at])})" if at < len(self.values) else "")
                for at, row in enumerate(self.rows[:SHOWN_ROWS])
            )
            more = ", …" if self.count > SHOWN_ROWS else ""
            message += f": {self.count:,} {'row' if self.count == 1 else 'rows'}, first {first}{more}"
        return Problem(message, where=f"{self.table}:{self.column}" if self.column else self.table, cure=self.cure)


def _shown(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "…"


def json_value(value: object) -> Json:
    """A cell as JSON: exact where JSON can say it, else its text; long texts are cut."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= LARGEST_EXACT_INTEGER:
        return value
    if isinstance(value, float) and value - value == 0:
        return value
    return str(value)[:MAX_TEXT]


def _cure(violations: Sequence[Violation]) -> str:
    """What to mend: the config, the data, or both."""
    if all(violation.of_config for violation in violations):
        return "mend the config: the snapshot needs no change"
    data = "mend the data or the contract and publish a new snapshot"
    if any(violation.of_config for violation in violations):
        return f"mend the config where it does not fit the snapshot; for the rest {data}"
    return data


def violation_report(
    violations: Sequence[Violation], rows: Sequence[tuple[str, int]], warnings: Sequence[str]
) -> dict[str, Json]:
    """The machine-readable report: every violation, the rows of each table, the warnings."""
    return {
        "schema": SCHEMA,
        "tables": [{"name": name, "rows": count} for name, count in rows],
        "violations": [violation.to_json() for violation in violations],
        "warnings": list(warnings),
    }


def violation_error(
    violations: Sequence[Violation], rows: Sequence[tuple[str, int]], warnings: Sequence[str] = ()
) -> ContractViolation:
    """The error for all violations: at most 20 as problems, the counts of all in its message, all in its report.

    It is an UnsuitableTarget where nothing but the target is wrong.
    """
    only_target = all(violation.rule in (TARGET_RULE, "positive_class") for violation in violations)
    kind = UnsuitableTarget if only_target else ContractViolation
    count = len(violations)
    total = sum(violation.count for violation in violations)
    message = f"the snapshot breaks its contract in {count} {'way' if count == 1 else 'ways'}"
    if only_target:
        message = f"the target column {violations[0].column!r} cannot be learned"
    elif total:
        message += f", {total:,} {'row' if total == 1 else 'rows'} in all"
    if count > MAX_PROBLEMS:
        message += f"; the first {MAX_PROBLEMS} are shown"
    error = kind(
        message,
        where=violations[0].table,
        cure=_cure(violations),
        problems=[violation.to_problem() for violation in violations[:MAX_PROBLEMS]],
    )
    error.report = violation_report(violations, rows, warnings)
    return error
