"""Splits a snapshot: reads what a strategy needs, assigns folds and judges whether they can be learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ml8s.artifacts import Json
from ml8s.config.metrics import BINARY, FORECASTING, RANKING
from ml8s.config.model import Config
from ml8s.data.arrays import as_arrow, as_numpy, as_texts
from ml8s.data.assignment import (
    LEAST_OF_A_CLASS,
    FoldCodes,
    Integers,
    assert_groups_whole,
    drop_cut_groups,
    folds_by_hash,
    promise,
    stratified_folds,
    time_folds,
)
from ml8s.data.column_types import BOOLEAN, DATE, NUMBER, STRING
from ml8s.data.completion import series_of
from ml8s.data.dataset import VALIDATION, Dataset, Label
from ml8s.data.distinct import distinct, in_both
from ml8s.data.folds import FIT, NAMES, TEST, TUNE, Folds
from ml8s.data.hashing import Words, floats_of, hash_rows, integers_of, words_of
from ml8s.data.instants import MICROSECONDS_PER, iso_instant, microseconds_of
from ml8s.data.origins import origin_folds
from ml8s.data.tables import batches, open_table
from ml8s.errors import FoldsImpossible

ROW_KEY: Final = "ml8s fold of a row, seed {seed}"
GROUP_KEY: Final = "ml8s fold of a group, seed {seed}"


@dataclass(slots=True)
class SplitResult:
    """Folds, with what ``folds.json`` says of them."""

    strategy: str
    folds: Folds = field(default_factory=lambda: Folds.of_files([np.empty(0, dtype=np.int8)]))
    cuts: dict[str, Json] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def split_snapshot(snapshot: Path, dataset: Dataset, config: Config) -> SplitResult:
    """Assigns every row of a snapshot to a fold.

    The result depends on the values of the identity, group, time or target columns (by strategy), the ``split``
    section, the seed and the task; never on the order of rows.

    Raises:
        FoldsImpossible: the strategy cannot cut these rows, a fold is empty or weighs nothing, or a class is missing
            from a fold.
    """
    source = _Source(snapshot, dataset, config)
    strategy = config.split.strategy
    result = SplitResult(strategy)
    if dataset.kind == FORECASTING:
        _by_origin(source, result)
        _judge(source, result)
        return result
    if strategy == "time":
        codes = _by_time(source, result)
    elif strategy == "stratified":
        codes = _stratified(source)
    else:
        codes = _by_hash(source, result)
    files = [codes]
    if source.has_validation:
        files.append(np.full(dataset.files[1].rows, TEST, dtype=np.int8))
    result.folds = Folds.of_files(files)
    promise(len(result.folds.fold) == dataset.rows, "each row has one fold")
    _judge(source, result)
    return result


class _Source:
    """The columns of a snapshot that a split reads, per file."""

    def __init__(self, snapshot: Path, dataset: Dataset, config: Config) -> None:
        self.dataset = dataset
        self.config = config
        self.tables = [open_table(path, name) for path, name in dataset.places(snapshot)]
        self.snapshot = snapshot
        self.has_validation = any(file.name == VALIDATION for file in dataset.files)
        self.test = 0.0 if self.has_validation else config.split.test
        self.tune = config.split.tune

    def hashes(self, file: int, columns: Sequence[str], key: str) -> Words:
        """The keyed hash of each row's values of these columns."""
        types = [self.dataset.column(name).type for name in columns]
        parts = [
            hash_rows([words_of(batch[name], type_) for name, type_ in zip(columns, types, strict=True)], key)
            for _, batch in batches(self.tables[file], columns, missing=self.dataset.missing_values)
        ]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)

    def times(self, file: int, column: str) -> Integers:
        """µs since 1970 UTC of each row."""
        type_ = self.dataset.column(column).type
        unit = MICROSECONDS_PER["d"] if type_ == DATE else 1
        parts = [integers_of(batch[column], type_) * unit for _, batch in batches(self.tables[file], [column])]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    def weighted(self, column: str) -> npt.NDArray[np.bool_]:
        """Whether each row of all files has a weight above zero."""
        missing = self.dataset.missing_values
        parts = [
            floats_of(batch[column]) > 0
            for table in self.tables
            for _, batch in batches(table, [column], missing=missing)
        ]
        return np.concatenate(parts)

    def classes(self, file: int) -> Integers:
        """The index of each row's class."""
        target = self.dataset.target
        stored = {BOOLEAN: pa.bool_(), STRING: pa.string()}.get(target.type, pa.int64())
        labels = _labels(target.classes or (), stored)
        parts = []
        for _, batch in batches(self.tables[file], [target.column]):
            values = batch[target.column]
            if pa.types.is_dictionary(values.type):
                values = values.dictionary_decode()
            codes = pc.index_in(values.cast(stored, safe=target.type == NUMBER), value_set=labels)
            parts.append(as_numpy(codes, np.int64))
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _labels(classes: Sequence[Label], stored: pa.DataType) -> pa.Array:
    if stored == pa.string():
        return as_texts([str(label) for label in classes])
    return as_arrow(np.array([int(label) for label in classes], dtype=np.int64)).cast(stored)


def _by_time(source: _Source, result: SplitResult) -> FoldCodes:
    column = source.config.split.time_column or source.dataset.time_column
    if column is None:
        raise FoldsImpossible(
            "a split by time needs a time column", where="split.time_column", cure="set split.time_column"
        )
    train = source.times(0, column)
    validation = source.times(1, column) if source.has_validation else None
    found = time_folds(train, validation, source.test, source.tune, _gap(source.config))
    result.cuts = {"tune": iso_instant(found.tune_from), "test": iso_instant(found.test_from)}
    if found.overlapping:
        message = (
            f"{found.overlapping:,} rows of train.parquet are not before validation.parquet begins "
            f"({iso_instant(found.test_from)})"
        )
        _refuse_or_warn(source, result, message)
    if source.dataset.kind != RANKING or source.dataset.group_column is None:
        return found.folds
    groups = source.hashes(0, [source.dataset.group_column], GROUP_KEY.format(seed=source.config.seed))
    folds, cut = drop_cut_groups(found.folds, groups)
    if cut:
        result.warnings.append(f"{cut:,} queries lie on both sides of a time cut; their rows are dropped")
    assert_groups_whole(folds, groups)
    _check_groups_across(source, result, groups)
    return folds


def _by_origin(source: _Source, result: SplitResult) -> None:
    """Folds of series, filled rows included, with the distance of each row from the origin of its forecast."""
    dataset, config = source.dataset, source.config
    assert config.forecasting is not None, "the task forecasting has the section"
    series = series_of(source.snapshot, dataset, config)
    train = dataset.files[0].rows
    begins = int(series.period[train : train + dataset.files[1].rows].min()) if source.has_validation else None
    found = origin_folds(
        series, config.forecasting.horizon, config.split.test, config.split.tune, test_from=begins, seed=config.seed
    )
    result.cuts = {"tune": series.time(found.tune_from), "test": series.time(found.test_from)}
    late = 0 if begins is None else int(np.count_nonzero(series.period[:train] >= begins))
    if late:
        message = f"{late:,} rows of train.parquet are not before validation.parquet begins ({result.cuts['test']})"
        _refuse_or_warn(source, result, message)
    if found.new:
        result.warnings.append(
            f"{found.new:,} rows are dropped: their series had not begun when their forecast would have been made"
        )
    whole = Folds.of_files(np.split(found.folds, np.cumsum([file.rows for file in dataset.files])[:-1]))
    result.folds = Folds(whole.file, whole.row, whole.fold, found.steps)
    promise(len(found.folds) == dataset.rows, "each row has one fold")


def _gap(config: Config) -> int:
    """Microseconds before each cut that are dropped: ``split.gap``, else the delay after which a target is known."""
    if config.split.gap is not None:
        return microseconds_of(config.split.gap)
    history = config.feature_engineering.label_history
    return 0 if history is None else microseconds_of(history.delay)


def _stratified(source: _Source) -> FoldCodes:
    if source.dataset.target.classes is None:
        raise FoldsImpossible(
            f"strategy stratified needs classes; {source.dataset.target.column!r} is a {source.dataset.kind} target",
            where="split.strategy",
            cure="use random, group or time",
        )
    hashes = source.hashes(0, source.dataset.identity, ROW_KEY.format(seed=source.config.seed))
    return stratified_folds(hashes, source.classes(0), source.test, source.tune)


def _by_hash(source: _Source, result: SplitResult) -> FoldCodes:
    seed = source.config.seed
    group = _group_column(source)
    if group is None:
        hashes = source.hashes(0, source.dataset.identity, ROW_KEY.format(seed=seed))
        return folds_by_hash(hashes, source.test, source.tune)
    groups = source.hashes(0, [group], GROUP_KEY.format(seed=seed))
    folds = folds_by_hash(groups, source.test, source.tune)
    assert_groups_whole(folds, groups)
    _check_groups_across(source, result, groups, group)
    return folds


def _group_column(source: _Source) -> str | None:
    """The column whose equal values stay together: a ranking's query under every strategy."""
    if source.dataset.kind == RANKING:
        return source.dataset.group_column
    if source.config.split.strategy != "group":
        return None
    group = source.config.split.group_column or source.dataset.group_column
    if group is None:
        raise FoldsImpossible(
            "strategy group needs a column", where="split.group_column", cure="set split.group_column"
        )
    return group


def _check_groups_across(source: _Source, result: SplitResult, groups: Words, column: str | None = None) -> None:
    column = column or source.dataset.group_column
    if not source.has_validation or column is None:
        return
    key = GROUP_KEY.format(seed=source.config.seed)
    shared = len(in_both(groups, source.hashes(1, [column], key)))
    if shared:
        message = f"{shared:,} values of {column!r} stand in both train.parquet and validation.parquet"
        _refuse_or_warn(source, result, message)


def _refuse_or_warn(source: _Source, result: SplitResult, message: str) -> None:
    if source.config.split.overlap == "allow":
        result.warnings.append(message + " (split.overlap: allow)")
        return
    raise FoldsImpossible(
        message,
        where="validation.parquet",
        cure="publish files that do not overlap, or set split.overlap: allow if you accept an optimistic test",
    )


def _judge(source: _Source, result: SplitResult) -> None:
    """Refuses empty folds, folds that lack a class and, in a ranking, folds without a pair to order."""
    counts = result.folds.counts()
    for name in NAMES[: TEST + 1]:
        if not counts[name]:
            raise FoldsImpossible(
                f"the fold {name} is empty: {counts['fit']:,} fit, {counts['tune']:,} tune, {counts['test']:,} test, "
                f"{counts['dropped']:,} dropped",
                where="split",
                cure="use more data, other shares (split.test, split.tune), a smaller gap or another strategy",
            )
    if source.dataset.weight_column is not None:
        _judge_weights(source, result, source.dataset.weight_column)
    if source.dataset.target.classes is not None:
        _judge_classes(source, result)
    if source.dataset.kind == RANKING and source.dataset.group_column is not None:
        _judge_queries(source, result, source.dataset.group_column)


def _judge_weights(source: _Source, result: SplitResult, column: str) -> None:
    """Refuses folds whose rows all weigh nothing, and a fit fold in which but one of two classes weighs anything."""
    weighted = source.weighted(column)
    for fold in (FIT, TUNE, TEST):
        if not weighted[result.folds.fold == fold].any():
            raise _weightless(f"no row of the fold {NAMES[fold]}", column)
    if source.dataset.kind != BINARY:
        return
    fit = weighted & (result.folds.fold == FIT)
    codes = np.concatenate([source.classes(file) for file in range(len(source.tables))])
    for code, label in enumerate(source.dataset.target.classes or ()):
        if not fit[codes == code].any():
            raise _weightless(f"no row of class {label!r} in the fold fit", column)


def _weightless(which: str, column: str) -> FoldsImpossible:
    return FoldsImpossible(
        f"{which} has a weight above zero",
        where=column,
        cure="give more rows a weight, drop columns.weight, or use another strategy",
    )


def _judge_queries(source: _Source, result: SplitResult, column: str) -> None:
    """Refuses folds in which no query has two rows: there is nothing to rank."""
    key = GROUP_KEY.format(seed=source.config.seed)
    queries = np.concatenate([source.hashes(file, [column], key) for file in range(len(source.tables))])
    for fold in (FIT, TUNE, TEST):
        found = queries[result.folds.fold == fold]
        if len(distinct(found)) == len(found):
            raise FoldsImpossible(
                f"no query of the fold {NAMES[fold]} has two rows: there is nothing to rank",
                where=column,
                cure="set columns.group to the column that the rows of one query share",
            )


def _judge_classes(source: _Source, result: SplitResult) -> None:
    classes = source.dataset.target.classes or ()
    codes = np.concatenate([source.classes(file) for file in range(len(source.tables))])
    table = np.zeros((len(classes), len(NAMES)), dtype=np.int64)
    np.add.at(table, (codes, result.folds.fold), 1)
    least = LEAST_OF_A_CLASS if result.strategy == "stratified" else 1
    for index, label in enumerate(classes):
        for fold in (FIT, TUNE, TEST):
            count = int(table[index, fold])
            if count >= least:
                continue
            message = f"the fold {NAMES[fold]} has {count} rows of class {label!r}"
            if result.strategy == "stratified":
                message += f"; stratified folds need {LEAST_OF_A_CLASS}"
            elif fold != FIT and source.dataset.kind != BINARY:
                result.warnings.append(message)
                continue
            raise FoldsImpossible(
                message, where=source.dataset.target.column, cure="publish more rows of it, or use another strategy"
            )
