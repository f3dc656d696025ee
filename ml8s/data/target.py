"""Whether a target column can be learned: its classes, its range, and what the task and the metric need."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from ml8s.config.flow import flow
from ml8s.config.metrics import BINARY, DEFAULT_METRIC, KINDS_OF_TASK, MULTICLASS, RANKING, find_metric
from ml8s.config.model import Config
from ml8s.data.column_types import BOOLEAN, INTEGER, NUMBER, STRING
from ml8s.data.dataset import TRAIN, VALIDATION, Label, Target
from ml8s.data.schema import Field
from ml8s.data.violations import TARGET_RULE, Violation

MAX_CLASSES: Final = 1_000
LARGEST_FLOAT32: Final = 3.4028234663852886e38
CLASSIFICATION: Final = "classification"
LABEL_TYPES: Final = (BOOLEAN, INTEGER, NUMBER, STRING)


class TargetTally:
    """Counts the target's values: rows of each class per file, or its range."""

    def __init__(self, field: Field, task: str) -> None:
        self.field = field
        self.task = task
        self.counts: dict[Label, list[int]] = {}
        self.known = [0, 0]
        self.lowest = math.inf
        self.highest = -math.inf
        self.whole = True
        self.too_many = False

    def take(self, file: int, values: pa.Array) -> None:
        """Counts the next batch of file 0 (train) or 1 (validation)."""
        values = values.drop_null()
        if self.field.type == NUMBER or pa.types.is_floating(values.type):
            values = values.cast(pa.float64(), safe=False)
            values = values.filter(pc.is_finite(values))
        self.known[file] += len(values)
        if not len(values):
            return
        if self.task == CLASSIFICATION:
            self._count_classes(file, values)
        elif self.field.type in (NUMBER, INTEGER):
            span = pc.min_max(values).as_py()
            self.lowest, self.highest = min(self.lowest, float(span["min"])), max(self.highest, float(span["max"]))
            if pa.types.is_floating(values.type):
                self.whole &= pc.all(pc.equal(pc.floor(values), values)).as_py()

    def _count_classes(self, file: int, values: pa.Array) -> None:
        if self.too_many:
            return
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        for entry in pc.value_counts(values):
            label, count = entry["values"].as_py(), entry["counts"].as_py()
            if isinstance(label, float):
                if not label.is_integer():
                    self.whole = False
                    self.too_many = True
                    return
                label = int(label)
            self.counts.setdefault(label, [0, 0])[file] += count
        self.too_many = len(self.counts) > MAX_CLASSES


def judge_target(tally: TargetTally, config: Config, files: int) -> tuple[str, str, Target, list[Violation]]:
    """The kind of task, the metric, the target as the dataset holds it, and what is wrong with it.

    ``files`` is 2 where there is a validation.parquet. With violations the other values are only as good as the data.
    """
    column, found = tally.field.name, _Findings(tally.field.name)
    kind, classes = _kind_and_classes(tally, config, files, found)
    metric = config.metric or DEFAULT_METRIC[kind]
    known = find_metric(metric)
    if known is None or kind not in known.kinds:
        fitting = DEFAULT_METRIC[kind]
        what = f"{len(classes)} classes" if classes is not None else f"a {kind} target"
        found.add(
            f"the metric {metric!r} does not judge {what} of {column!r}",
            f"use {fitting}, or another that fits",
            of_config=True,
        )
    positive = _positive(classes, tally.field, config, found) if kind == BINARY and classes is not None else None
    if kind != BINARY and config.positive_class is not None:
        message = f"positive_class is given, and {column!r} has no positive class ({kind})"
        found.add(message, "remove positive_class", rule="positive_class", of_config=True)
    rows = None if classes is None else tuple(sum(tally.counts[label]) for label in classes)
    return kind, metric, Target(column, tally.field.type, classes, positive, rows), found.violations


class _Findings:
    def __init__(self, column: str) -> None:
        self.column = column
        self.violations: list[Violation] = []

    def add(
        self, message: str, cure: str, *, rule: str = TARGET_RULE, table: str = TRAIN, of_config: bool = False
    ) -> None:
        self.violations.append(Violation(rule, table, self.column, message, cure, of_config=of_config))


def _kind_and_classes(
    tally: TargetTally, config: Config, files: int, found: _Findings
) -> tuple[str, tuple[Label, ...] | None]:
    for file in range(files):
        if not tally.known[file]:
            name = (TRAIN, VALIDATION)[file]
            found.add(
                f"the target {tally.field.name!r} has no value in {name}", "publish rows with targets", table=name
            )
    if config.task == CLASSIFICATION:
        classes = _classes(tally, files, found)
        return MULTICLASS if len(classes) > 2 else BINARY, classes
    kind = KINDS_OF_TASK[config.task][0]
    _judge_numbers(tally, kind, found)
    return kind, None


def _judge_numbers(tally: TargetTally, kind: str, found: _Findings) -> None:
    name, type_ = tally.field.name, tally.field.type
    if type_ not in (NUMBER, INTEGER):
        found.add(f"the target {name!r} is a {type_}; {kind} needs a number", "use task: classification, or convert it")
        return
    if tally.lowest == tally.highest:
        found.add(f"the target {name!r} is constant ({tally.lowest:g})", "a constant needs no model")
    largest = max(abs(tally.lowest), abs(tally.highest))
    if LARGEST_FLOAT32 < largest < math.inf:
        message = f"the target {name!r} reaches {largest:g}, beyond the 32-bit numbers that estimators learn from"
        found.add(message, "publish it in a larger unit: at most 3.4e38")
    if kind == RANKING and (tally.lowest < 0 or not tally.whole):
        found.add(f"the target {name!r} of a ranking holds grades: integers, zero or greater", "convert it to grades")


def _classes(tally: TargetTally, files: int, found: _Findings) -> tuple[Label, ...]:
    name, type_ = tally.field.name, tally.field.type
    if type_ not in LABEL_TYPES:
        found.add(f"the target {name!r} is a {type_}; classes are texts, integers or booleans", "convert it")
        return ()
    if not tally.whole:
        found.add(f"the target {name!r} has fractions and cannot name classes", "use task: regression")
        return ()
    if tally.too_many:
        found.add(f"the target {name!r} has more than {MAX_CLASSES:,} classes", "use task: regression, or group them")
        return ()
    classes = tuple(sorted(tally.counts))
    if len(classes) == 1:
        found.add(f"the target {name!r} is constant ({classes[0]!r})", "publish rows of at least two classes")
    unseen = [label for label in classes if not tally.counts[label][0]]
    if files == 2 and unseen and tally.known[0]:
        listed = ", ".join(map(repr, unseen[:5]))
        message = f"the target {name!r} has classes in {VALIDATION} that {TRAIN} lacks: {listed}"
        found.add(message, "publish rows of every class in train.parquet", table=VALIDATION)
    return classes


def _positive(classes: Sequence[Label], field: Field, config: Config, found: _Findings) -> int | None:
    given = config.positive_class
    listed = ", ".join(map(repr, classes[:5]))
    if given is None:
        if field.type == BOOLEAN or (field.type != STRING and set(classes) <= {0, 1}):
            return len(classes) - 1
        if len(classes) == 2:
            message = f"which class of {field.name!r} is the positive one? It has {listed}"
            found.add(message, f"add `positive_class: {flow(classes[-1])}`", rule="positive_class", of_config=True)
        return None
    for index, label in enumerate(classes):
        if label == given and isinstance(label, bool) == isinstance(given, bool):
            return index
    if classes:
        message = f"positive_class {given!r} is not among the classes of {field.name!r}: {listed}"
        found.add(message, "name one of them, written as in the data", rule="positive_class", of_config=True)
    return None
