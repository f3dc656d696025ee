from __future__ import annotations

import subprocess
import sys

import pytest

from ml8s.config.model import FeatureEngineering
from ml8s.errors import AggregatesRefused, LibraryMissing
from ml8s.features.asof.feature import PRIMITIVES, Child
from ml8s.features.definitions import define
from ml8s.features.entities import Entity, EntitySet

DAY = 86_400_000_000
CUSTOMERS = Entity("customers", ("customer",), ("string",))
REGION = Entity("region", ("customers.region",), ("string",), "customers")
VALUES = (("amount", "number"), ("items", "integer"), ("online", "boolean"), ("channel", "string"))


def entity_set(*entities: Entity, label: str | None = None) -> EntitySet:
    return EntitySet("at", DAY, entities, (), VALUES, label, 7 * DAY if label else 0)


def config(**changes: object) -> FeatureEngineering:
    return FeatureEngineering.model_validate({"enabled": True, **changes}, strict=False)


def test_names_are_those_of_featuretools_with_the_window_behind() -> None:
    made = define(entity_set(CUSTOMERS), config(primitives=["mean", "count"], windows=["7d", "all"])).features
    assert [(f.name, f.primitive, f.column, f.window) for f in made] == [
        ("customers.MEAN(rows.amount) 7d", "mean", "amount", 7 * DAY),
        ("customers.MEAN(rows.amount)", "mean", "amount", None),
        ("customers.MEAN(rows.items) 7d", "mean", "items", 7 * DAY),
        ("customers.MEAN(rows.items)", "mean", "items", None),
        ("customers.COUNT(rows) 7d", "count", None, 7 * DAY),
        ("customers.COUNT(rows)", "count", None, None),
    ]


def test_all_thirteen_primitives_are_made_of_the_columns_that_they_fit() -> None:
    made = define(entity_set(CUSTOMERS), config(primitives=list(PRIMITIVES), windows=["all"])).features
    found = {name: {f.column for f in made if f.primitive == name} for name in PRIMITIVES}
    numbers = {"amount", "items"}
    assert found["count"] == found["time_since_last"] == {None}
    assert all(found[name] == numbers for name in ("sum", "mean", "min", "max", "std", "trend"))
    assert found["percent_true"] == {"online"}
    assert "channel" in found["num_unique"]
    assert numbers < found["first"] == found["last"]
    assert "channel" in found["first"] & found["mode"]


def test_what_featuretools_defines_and_the_engine_does_not_make_is_dropped_with_the_reason() -> None:
    dropped = define(entity_set(CUSTOMERS, REGION), config(primitives=["max", "count"], windows=["all"])).dropped
    reasons = {d.name: d.reason for d in dropped}
    assert reasons["region.MAX(customers.COUNT(rows))"].startswith("stacked features are count, sum, mean over count")


def test_depth_two_stacks_over_the_entities_inside() -> None:
    made = define(entity_set(CUSTOMERS, REGION), config(primitives=["mean", "count"], windows=["30d"])).features
    stacked = {f.name: f.child for f in made if f.child}
    assert stacked == {
        "region.MEAN(customers.COUNT(rows)) 30d": Child(("customer",), "count"),
        "region.MEAN(customers.MEAN(rows.amount)) 30d": Child(("customer",), "mean"),
        "region.MEAN(customers.MEAN(rows.items)) 30d": Child(("customer",), "mean"),
    }
    flat = define(entity_set(CUSTOMERS, REGION), config(max_depth=1, primitives=["mean", "count"], windows=["30d"]))
    assert not [f for f in flat.features if f.child]


def test_ignored_columns_of_an_entity_are_not_aggregated_by_it() -> None:
    entity = Entity("customers", ("customer",), ("string",), ignore=frozenset({"amount"}))
    made = define(entity_set(entity), config(primitives=["sum"], windows=["all"])).features
    assert {f.column for f in made} == {"items"}


def test_the_label_is_known_after_its_delay_and_nothing_else_waits() -> None:
    made = define(entity_set(CUSTOMERS, label="y"), config(primitives=["mean", "count"], windows=["7d"])).features
    assert {f.column: f.delay for f in made} == {"amount": 0, "items": 0, "y": 7 * DAY, None: 0}


def test_too_many_features_are_refused_with_the_number_and_the_limit() -> None:
    with pytest.raises(AggregatesRefused, match="would make 7 aggregates, and max_features allows 6") as caught:
        define(
            entity_set(CUSTOMERS), config(primitives=["sum", "mean", "min", "count"], windows=["7d"], max_features=6)
        )
    assert "windows" in caught.value.cure


def test_an_explosion_is_refused_before_featuretools_is_asked() -> None:
    many = EntitySet("at", DAY, (CUSTOMERS,), (), tuple((f"x{i}", "number") for i in range(1000)))
    code = (
        "import sys\nfrom tests.features.test_definitions import *\n"
        "many = EntitySet('at', DAY, (CUSTOMERS,), (), tuple((f'x{i}', 'number') for i in range(1000)))\n"
        "try:\n    define(many, config(primitives=list(PRIMITIVES)))\n"
        "except AggregatesRefused as error:\n    print(error.message)\n"
        "print('featuretools' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert "at most 52000 aggregates, and max_features allows 500" in said[0]
    assert said[1] == "False"
    assert len(many.values) == 1000


def test_without_featuretools_the_step_says_what_to_install() -> None:
    code = (
        "import sys\nsys.modules['featuretools'] = None\nfrom tests.features.test_definitions import *\n"
        "try:\n    define(entity_set(CUSTOMERS), config())\n"
        "except LibraryMissing as error:\n    print(error.code, error.cure)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.startswith("ML8S-S012 ")
    assert "extra `features`" in said
    assert LibraryMissing.exit_status == 2
