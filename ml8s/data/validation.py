"""Checks every row of a snapshot against its contract and the config, in one pass of bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from ml8s.artifacts import Manifest
from ml8s.config.model import Config
from ml8s.data.column_check import ColumnCheck, Demands, stored_mismatch
from ml8s.data.column_types import DATE, TIME
from ml8s.data.dataset import IGNORE, TRAIN, Column, DataFile, Dataset
from ml8s.data.instants import iso_day, iso_instant
from ml8s.data.limits import check_pages
from ml8s.data.roles import Roles, assign_roles
from ml8s.data.schema import FILE_NAME, Field, TableSchema
from ml8s.data.snapshot import Snapshot
from ml8s.data.tables import Table, batches, open_table
from ml8s.data.target import TargetTally, judge_target
from ml8s.data.violations import Violation, violation_error
from ml8s.errors import InvalidSchema, Problem

NO_ROLES: Final = None

Batch = Mapping[str, pa.Array]


@dataclass(slots=True)
class Findings:
    """What checking a snapshot found: rows of each table, violations, null values and ranges of each column."""

    rows: dict[str, int] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    nulls: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def raise_if_broken(self) -> None:
        """Raises ContractViolation, or UnsuitableTarget, with everything that was found."""
        if self.violations:
            raise violation_error(self.violations, list(self.rows.items()), self.warnings)


def validate_snapshot(
    snapshot: Snapshot, manifest: Manifest, config: Config, progress: Callable[[int, int], None] = lambda *_: None
) -> Dataset:
    """Checks a snapshot for one config and describes it for the steps that follow.

    The result depends on the files that the manifest names and on the config's task, target, metric, positive class,
    columns and split columns.

    Args:
        snapshot: the files and their contract.
        manifest: the digests of the files, which the dataset records.
        config: the resolved config.
        progress: called with the rows read so far and all rows.

    Raises:
        UnreadableTable, TooLarge: a file is no Parquet that ML8s reads.
        InvalidSchema: the contract and the files disagree on columns or types.
        ContractViolation, UnsuitableTarget: rows or the target break the contract; ``report`` holds all of it.
    """
    tables = open_tables(snapshot)
    roles = assign_roles(snapshot.schema, config)
    findings = Findings(violations=list(roles.violations))
    tally = _target_tally(snapshot.schema, config)
    _scan(snapshot, tables, _Scan(findings, roles, tally, progress))
    if tally is None or any(violation.rule == "target" for violation in roles.violations):
        findings.raise_if_broken()
    if tally is None:
        raise KeyError(config.target_column)
    kind, metric, target, broken = judge_target(tally, config, len(snapshot.data_files))
    findings.violations += broken
    findings.violations += _judge_parts(snapshot.schema, roles, config, findings)
    findings.raise_if_broken()
    findings.warnings += _warn(snapshot.schema, config)
    schema = snapshot.schema
    return Dataset(
        kind=kind,
        metric=metric,
        manifest=manifest,
        files=tuple(DataFile(name, findings.rows[name]) for name in snapshot.data_files),
        target=target,
        columns=tuple(
            Column(one.name, one.type, roles.roles[one.name], findings.nulls[one.name], one.log)
            for one in schema.fields
        ),
        time_column=roles.time,
        weight_column=roles.weight,
        group_column=roles.group,
        primary_key=schema.primary_key,
        identity=roles.identity,
        as_of=None if schema.as_of is None else iso_instant(schema.as_of),
        missing_values=schema.missing_values,
        foreign_keys=tuple(key.to_json() for key in schema.foreign_keys),
        tables={name: table.source for name, table in schema.tables.items()},
        warnings=tuple(findings.warnings),
    )


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


def _compare(table: Table, schema: TableSchema) -> list[Problem]:
    stored = {column.name: column for column in table.columns}
    problems = [
        Problem(f"column {name!r} is declared and not in {table.name}", f"{table.name}:{name}", "remove the field")
        for name in schema.names
        if name not in stored
    ]
    for name, column in stored.items():
        one = schema.find(name)
        if one is None:
            message = f"column {name!r} of {table.name} is not declared"
            problems.append(Problem(message, f"{table.name}:{name}", "add a field, or drop the column"))
        elif mismatch := stored_mismatch(one, column.type, column.stored):
            problems.append(Problem(mismatch, f"{table.name}:{name}", "correct the type in schema.json, or convert"))
    return problems


@dataclass(slots=True)
class _Scan:
    """What one pass over the tables fills."""

    findings: Findings
    roles: Roles | None
    target: TargetTally | None
    progress: Callable[[int, int], None]
    done: int = 0


def _scan(snapshot: Snapshot, tables: Mapping[str, Table], scan: _Scan) -> None:
    total = sum(table.rows for table in tables.values())
    schema = snapshot.schema
    contracts = [(name, schema, file) for file, name in enumerate(snapshot.data_files)]
    contracts += [(table.path, table.schema, -1) for table in schema.tables.values()]
    for name, contract, file in contracts:
        table = tables[name]
        scan.findings.rows[name] = table.rows
        if not table.rows:
            message = f"{name} has no rows"
            scan.findings.violations.append(Violation("rows", name, "", message, "publish at least one row"))
        checks = _column_checks(table, contract, scan.roles if file >= 0 else None, schema.as_of)
        for first, batch in batches(table, missing=contract.missing_values):
            for check in checks:
                check.take(first, batch[check.field.name])
            if file >= 0 and scan.target is not None:
                scan.target.take(file, batch[scan.target.field.name])
            scan.done += len(next(iter(batch.values())))
            scan.progress(scan.done, total)
        _collect(checks, scan.findings, count_nulls=file >= 0)


def _column_checks(table: Table, schema: TableSchema, roles: Roles | None, as_of: int | None) -> list[ColumnCheck]:
    return [ColumnCheck(table.name, one, _demands(one, schema, roles, as_of)) for one in schema.fields]


def _demands(one: Field, schema: TableSchema, roles: Roles | None, as_of: int | None) -> Demands:
    filled = "primary_key" if one.name in schema.primary_key else ""
    if roles is None:
        return Demands(filled, finite=one.role != IGNORE)
    parts = {roles.fold_group: "group", roles.group: "group", roles.weight: "weight", roles.time: "time"}
    part = {**parts, roles.target: "target"}.get(one.name, filled)
    return Demands(
        filled=part,
        finite=roles.roles[one.name] != IGNORE,
        as_of=as_of if one.name == roles.time else None,
        lowest=0 if one.name == roles.weight else None,
        ranged=one.name in (roles.weight, roles.time),
    )


def _collect(checks: Sequence[ColumnCheck], findings: Findings, *, count_nulls: bool) -> None:
    for check in checks:
        findings.violations += check.violations()
        if not count_nulls:
            continue
        name = check.field.name
        findings.nulls[name] = findings.nulls.get(name, 0) + check.nulls
        if check.demands.ranged:
            low, high = findings.ranges.get(name, (check.lowest, check.highest))
            findings.ranges[name] = (min(low, check.lowest), max(high, check.highest))


def _target_tally(schema: TableSchema, config: Config) -> TargetTally | None:
    one = schema.find(config.target_column)
    return None if one is None else TargetTally(one, config.task)


def _judge_parts(schema: TableSchema, roles: Roles, config: Config, findings: Findings) -> list[Violation]:
    """What is wrong with the time and weight columns as wholes."""
    found: list[Violation] = []
    field_of_time = schema.find(roles.time) if roles.time else None
    if field_of_time is not None and field_of_time.type in (TIME, DATE) and config.split.strategy == "time":
        low, high = findings.ranges[field_of_time.name]
        if low == high:
            when = iso_instant(int(low)) if field_of_time.type == TIME else iso_day(int(low))
            message = f"the time column {field_of_time.name!r} is constant ({when})"
            found.append(Violation("time", TRAIN, field_of_time.name, message, "split by another strategy"))
    if roles.weight and findings.ranges.get(roles.weight, (1.0, 1.0))[1] == 0:
        message = f"the weight column {roles.weight!r} is zero in every row"
        found.append(Violation("weight", TRAIN, roles.weight, message, "drop columns.weight"))
    if config.task == "ranking" and roles.group is None:
        message = "a ranking needs a column that names the query of each row"
        found.append(Violation("group", TRAIN, "", message, "set columns.group"))
    return found


def _warn(schema: TableSchema, config: Config) -> list[str]:
    warnings = []
    if not schema.primary_key and not config.split.identity and config.split.strategy in ("random", "stratified"):
        warnings.append(
            "the snapshot has no primary key and the config no split.identity: folds depend on the values of all "
            "columns, and an added column moves rows between folds"
        )
    return warnings
