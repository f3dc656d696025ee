"""The role of each column: what the config says, else what the contract says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from ml8s.config.model import Config
from ml8s.data.column_types import BOOLEAN, DATE, INTEGER, STRING, TIME
from ml8s.data.dataset import FEATURE, GROUP, IGNORE, KEY, SERIES, TARGET, TIME_ROLE, TRAIN, WEIGHT
from ml8s.data.schema import TableSchema
from ml8s.data.violations import TARGET_RULE, Violation

RANKING: Final = "ranking"


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column plays which part, and what is wrong with that.

    ``roles`` maps each column to its role in the order of the contract; ``identity`` are the columns that say which
    row is which: the primary key, else ``split.identity``, else all columns in the order of their names; of a series
    its columns and the time.
    """

    target: str
    weight: str | None
    group: str | None
    time: str | None
    fold_group: str | None
    identity: tuple[str, ...]
    roles: dict[str, str] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()


def assign_roles(schema: TableSchema, config: Config) -> Roles:
    """The roles by config and contract; the config wins.

    Columns that the config names and the snapshot lacks, and contradictions, are violations of the result.
    """
    by_role = {one.role: one.name for one in schema.fields if one.role in ("time", "weight", "group")}
    weight = config.columns.weight or by_role.get("weight")
    group = config.columns.group or by_role.get("group")
    time = config.split.time_column or by_role.get("time")
    keys = {
        *schema.primary_key,
        *(name for key in schema.foreign_keys for name in key.fields),
        *(one.name for one in schema.fields if one.role == "key"),
    }
    series = _series(config)
    ignored = {one.name for one in schema.fields if one.role == "ignore"} | set(config.columns.ignore)
    # The later entry wins: what the config names beats keys, and the target beats all.
    layers: tuple[tuple[str, Iterable[str | None]], ...] = (
        (KEY, keys),
        (TIME_ROLE, [time]),
        (IGNORE, ignored),
        (SERIES, series),
        (GROUP, [group]),
        (WEIGHT, [weight]),
        (TARGET, [config.target_column]),
    )
    chosen = {name: role for role, names in layers for name in names if name is not None}
    identity = schema.primary_key or config.split.identity or tuple(sorted(schema.names))
    if config.forecasting is not None and time is not None:
        identity = (*series, time)
    fold_group = config.split.group_column if config.split.strategy == "group" else None
    return Roles(
        target=config.target_column,
        weight=weight,
        group=group,
        time=time,
        fold_group=fold_group or (group if config.task == RANKING else None),
        identity=identity,
        roles={name: chosen.get(name, FEATURE) for name in schema.names},
        violations=(*_unknown(schema, config), *_contradictions(schema, config, time)),
    )


def _series(config: Config) -> tuple[str, ...]:
    return () if config.forecasting is None else config.forecasting.series_columns


def known_columns(config: Config) -> tuple[str, ...]:
    """The columns that a forecast may read at the time that it forecasts; none for other tasks."""
    return () if config.forecasting is None else config.forecasting.known_columns


def _unknown(schema: TableSchema, config: Config) -> Iterable[Violation]:
    named = [
        ("target_column", config.target_column),
        ("columns.weight", config.columns.weight),
        ("columns.group", config.columns.group),
        ("split.time_column", config.split.time_column),
        ("split.group_column", config.split.group_column),
        *(("forecasting.series_columns", name) for name in _series(config)),
        *(("forecasting.known_columns", name) for name in known_columns(config)),
        *(("columns.ignore", name) for name in config.columns.ignore),
        *(("split.identity", name) for name in config.split.identity),
    ]
    for place, name in named:
        if name is not None and schema.find(name) is None:
            close = get_close_matches(name, schema.names, n=1)
            listed = ", ".join(schema.names[:20])
            yield Violation(
                TARGET_RULE if place == "target_column" else "columns",
                TRAIN,
                name,
                f"the config's {place} names {name!r}, which the snapshot does not have",
                f"did you mean {close[0]!r}?" if close else f"its columns: {listed}",
                of_config=True,
            )


def _contradictions(schema: TableSchema, config: Config, time: str | None) -> Iterable[Violation]:
    target = config.target_column
    if target in schema.primary_key:
        yield Violation(
            TARGET_RULE, TRAIN, target, f"the target {target!r} is part of the primary key", "predict another column"
        )
    if target in config.columns.ignore:
        yield Violation(
            TARGET_RULE, TRAIN, target, f"columns.ignore holds the target {target!r}", "remove it from columns.ignore",
            of_config=True,
        )  # fmt: skip
    parts = {"weight": config.columns.weight, "group": config.columns.group, "time": time}
    for part, name in parts.items():
        if name == target:
            yield Violation(TARGET_RULE, TRAIN, target, f"{target!r} is both target and {part}", "name two columns")
    if config.columns.weight is not None and config.columns.weight == config.columns.group:
        yield Violation(
            "columns", TRAIN, config.columns.weight, "one column is both weight and group", "name two columns"
        )
    for name in _series(config):
        one = schema.find(name)
        if one is not None and one.type not in (STRING, INTEGER, BOOLEAN):
            message = f"the series column {name!r} is a {one.type}; texts, integers and booleans name series"
            yield Violation("columns", TRAIN, name, message, "name another column, or publish it as text")
    field = schema.find(time) if time else None
    if config.split.time_column and field is not None and field.type not in (TIME, DATE):
        yield Violation(
            "time",
            TRAIN,
            field.name,
            f"the time column {field.name!r} is stored as a {field.type}",
            "store it as a timestamp or date and declare it as datetime or date",
        )
