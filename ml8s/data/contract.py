"""Checks every table of a snapshot against ``schema.json``: one pass of bounded memory, then keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from ml8s.data.column_check import ColumnCheck, Demands, stored_mismatch
from ml8s.data.column_types import TIME
from ml8s.data.dataset import IGNORE
from ml8s.data.limits import check_pages
from ml8s.data.references import Side, check_reference
from ml8s.data.schema import FILE_NAME, SELF, Field, TableSchema
from ml8s.data.snapshot import Snapshot
from ml8s.data.tables import Table, batches, open_table
from ml8s.data.tally import KEEP
from ml8s.data.uniqueness import KeyCheck
from ml8s.data.violations import Violation, json_value, violation_error
from ml8s.errors import InvalidSchema, Problem


class Observer(Protocol):
    """What looks at the batches of train.parquet (file 0) and validation.parquet (file 1) beside the contract."""

    def take(self, file: int, first: int, batch: Mapping[str, pa.Array]) -> None:
        """Takes in the next batch; ``first`` is the number of its first row within its file."""


@dataclass(slots=True)
class Findings:
    """What checking a snapshot found: rows of each table, violations, nulls and ranges of train's columns."""

    rows: dict[str, int] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    nulls: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def raise_if_broken(self) -> None:
        """Raises ContractViolation, or UnsuitableTarget, with everything that was found."""
        if self.violations:
            raise violation_error(self.violations, list(self.rows.items()), self.warnings)


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked of a snapshot beyond its contract.

    Attributes:
        demands: what is asked of a column of train and validation.
        observers: what looks at their batches.
        identity: columns that say which row is which, to count rows that stand in both files; empty for none.
        progress: called with the rows read so far and all rows.

    """

    demands: Callable[[Field], Demands]
    observers: Sequence[Observer] = ()
    identity: tuple[str, ...] = ()
    progress: Callable[[int, int], None] = lambda _done, _total: None


@dataclass(frozen=True, slots=True)
class _Relation:
    """Files that keep one contract together: train and validation, or one further table."""

    name: str
    schema: TableSchema
    tables: tuple[Table, ...]


def plain_demands(schema: TableSchema) -> Callable[[Field], Demands]:
    """What a contract asks of its columns without a config: a filled primary key, no infinities, no later time."""

    def demands(one: Field) -> Demands:
        return Demands(
            filled="primary_key" if one.name in schema.primary_key else "",
            finite=one.role != IGNORE,
            as_of=schema.as_of if one.role == "time" else None,
        )

    return demands


def check_contract(snapshot: Snapshot, questions: Questions) -> Findings:
    """Checks every row of every table.

    Raises:
        UnreadableTable, TooLarge: a file is no Parquet that ML8s reads.
        InvalidSchema: the contract and the files disagree on columns or types.
    """
    tables = open_tables(snapshot)
    schema = snapshot.schema
    main = _Relation(SELF, schema, tuple(tables[name] for name in snapshot.data_files))
    further = [_Relation(name, table.schema, (tables[table.path],)) for name, table in schema.tables.items()]
    findings = Findings()
    progress = _Progress(questions.progress, sum(table.rows for table in tables.values()))
    _check_zones(main, findings)
    _check_relation(main, questions, findings, progress)
    for relation in further:
        time = schema.tables[relation.name].time
        asked = Questions(_further_demands(relation.schema, time, schema.as_of), progress=questions.progress)
        _check_relation(relation, asked, findings, progress)
    sides = {relation.name: relation for relation in (main, *further)}
    for relation in (main, *further):
        for key in relation.schema.foreign_keys:
            parent = sides[key.resource] if key.resource else relation
            child_side = Side(relation.tables, relation.schema, key.fields)
            findings.violations += check_reference(key, child_side, Side(parent.tables, parent.schema, key.reference))
    return findings


def open_tables(snapshot: Snapshot) -> dict[str, Table]:
    """Opens every table of a snapshot, by its file's name, and compares it with its contract.

    Raises:
        UnreadableTable, TooLarge: the first file that cannot be read.
        InvalidSchema: columns that the contract lacks or has too many, and types that do not fit; all at once.
    """
    contracts = [(name, snapshot.schema) for name in snapshot.data_files]
    contracts += [(table.path, table.schema) for table in snapshot.schema.tables.values()]
    tables = {name: open_table(snapshot.folder / name, name) for name, _ in contracts}
    for name, table in tables.items():
        check_pages(table.path, name)
    problems = [problem for name, schema in contracts for problem in _compare(tables[name], schema)]
    if problems:
        raise InvalidSchema(
            f"{FILE_NAME} and the tables disagree in {len(problems)} {'place' if len(problems) == 1 else 'places'}",
            where=FILE_NAME,
            cure="mend schema.json or the table and publish a new snapshot",
            problems=problems,
        )
    return tables


def _compare(table: Table, schema: TableSchema) -> Iterator[Problem]:
    stored = {column.name: column for column in table.columns}
    for name in schema.names:
        if name not in stored:
            message = f"column {name!r} is declared and not in {table.name}"
            yield Problem(message, f"{table.name}:{name}", "remove the field, or add the column")
    declared = {one.name: one for one in schema.fields}
    for name, column in stored.items():
        if name not in declared:
            message = f"column {name!r} of {table.name} is not declared"
            yield Problem(message, f"{table.name}:{name}", "add a field, or drop the column")
        elif mismatch := stored_mismatch(declared[name], column.type, column.stored):
            yield Problem(mismatch, f"{table.name}:{name}", "correct the type in schema.json, or convert")


def _check_zones(main: _Relation, findings: Findings) -> None:
    """Times with a zone in one file and without in the other cannot be compared."""
    for one in main.schema.fields:
        zoned = {table.column(one.name).zoned for table in main.tables}
        if one.type == TIME and len(zoned) > 1:
            message = f"the times of {one.name!r} have a zone in one file and none in the other"
            cure = "write both in UTC with a zone, or both without"
            findings.violations.append(Violation("time", main.tables[-1].name, one.name, message, cure))


def _further_demands(schema: TableSchema, time: str | None, as_of: int | None) -> Callable[[Field], Demands]:
    def demands(one: Field) -> Demands:
        filled = "primary_key" if one.name in schema.primary_key else ""
        if one.name != time:
            return Demands(filled, finite=one.role != IGNORE)
        return Demands(filled or "time", as_of=as_of)

    return demands


class _Progress:
    def __init__(self, call: Callable[[int, int], None], total: int) -> None:
        self.call = call
        self.total = total
        self.done = 0

    def add(self, rows: int) -> None:
        self.done += rows
        self.call(self.done, self.total)


def _check_relation(relation: _Relation, questions: Questions, findings: Findings, progress: _Progress) -> None:
    rows = [table.rows for table in relation.tables]
    keys = list(_keys(relation, questions, rows))
    schema = relation.schema
    for file, table in enumerate(relation.tables):
        findings.rows[table.name] = table.rows
        if not table.rows:
            message = f"{table.name} has no rows"
            findings.violations.append(Violation("rows", table.name, "", message, "publish at least one row"))
        checks = [ColumnCheck(table.name, one, questions.demands(one)) for one in schema.fields]
        observers = [*(key.check for key in keys), *questions.observers]
        for first, batch in batches(table, schema.names, missing=schema.missing_values):
            for check in checks:
                check.take(first, batch[check.field.name])
            for observer in observers:
                observer.take(file, first, batch)
            progress.add(len(batch[schema.names[0]]))
        _collect(checks, findings, is_main=relation.name == SELF)
    for key in keys:
        _judge_key(key, relation, findings)


def _collect(checks: Sequence[ColumnCheck], findings: Findings, *, is_main: bool) -> None:
    for check in checks:
        findings.violations += check.violations()
        if is_main:
            name = check.field.name
            findings.nulls[name] = findings.nulls.get(name, 0) + check.nulls
            low, high = findings.ranges.get(name, (check.lowest, check.highest))
            findings.ranges[name] = (min(low, check.lowest), max(high, check.highest))


@dataclass(frozen=True, slots=True)
class _Key:
    """A key that is checked for repeats, and what a repeat means."""

    rule: str
    check: KeyCheck


def _keys(relation: _Relation, questions: Questions, rows: Sequence[int]) -> Iterator[_Key]:
    schema = relation.schema
    key = [one for name in schema.primary_key if (one := schema.find(name)) is not None]
    if key:
        yield _Key("primary_key", KeyCheck(key, rows))
    for one in schema.fields:
        if one.constraints.unique and (one.name,) != schema.primary_key:
            yield _Key("unique", KeyCheck([one], rows))
    if len(rows) > 1 and questions.identity and not key:
        known = [one for name in questions.identity if (one := schema.find(name)) is not None]
        yield _Key("repeated", KeyCheck(known, rows, across=True))


def _judge_key(key: _Key, relation: _Relation, findings: Findings) -> None:
    names = ", ".join(key.check.names)
    repeats = key.check.repeats(relation.tables, relation.schema.missing_values)
    if key.rule == "repeated":
        count = repeats[-1].count
        if count:
            first, last = (table.name for table in relation.tables)
            findings.warnings.append(f"{count:,} rows of {last} also stand in {first} (equal {names})")
        return
    shown = all(one.log == KEEP for one in key.check.fields)
    for table, found in zip(relation.tables, repeats, strict=True):
        if not found.count:
            continue
        what = "primary key" if key.rule == "primary_key" else "unique column"
        findings.violations.append(
            Violation(
                key.rule,
                table.name,
                names,
                f"the {what} {names} repeats an earlier row",
                "drop repeated rows, or declare what makes a row unique",
                found.count,
                found.rows,
                tuple(json_value(value) for value in found.values) if shown else (),
            )
        )
