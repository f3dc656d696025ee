"""Checks a snapshot against its contract and one config, and describes it for the steps that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pyarrow as pa

from ml8s.artifacts import Manifest
from ml8s.config.model import Config
from ml8s.data.column_check import Demands
from ml8s.data.column_types import DATE, TIME
from ml8s.data.contract import Findings, Questions, check_contract
from ml8s.data.dataset import FEATURE, IGNORE, SERIES, TRAIN, Column, DataFile, Dataset, Target
from ml8s.data.instants import iso_day, iso_instant
from ml8s.data.leak import LeakCheck
from ml8s.data.roles import RANKING, Roles, assign_roles, known_columns
from ml8s.data.schema import Field, TableSchema
from ml8s.data.snapshot import Snapshot
from ml8s.data.target import CLASSIFICATION, TargetTally, judge_target
from ml8s.data.violations import Violation

LARGEST_WEIGHT: Final = 1e30
"""Estimators hold weights as 32-bit numbers, and sums of them."""


def validate_snapshot(
    snapshot: Snapshot,
    manifest: Manifest,
    config: Config,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Dataset:
    """Checks every row of a snapshot for one config.

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
    schema = snapshot.schema
    roles = assign_roles(schema, config)
    target = schema.find(config.target_column)
    if target is None:
        Findings(violations=list(roles.violations)).raise_if_broken()
        raise KeyError(config.target_column)
    tally = TargetTally(target, config.task)
    features = [one for one in schema.fields if roles.roles[one.name] == FEATURE]
    if config.forecasting is not None:  # every other column is read before the origin only
        features = [one for one in features if one.name in known_columns(config)]
    leak = LeakCheck(target, features, classes=config.task == CLASSIFICATION)
    questions = Questions(_demands(schema, roles), (_TargetObserver(tally), leak), _known(schema, roles), progress)
    findings = check_contract(snapshot, questions)
    kind, metric, described, broken = judge_target(tally, config, len(snapshot.data_files))
    parts = [*roles.violations, *broken, *_judge_parts(schema, roles, config, findings)]
    findings.violations[:0] = parts
    if not broken:
        findings.violations += leak.violations()
    findings.raise_if_broken()
    findings.warnings[:0] = _warn(schema, config)
    return _describe(snapshot, manifest, roles, findings, (kind, metric, described))


def _describe(
    snapshot: Snapshot, manifest: Manifest, roles: Roles, findings: Findings, learned: tuple[str, str, Target]
) -> Dataset:
    schema = snapshot.schema
    kind, metric, target = learned
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


class _TargetObserver:
    """Hands the target's values to its tally."""

    def __init__(self, tally: TargetTally) -> None:
        self.tally = tally

    def take(self, file: int, first: int, batch: Mapping[str, pa.Array]) -> None:
        self.tally.take(file, batch[self.tally.field.name])


def _known(schema: TableSchema, roles: Roles) -> tuple[str, ...]:
    return tuple(name for name in roles.identity if schema.find(name) is not None)


def _demands(schema: TableSchema, roles: Roles) -> Callable[[Field], Demands]:
    parts = {
        **dict.fromkeys(schema.primary_key, "primary_key"),
        **{name: part for name, part in _filled(roles) if name is not None},
    }

    def demands(one: Field) -> Demands:
        return Demands(
            filled=parts.get(one.name, ""),
            finite=roles.roles[one.name] != IGNORE,
            as_of=schema.as_of if one.name == roles.time else None,
            lowest=0 if one.name == roles.weight else None,
            ranged=one.name in (roles.weight, roles.time),
        )

    return demands


def _filled(roles: Roles) -> Iterator[tuple[str | None, str]]:
    yield from ((name, "series") for name, role in roles.roles.items() if role == SERIES)
    yield roles.fold_group, "group"
    yield roles.group, "group"
    yield roles.weight, "weight"
    yield roles.time, "time"
    yield roles.target, "target"


def _judge_parts(schema: TableSchema, roles: Roles, config: Config, findings: Findings) -> Iterator[Violation]:
    """What is wrong with the time, weight and group columns as wholes."""
    time = schema.find(roles.time) if roles.time else None
    if time is not None and time.type in (TIME, DATE) and config.split.strategy == "time":
        low, high = findings.ranges[time.name]
        if low == high:
            when = iso_instant(int(low)) if time.type == TIME else iso_day(int(low))
            message = f"the time column {time.name!r} is constant ({when})"
            yield Violation("time", TRAIN, time.name, message, "split by another strategy")
    if config.split.strategy == "time" and roles.time is None:
        yield Violation("time", TRAIN, "", "a split by time needs a time column", "set split.time_column")
    if roles.weight is not None and findings.ranges.get(roles.weight, (1.0, 1.0))[1] == 0:
        message = f"the weight column {roles.weight!r} is zero in every row"
        yield Violation("weight", TRAIN, roles.weight, message, "drop columns.weight, or fill it")
    if roles.weight is not None and findings.ranges.get(roles.weight, (0.0, 0.0))[1] > LARGEST_WEIGHT:
        message = f"the weight column {roles.weight!r} reaches {findings.ranges[roles.weight][1]:g}"
        cure = f"divide it: weights count against each other only, and the largest allowed is {LARGEST_WEIGHT:g}"
        yield Violation("weight", TRAIN, roles.weight, message, cure)
    weight = schema.find(roles.weight) if roles.weight else None
    if weight is not None and weight.type not in ("number", "integer"):
        message = f"the weight column {weight.name!r} is a {weight.type}"
        yield Violation("weight", TRAIN, weight.name, message, "a weight is a number, zero or greater")
    if config.task == RANKING and roles.group is None:
        message = "a ranking needs a column that names the query of each row"
        yield Violation("group", TRAIN, "", message, "set columns.group")
    if not any(role in (FEATURE, "time") for role in roles.roles.values()):
        yield Violation("columns", TRAIN, "", "no column is left as a feature", "ignore fewer columns")


def _warn(schema: TableSchema, config: Config) -> list[str]:
    if schema.primary_key or config.split.identity or config.split.strategy not in ("random", "stratified"):
        return []
    return [
        "the snapshot has no primary key and the config no split.identity: folds depend on the values of all "
        "columns, and an added column moves rows between folds"
    ]
