"""Rules about names, addresses and the roles of columns."""

from __future__ import annotations

from collections.abc import Iterator

from ml8s.config import locations, names
from ml8s.config.model import Config
from ml8s.config.report import Finding
from ml8s.config.rules.registry import rule
from ml8s.config.strict_yaml import Path


@rule("dataset_uri")
def the_address_is_one_of_a_snapshot(config: Config) -> Iterator[Finding]:
    """Folders, file://, s3:// and abfs:// only, without credentials and detours."""
    if (refused := locations.refusal(config.dataset_uri)) is not None:
        yield Finding(("dataset_uri",), f"`dataset_uri` {refused[0]}", refused[1])


@rule("name")
def a_name_does_not_look_like_an_id(config: Config) -> Iterator[Finding]:
    """A model's id is its name, ``_`` and a date."""
    if config.name is not None and names.looks_like_an_id(config.name):
        yield Finding(
            ("name",),
            f"`name` ends in `_` and 8 digits, as a model's id does: {config.name}",
            f"for example `name: {config.name[:-9]}`",
        )


@rule("task", "columns.group")
def a_ranking_has_queries(config: Config) -> Iterator[Finding]:
    """Ranking, and no other task, has a column that names the query."""
    if config.task == "ranking" and config.columns.group is None:
        yield Finding(
            ("task",),
            "the task `ranking` needs `columns.group`",
            "add `columns:` with `group: …`, the column that says which rows are ranked together",
        )
    if config.task != "ranking" and config.columns.group is not None:
        yield Finding(
            ("columns", "group"),
            f"`columns.group` has no meaning for the task `{config.task}`",
            "remove the line; series are named in `forecasting.series_columns`"
            if config.task == "forecasting"
            else "remove the line; for folds that keep groups whole write `split.group_column`",
            at_key=True,
        )


@rule(
    "target_column",
    "columns",
    "split.time_column",
    "split.group_column",
    "split.identity",
    "feature_engineering.time_column",
    "evaluation.slices",
)
def the_target_has_no_other_role(config: Config) -> Iterator[Finding]:
    """The target is no weight, group, time, identity, slice or ignored column."""
    for path, column in _roles(config):
        if column == config.target_column:
            yield Finding(
                path,
                f"`{'.'.join(str(p) for p in path if isinstance(p, str))}` names the target, `{column}`",
                "name another column, or remove it",
            )


def _roles(config: Config) -> Iterator[tuple[Path, str | None]]:
    yield ("columns", "weight"), config.columns.weight
    yield ("columns", "group"), config.columns.group
    yield ("split", "time_column"), config.split.time_column
    yield ("split", "group_column"), config.split.group_column
    yield ("feature_engineering", "time_column"), config.feature_engineering.time_column
    for path, columns in (
        (("columns", "ignore"), config.columns.ignore),
        (("split", "identity"), config.split.identity),
        (("evaluation", "slices"), config.evaluation.slices),
    ):
        for index, column in enumerate(columns):
            yield (*path, index), column


@rule("columns.weight", "columns.group")
def weight_and_group_are_two_columns(config: Config) -> Iterator[Finding]:
    """One column cannot be both."""
    if config.columns.weight is not None and config.columns.weight == config.columns.group:
        yield Finding(("columns", "weight"), "`columns.weight` and `columns.group` name one column", "name two columns")


@rule(
    "columns.ignore",
    "split.identity",
    "feature_engineering.primitives",
    "feature_engineering.windows",
    "feature_engineering.entities",
    "automl.estimators",
    "evaluation.required",
    "evaluation.slices",
)
def lists_have_no_duplicates(config: Config) -> Iterator[Finding]:
    """Nothing is listed twice."""
    entities = config.feature_engineering.entities.items()
    place = ("feature_engineering", "entities")
    for path, items in (
        (("columns", "ignore"), config.columns.ignore),
        (("split", "identity"), config.split.identity),
        *(((*place, name, "key"), entity.key) for name, entity in entities),
        *(((*place, name, "ignore"), entity.ignore) for name, entity in entities),
        (("feature_engineering", "primitives"), config.feature_engineering.primitives),
        (("feature_engineering", "windows"), config.feature_engineering.windows),
        (("automl", "estimators"), config.automl.estimators),
        (("evaluation", "required"), config.evaluation.required),
        (("evaluation", "slices"), config.evaluation.slices),
    ):
        for index, item in enumerate(items):
            if item in items[:index]:
                yield Finding((*path, index), f"`{item}` stands twice in `{'.'.join(path)}`", "keep one of the two")
