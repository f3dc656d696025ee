"""Bad data, case by case: what is wrong, and what the validate step must say of it. One case a line."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from tests.data.conftest import ROWS, START, constrain

Columns = dict[str, pa.Array]


def put(column: str, at: int | slice | None, value: Any) -> Callable[[Columns], None]:
    """Sets one value, a slice of values, or (at None) the whole column."""

    def change(rows: Columns) -> None:
        if at is None:
            rows[column] = value(len(rows["id"])) if callable(value) else value
            return
        values = rows[column].to_pylist()
        if isinstance(at, slice):
            values[at] = [value] * len(values[at])
        else:
            values[at] = value
        rows[column] = pa.array(values, rows[column].type)

    return change


@dataclass
class Case:
    """One thing that is wrong, and what must be said of it."""

    name: str
    rule: str
    column: str
    says: str
    train: Callable[[Columns], None] | None = None
    validation: Callable[[Columns], None] | None = None
    schema: Callable[[dict[str, Any]], None] | None = None
    config: dict[str, Any] = field(default_factory=dict)
    count: int = 0
    rows: list[int] | None = None
    table: str = "train.parquet"


def rule(column: str, **more: Any) -> Callable[[dict[str, Any]], None]:
    return lambda schema: constrain(schema, column, **more)


def top(**more: Any) -> Callable[[dict[str, Any]], None]:
    return lambda schema: schema.update({key.replace("__", ":"): value for key, value in more.items()})


def without(column: str) -> Callable[[dict[str, Any]], None]:
    return lambda schema: schema.pop(column, None)


INF, NAN = float("inf"), float("nan")
REGRESSION = {"task": "regression", "target_column": "amount"}
BY_TIME = {"split": {"strategy": "time", "time_column": "when"}}
RANKING = {"task": "ranking", "target_column": "visits", "columns": {"group": "city"}}

CASES = [
    Case("a null in a required number", "required", "amount", "is null", put("amount", 5, None), schema=rule("amount", required=True), count=1, rows=[5]),
    Case("NaN counts as null", "required", "amount", "is null", put("amount", slice(3, 6), NAN), schema=rule("amount", required=True), count=3, rows=[3, 4, 5]),
    Case("a null in a required text", "required", "city", "is null", put("city", 9, None), schema=rule("city", required=True), count=1, rows=[9]),
    Case("an empty text is a missing value", "required", "city", "is null", put("city", 9, ""), schema=rule("city", required=True), count=1, rows=[9]),
    Case("a listed missing value is null", "required", "city", "is null", put("city", 9, "NA"), schema=lambda s: (constrain(s, "city", required=True), s.update(missingValues=["NA"])), count=1, rows=[9]),
    Case("a null in a required time", "required", "when", "is null", put("when", 2, None), schema=rule("when", required=True), count=1, rows=[2]),
    Case("a null in a required date", "required", "born", "is null", put("born", 2, None), schema=rule("born", required=True), count=1, rows=[2]),
    Case("a null in a required boolean", "required", "member", "is null", put("member", 2, None), schema=rule("member", required=True), count=1, rows=[2]),
    Case("more rows than are listed", "required", "amount", "is null", put("amount", slice(0, 50), None), schema=rule("amount", required=True), count=50, rows=list(range(10))),
    Case("a text outside its enum", "enum", "city", "none of its enum", put("city", 7, "Paris"), schema=rule("city", enum=["Bern", "Oslo", "Rome", "Lima"]), count=1, rows=[7]),
    Case("an integer outside its enum", "enum", "visits", "none of its enum", put("visits", 7, 99), schema=rule("visits", enum=list(range(13))), count=1, rows=[7]),
    Case("a boolean outside its enum", "enum", "member", "none of its enum", put("member", slice(0, 2), True), schema=rule("member", enum=[False]), count=41, rows=None),
    Case("a date outside its enum", "enum", "born", "none of its enum", put("born", None, lambda n: pa.array([1] * n, pa.int32()).cast(pa.date32())), schema=rule("born", enum=["1970-01-03"]), count=ROWS),
    Case("below the minimum", "minimum", "amount", "below its minimum -10.0", put("amount", 4, -11.0), schema=rule("amount", minimum=-10), count=1, rows=[4]),
    Case("above the maximum", "maximum", "amount", "above its maximum 10.0", put("amount", 4, 10.5), schema=rule("amount", maximum=10), count=1, rows=[4]),
    Case("an integer below the minimum", "minimum", "visits", "below", put("visits", 4, -1), schema=rule("visits", minimum=0), count=1, rows=[4]),
    Case("a time above the maximum", "maximum", "when", "2026-01-03T00:00:00Z", schema=rule("when", maximum="2026-01-03T00:00:00Z"), count=ROWS - 49, rows=list(range(49, 59))),
    Case("a date below the minimum", "minimum", "born", "below its minimum 1997", schema=rule("born", minimum="1997-06-01"), count=1, train=put("born", None, pa.array([20000] * 8 + [0] + [20000] * (ROWS - 9), pa.int32()).cast(pa.date32())), rows=[8]),
    Case("a text that does not match", "pattern", "city", "does not match its pattern", put("city", 3, "rome"), schema=rule("city", pattern="[A-Z][a-z]+"), count=1, rows=[3]),
    Case("a pattern matches the whole text", "pattern", "city", "does not match", put("city", 3, "Rome!"), schema=rule("city", pattern="[A-Z][a-z]+"), count=1, rows=[3]),
    Case("a pattern made to explode elsewhere", "pattern", "city", "does not match", put("city", 3, "a" * 5000 + "!"), schema=rule("city", pattern="(a+)+|[A-Z][a-z]+"), count=1, rows=[3]),
    Case("a unique column repeats", "unique", "visits", "repeats an earlier row", put("visits", None, lambda n: pa.array([*range(n - 1), 0])), schema=rule("visits", unique=True), count=1, rows=[ROWS - 1]),
    Case("a unique text repeats", "unique", "city", "repeats an earlier row", schema=rule("city", unique=True), count=ROWS - 4, rows=list(range(4, 14))),
    Case("the primary key repeats", "primary_key", "id", "repeats an earlier row", put("id", 8, 3), count=1, rows=[8]),
    Case("the primary key is null", "primary_key", "id", "is null", put("id", 8, None), count=1, rows=[8]),
    Case("two nulls are no repetition", "primary_key", "id", "is null", put("id", slice(8, 10), None), count=2, rows=[8, 9]),
    Case("a key of two columns repeats", "primary_key", "city, visits", "repeats", schema=top(primaryKey=["city", "visits"]), count=ROWS - 52),
    Case("a key stands in both files", "primary_key", "id", "repeats", validation=put("id", 4, 17), count=1, rows=[4], table="validation.parquet"),
    Case("a key repeats within validation", "primary_key", "id", "repeats", validation=put("id", 4, 1003), count=1, rows=[4], table="validation.parquet"),
    Case("an infinity", "infinite", "amount", "is infinite", put("amount", 6, INF), count=1, rows=[6]),
    Case("a negative infinity in validation", "infinite", "amount", "is infinite", validation=put("amount", 6, -INF), count=1, rows=[6], table="validation.parquet"),
    Case("an integer stored as float with fractions", "type", "visits", "has fractions", put("visits", None, lambda n: pa.array([*map(float, range(n - 1)), 0.5])), schema=rule("visits", type="integer"), count=1, rows=[ROWS - 1]),
    Case("a foreign key leads nowhere", "foreign_key", "visits", "is not found in this table (id)", put("visits", 3, 4000), schema=top(foreignKeys=[{"fields": "visits", "reference": {"resource": "", "fields": "id"}}]), count=1, rows=[3]),
    Case("a time after as_of", "future", "when", "after ml8s:as_of", schema=lambda s: (s.update({"ml8s:as_of": "2026-01-02T00:00:00Z"}), constrain(s, "when", ml8s_role="time")), count=ROWS - 25),
    Case("a date after as_of", "future", "born", "after ml8s:as_of", put("born", 0, None), schema=lambda s: (s.update({"ml8s:as_of": "1997-05-20T23:59:00Z"}), constrain(s, "born", ml8s_role="time")), count=ROWS - 1, rows=None),
    Case("no target column", "target", "is_fraud", "did you mean|its columns", config={"target_column": "is_fraud"}),
    Case("a target misspelt", "target", "membr", "did you mean 'member'", config={"target_column": "membr"}),
    Case("a null target", "target", "y", "the target column 'y' is null", put("y", 3, None), count=1, rows=[3]),
    Case("no target at all", "target", "y", "has no value in train.parquet", put("y", slice(0, ROWS), None)),
    Case("a constant class", "target", "y", "is constant (1)", put("y", slice(0, ROWS), 1)),
    Case("a target beyond 32 bits", "target", "amount", "reaches 1e+39, beyond the 32-bit numbers", put("amount", 3, 1e39), config=REGRESSION),
    Case("a target far below zero", "target", "amount", "beyond the 32-bit numbers", put("amount", 3, -1e39), config=REGRESSION),
    Case("a constant number", "target", "amount", "is constant (2)", put("amount", slice(0, ROWS), 2.0), config=REGRESSION),
    Case("three classes for a binary metric", "target", "visits", "does not judge 3 classes", put("visits", None, lambda n: pa.array(np.arange(n) % 3)), config={"target_column": "visits", "metric": "roc_auc"}),
    Case("a metric of many classes for two", "target", "y", "does not judge 2 classes", config={"metric": "f1_macro"}),
    Case("an unknown metric", "target", "y", "does not judge", config={"metric": "roc"}),
    Case("a regression metric for classes", "target", "y", "'rmse' does not judge", config={"metric": "rmse"}),
    Case("texts for regression", "target", "city", "is a string; regression needs a number", config={"task": "regression", "target_column": "city"}),
    Case("booleans for regression", "target", "member", "is a boolean", config={"task": "regression", "target_column": "member"}),
    Case("times for regression", "target", "when", "is a time", config={"task": "regression", "target_column": "when"}),
    Case("times as classes", "target", "when", "is a time", config={"target_column": "when"}),
    Case("an infinite target", "infinite", "amount", "is infinite", put("amount", 6, INF), config=REGRESSION, count=1),
    Case("fractions as classes", "target", "amount", "has fractions and cannot name classes", config={"target_column": "amount"}),
    Case("too many classes", "target", "visits", "more than 1,000 classes", train=lambda r: r.update({n: pa.concat_arrays([a] * 10) for n, a in r.items()} | {"visits": pa.array(range(ROWS * 10)), "id": pa.array(range(ROWS * 10))}), config={"target_column": "visits"}),
    Case("which text is positive", "positive_class", "city", "which class of 'city' is the positive one", put("city", None, lambda n: pa.array(["yes", "no", "no"] * (n // 3))), config={"target_column": "city"}),
    Case("which of the texts 0 and 1 is positive", "positive_class", "city", 'add `positive_class: "1"`', put("city", None, lambda n: pa.array(["0", "1", "1"] * (n // 3))), config={"target_column": "city"}),
    Case("which of 1 and 2 is positive", "positive_class", "visits", "which class", put("visits", None, lambda n: pa.array([1, 2, 2] * (n // 3))), config={"target_column": "visits"}),
    Case("a positive class that is none", "positive_class", "y", "positive_class 'yes' is not among", config={"positive_class": "yes"}),
    Case("true is not 1", "positive_class", "y", "positive_class True is not among", config={"positive_class": True}),
    Case("a positive class of a regression", "positive_class", "amount", "has no positive class", config={**REGRESSION, "positive_class": 1}),
    Case("a class that only validation has", "target", "y", "that train.parquet lacks: 2", validation=put("y", 3, 2), config={}, table="validation.parquet"),
    Case("the target is the key", "target", "id", "is part of the primary key", config={"target_column": "id"}),
    Case("the target is ignored", "target", "y", "holds the target", config={"columns": {"ignore": ("y",)}}),
    Case("the target is the weight", "target", "visits", "is both target and weight", config={"task": "regression", "target_column": "visits", "columns": {"weight": "visits"}}),
    Case("negative grades", "target", "visits", "holds grades", put("visits", 0, -1), config=RANKING),
    Case("grades with fractions", "target", "amount", "holds grades", config={**RANKING, "target_column": "amount"}),
    Case("a ranking without queries", "group", "", "needs a column that names the query", config={"task": "ranking", "target_column": "visits"}),
    Case("a query that is null", "group", "city", "the group column 'city' is null", put("city", 3, None), config=RANKING, count=1, rows=[3]),
    Case("a group of a split that is null", "group", "city", "is null", put("city", 3, None), config={"split": {"strategy": "group", "group_column": "city"}}, count=1, rows=[3]),
    Case("a negative weight", "weight", "amount", "is negative", config={"columns": {"weight": "amount"}}, count=None),
    Case("a null weight", "weight", "visits", "is null", put("visits", 3, None), config={"columns": {"weight": "visits"}}, count=1, rows=[3]),
    Case("only zero weights", "weight", "visits", "is zero in every row", put("visits", slice(0, ROWS), 0), config={"columns": {"weight": "visits"}}),
    Case("a weight beyond bounds", "weight", "amount", "reaches 1e+300", put("amount", None, lambda n: pa.array(np.full(n, 1e300))), config={"columns": {"weight": "amount"}}),
    Case("a weight of text", "weight", "city", "is a string", config={"columns": {"weight": "city"}}),
    Case("weight and group in one", "columns", "visits", "both weight and group", config={"columns": {"weight": "visits", "group": "visits"}}),
    Case("no time column", "columns", "time", "split.time_column names 'time'", config={"split": {"strategy": "time", "time_column": "time"}}),
    Case("a time column of text", "time", "city", "is stored as a string", config={"split": {"strategy": "time", "time_column": "city"}}),
    Case("a constant time", "time", "when", "is constant (2026-01-01T00:00:00Z)", put("when", None, lambda n: pa.array([START] * n, pa.timestamp("us", tz="UTC"))), config=BY_TIME),
    Case("a null time", "time", "when", "is null", put("when", 3, None), config=BY_TIME, count=1, rows=[3]),
    Case("no time at all", "time", "when", "is null", put("when", slice(0, ROWS), None), config=BY_TIME, count=ROWS),
    Case("a zone in one file only", "time", "when", "a zone in one file", validation=lambda r: r.update(when=r["when"].cast(pa.timestamp("us"))), table="validation.parquet"),
    Case("an unknown weight", "columns", "wieght", "columns.weight names", config={"columns": {"weight": "wieght"}}),
    Case("an unknown column to ignore", "columns", "vists", "did you mean 'visits'", config={"columns": {"ignore": ("vists",)}}),
    Case("an unknown identity", "columns", "nr", "split.identity names", config={"split": {"strategy": "random", "identity": ("nr",)}}),
    Case("nothing left to learn from", "columns", "", "no column is left", config={"columns": {"ignore": ("amount", "visits", "city", "member", "when", "born")}}),
    Case("the target stands under another name", "leak", "visits", "gives the target 'y' away", lambda r: r.update(visits=r["y"])),
    Case("the classes stand under other names", "leak", "city", "gives the target 'y' away", lambda r: r.update(city=pa.array(["no" if v == 0 else "yes" for v in r["y"].to_pylist()]))),
    Case("a copied number", "leak", "visits", "gives the target 'amount' away", lambda r: r.update(visits=r["amount"]), schema=rule("visits", type="number"), config=REGRESSION),
    Case("no rows", "rows", "", "train.parquet has no rows", lambda r: r.update({n: a[:0] for n, a in r.items()})),
    Case("no rows in validation", "rows", "", "validation.parquet has no rows", validation=lambda r: r.update({n: a[:0] for n, a in r.items()}), table="validation.parquet"),
]
