"""Rules about folds: each strategy has what it needs and nothing that means nothing to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ml8s.config.model import Config
from ml8s.config.report import Finding
from ml8s.config.rules.registry import rule
from ml8s.config.strict_yaml import Path

SMALLEST_FIT_SHARE: Final = 0.1


@rule("split.strategy", "split.time_column")
def a_time_split_needs_a_time_column(config: Config) -> Iterator[Finding]:
    """Strategy time cuts by a column."""
    if config.split.strategy == "time" and config.split.time_column is None:
        yield Finding(
            ("split", "strategy"),
            "the split strategy `time` needs `split.time_column`",
            "add `time_column: …` below `split:`, the column that says when a row happened",
        )


@rule("split.strategy", "split.group_column")
def a_group_split_has_a_group_column(config: Config) -> Iterator[Finding]:
    """Strategy group, and no other, cuts by a group column."""
    if config.split.strategy == "group" and config.split.group_column is None:
        yield Finding(
            ("split", "strategy"),
            "the split strategy `group` needs `split.group_column`",
            "add `group_column: …` below `split:`, the column whose equal values stay together",
        )
    if config.split.strategy != "group" and config.split.group_column is not None:
        yield Finding(
            ("split", "group_column"),
            f"`split.group_column` has no meaning for the strategy `{config.split.strategy}`",
            "write `strategy: group`, or remove the line",
            at_key=True,
        )


@rule("split.strategy", "split.gap", "split.overlap")
def gap_and_overlap_are_for_a_time_split(config: Config) -> Iterator[Finding]:
    """Only time cuts have a before and an after."""
    if config.split.strategy == "time":
        return
    for name, given in (("gap", config.split.gap is not None), ("overlap", config.split.overlap != "error")):
        if given:
            yield Finding(
                ("split", name),
                f"`split.{name}` has no meaning for the strategy `{config.split.strategy}`",
                "write `strategy: time`, or remove the line",
                at_key=True,
            )


@rule("split.strategy", "task")
def a_stratified_split_needs_classes(config: Config) -> Iterator[Finding]:
    """Stratified cuts within each class."""
    if config.split.strategy == "stratified" and config.task not in ("classification", "forecasting"):
        yield Finding(
            ("split", "strategy"),
            f"the split strategy `stratified` needs classes, and the task is {config.task}",
            "write `strategy: random`, `time` or `group`",
        )


@rule("split.test", "split.tune")
def enough_rows_are_left_to_fit(config: Config) -> Iterator[Finding]:
    """What test and tune leave is at least a tenth."""
    share = (1 - config.split.test) * (1 - config.split.tune)
    if share < SMALLEST_FIT_SHARE:
        yield Finding(
            ("split", "tune"),
            f"`split.test` and `split.tune` leave {share:.0%} of the rows to fit on",
            f"leave at least {SMALLEST_FIT_SHARE:.0%}; by default both are 0.2",
            at_key=True,
        )


@rule("feature_engineering.label_history", "feature_engineering.enabled", "split.strategy")
def label_history_needs_a_time_split(config: Config) -> Iterator[Finding]:
    """Past targets leak wherever folds are not in the order of time."""
    if config.feature_engineering.label_history is None:
        return
    path: Path = ("feature_engineering", "label_history")
    if config.split.strategy != "time":
        yield Finding(
            path,
            f"`label_history` with a {config.split.strategy} split would show the model targets of its test rows",
            "write `split.strategy: time`, or remove label_history",
            at_key=True,
        )
    if not config.feature_engineering.enabled:
        yield Finding(
            path,
            "`label_history` is given, and feature_engineering is off",
            "write `enabled: true`, or remove it",
            at_key=True,
        )
