"""Rules about forecasts: the section belongs to the task, and nothing else of the config contradicts it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ml8s.config.frequencies import meant_frequency, parse_frequency
from ml8s.config.model import Config
from ml8s.config.report import Finding
from ml8s.config.rules.registry import rule
from ml8s.config.strict_yaml import Path

TASK: Final = "forecasting"


@rule("task", "forecasting")
def forecasts_have_a_section(config: Config) -> Iterator[Finding]:
    """The task forecasting, and no other, has the section."""
    if config.task == TASK and config.forecasting is None:
        yield Finding(
            ("task",),
            "the task `forecasting` needs the section `forecasting`",
            "add `forecasting:` with `horizon: 28` and `frequency: 1d` below it, "
            "and `series_columns: […]` where there is more than one series",
        )
    if config.task != TASK and config.forecasting is not None:
        yield Finding(
            ("forecasting",),
            f"the section `forecasting` has no meaning for the task `{config.task}`",
            "write `task: forecasting`, or remove the section",
            at_key=True,
        )


@rule("forecasting")
def the_frequency_is_known(config: Config) -> Iterator[Finding]:
    """A number with s, m, h, d, w or mo."""
    section = config.forecasting
    if section is None or parse_frequency(section.frequency) is not None:
        return
    meant = meant_frequency(section.frequency)
    yield Finding(
        ("forecasting", "frequency"),
        f"`forecasting.frequency` must be a number with s, m, h, d, w or mo, not {section.frequency}",
        f"did you mean `{meant}`?" if meant else "for example `1h`, `15m`, `1d`, `1w`, or `1mo` for a month",
    )


@rule("task", "split.strategy")
def forecasts_are_split_by_time(config: Config) -> Iterator[Finding]:
    """A forecast is judged on what comes after its origin."""
    if config.task == TASK and config.split.strategy != "time":
        yield Finding(
            ("split", "strategy"),
            f"the split strategy `{config.split.strategy}` would let a forecast see what comes after it",
            "write `strategy: time` and `time_column: …`",
        )


@rule("task", "split.gap", "split.identity")
def origins_and_series_replace_gap_and_identity(config: Config) -> Iterator[Finding]:
    """Features end at the origin, and series and time name a row."""
    if config.task != TASK:
        return
    if config.split.gap is not None:
        yield Finding(
            ("split", "gap"),
            "`split.gap` has no meaning for the task `forecasting`: features end at the origin of each forecast",
            "remove the line; a longer `forecasting.horizon` looks further ahead",
            at_key=True,
        )
    if config.split.identity:
        yield Finding(
            ("split", "identity"),
            "`split.identity` has no meaning for the task `forecasting`: series and time name a row",
            "remove the line, and name the series in `forecasting.series_columns`",
            at_key=True,
        )


@rule("task", "feature_engineering.enabled")
def forecasts_make_their_own_past(config: Config) -> Iterator[Finding]:
    """Aggregates are as of the row's time, which lies after the origin."""
    if config.task == TASK and config.feature_engineering.enabled:
        yield Finding(
            ("feature_engineering", "enabled"),
            "`feature_engineering` would show a forecast rows after its origin",
            "remove the section: forecasts get lags, rolling statistics and calendar without it",
            at_key=True,
        )


@rule("task", "forecasting", "columns.weight")
def weights_stand_in_every_row(config: Config) -> Iterator[Finding]:
    """A row that the gaps policy adds has no weight."""
    section = config.forecasting
    if section is not None and config.columns.weight is not None and section.gaps != "error":
        yield Finding(
            ("columns", "weight"),
            f"`columns.weight` cannot stand beside `gaps: {section.gaps}`: the rows that it adds have no weight",
            "write `gaps: error`, or remove the weight",
        )


@rule("forecasting", "target_column", "split.time_column", "columns")
def series_and_known_columns_have_no_other_role(config: Config) -> Iterator[Finding]:
    """A series or known column is no target, time, weight or ignored column, and stands once."""
    if config.forecasting is None:
        return
    roles = {config.target_column: "the target", config.split.time_column: "the time column"}
    roles |= {config.columns.weight: "the weight"} | dict.fromkeys(config.columns.ignore, "an ignored column")
    seen: set[str] = set()
    for name, columns in (
        ("series_columns", config.forecasting.series_columns),
        ("known_columns", config.forecasting.known_columns),
    ):
        for index, column in enumerate(columns):
            path: Path = ("forecasting", name, index)
            if column in roles:
                yield Finding(path, f"`forecasting.{name}` names {roles[column]}, `{column}`", "name another column")
            elif column in seen:
                yield Finding(path, f"`{column}` stands twice in `forecasting`", "keep one of the two")
            seen.add(column)
