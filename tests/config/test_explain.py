"""What explain, schema and config show say, from the objects themselves."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from ml8s.catalogue import STEPS
from ml8s.config import show
from ml8s.config.explain import errors, explain, readers, wrapped
from ml8s.config.fields import ANY, Field, fields
from ml8s.config.flow import flow
from ml8s.config.loader import load_config, parse_config
from ml8s.config.metrics import METRICS
from ml8s.config.model import UNBUILT_SECTIONS, Config
from ml8s.config.schema import json_schema
from ml8s.errors import UnknownTopic

PRODUCT = Path(__file__).parent / "product.yaml"
FIELDS = list(fields().values())
REQUIRED = {"dataset_uri": "data", "task": "classification", "target_column": "y", "split": {"strategy": "random"}}


def is_shown(field: Field) -> bool:
    """A section inside of a section, and one that is not given, are shown as one value."""
    if field.path.startswith("forecasting"):
        return field.section
    depth = field.path.count(".")
    return depth == 1 or (depth == 0 and not field.section)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.path)
def test_a_field_is_explained_with_all_that_is_known_of_it(field: Field) -> None:
    text = explain(field.path)
    assert field.description.endswith(".")
    assert field.description in text
    assert f"{field.name}: {flow(field.example)}" in text
    assert field.unit in text
    assert all(value in text for value in field.allowed)
    if not field.section:
        assert ("it must be given" if field.required else flow(field.default)) in text


@pytest.mark.parametrize("topic", [None, "platform", "ML8S-T002", *(field.path for field in FIELDS), *METRICS])
def test_a_text_is_wrapped_at_80_columns_and_loses_no_word(topic: str | None) -> None:
    whole = explain(topic)
    shown = wrapped(whole)
    assert shown.split() == whole.split()
    for line in shown.split("\n"):
        assert len(line) <= 80 or line.lstrip().startswith("example ") or len(line.split()[-1]) > 40, line


def test_what_goes_on_stands_below_its_beginning() -> None:
    assert wrapped("  name  " + "word " * 8, width=30) == "  name  word word word word\n        word word word word"


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.path)
def test_an_example_is_valid(field: Field) -> None:
    value: dict[str, object] = json.loads(json.dumps(REQUIRED))
    *sections, name = field.path.replace(ANY, "shop").split(".")
    target = value
    for section in sections:
        needed = {one.name: one.example for one in FIELDS if one.required and one.path == f"{section}.{one.name}"}
        target = target.setdefault(section, needed)  # type: ignore[assignment]
    assert isinstance(target, dict)
    target[name] = field.example
    assert Config.model_validate_json(json.dumps(value))


def test_every_number_has_a_range() -> None:
    told = {field.path: field for field in fields().values() if "number" in field.kind and field.kind != "section"}
    assert [path for path, field in told.items() if not field.range] == ["positive_class"], "which has none"
    assert (told["evaluation.threshold"].range, told["evaluation.threshold"].unit) == (
        "above 0 and below 1",
        "probability",
    )


def test_every_pattern_is_told_in_words() -> None:
    told = [field for field in fields().values() if field.pattern]
    assert len(told) > 5
    assert [field.path for field in told if set(field.pattern) & set("^$[]\\")] == []


@pytest.mark.parametrize("field", [field for field in FIELDS if field.unit == "" and field.range], ids=lambda f: f.path)
def test_a_range_without_a_unit_is_of_a_plain_count(field: Field) -> None:
    assert field.kind == "whole number"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_is_explained_with_its_ports(step: object) -> None:
    assert step in STEPS
    text = explain(step.name)  # type: ignore[attr-defined]
    for port in (*step.inputs, *step.outputs):  # type: ignore[attr-defined]
        assert port.name in text
        assert port.summary in text


def test_errors_are_explained_by_code_and_by_name() -> None:
    for kind in errors():
        assert explain(kind.code) == explain(kind.code.lower()) == explain(kind.__name__)
        assert f"exit  {kind.exit_status}" in explain(kind.code)


@pytest.mark.parametrize("metric", [*METRICS, "ndcg@5"])
def test_a_metric_is_explained(metric: str) -> None:
    assert "judges" in explain(metric)


def test_a_name_in_two_sections_is_explained_twice() -> None:
    text = explain("time_column")
    assert "split.time_column" in text
    assert "feature_engineering.time_column" in text


def test_a_word_that_is_a_section_and_a_step_is_explained_as_both() -> None:
    assert "split   section" in explain("split")
    assert "split   step" in explain("split")


def test_the_overview_names_every_field_step_and_topic() -> None:
    text = explain(None)
    for field in FIELDS:
        assert field.name in text
    for step in STEPS:
        assert step.summary in text
    assert "target_column*" in text


def test_a_later_section_is_explained_as_such() -> None:
    for name in UNBUILT_SECTIONS:
        assert "Not built yet" in explain(name)


@pytest.mark.parametrize(
    ("topic", "near"),
    [("time_budgt", "automl.time_budget"), ("evalute", "evaluate"), ("ml8s-c0003", "ML8S-C003"), ("rocauc", "roc_auc")],
)
def test_an_unknown_topic_suggests_the_nearest(topic: str, near: str) -> None:
    with pytest.raises(UnknownTopic) as refused:
        explain(topic)
    assert near in refused.value.cure


def test_a_topic_like_nothing_points_to_the_overview() -> None:
    with pytest.raises(UnknownTopic, match="'qqqq'") as refused:
        explain("qqqq")
    assert refused.value.cure == "`ml8s explain` lists all topics"


def test_every_field_but_resources_and_the_address_is_read_by_a_step() -> None:
    unread = {field.path.split(".")[0] for field in FIELDS if not readers(field.path)}
    assert unread == {"dataset_uri", "resources"}


def test_the_schema_is_valid_and_accepts_the_product_config() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(yaml.safe_load(PRODUCT.read_text()))
    validator.validate(REQUIRED)
    assert not validator.is_valid({**REQUIRED, "sede": 1})
    assert not validator.is_valid({**REQUIRED, "split": {"strategy": "radnom"}})
    assert not validator.is_valid({**REQUIRED, "automl": {"time_budget": 0}})
    assert not validator.is_valid({key: value for key, value in REQUIRED.items() if key != "task"})


def test_the_schema_describes_every_field_with_an_example() -> None:
    schema = json_schema()
    sections = [schema, *schema["$defs"].values()]  # type: ignore[union-attr, misc]
    described = [part for section in sections for part in section["properties"].values()]  # type: ignore[index, call-overload]
    assert len(described) == len(FIELDS)
    assert all(part["description"] and part["examples"] for part in described)


def test_the_shown_config_is_a_config_with_the_same_values() -> None:
    loaded = load_config(PRODUCT, ["automl.max_trials=5", "columns.ignore=[a, 'no', '010']"])
    again = parse_config(show.as_yaml(loaded), "shown.yaml")
    assert again.config == loaded.config
    assert set(again.sources.values()).isdisjoint({"default", "set", "file name"})


def test_the_shown_rows_name_every_field_and_its_source() -> None:
    rows = show.rows(load_config(PRODUCT, ["seed=3"]))
    assert [row["field"] for row in rows] == [field.path for field in FIELDS if is_shown(field)]
    by_field = {row["field"]: (row["value"], row["from"]) for row in rows}
    assert by_field["seed"] == ("3", "set")
    assert by_field["metric"] == ("roc_auc", f"{PRODUCT}:4")
    assert by_field["automl.blend"] == ("false", "default")
    assert by_field["name"] == ("product", "file name")


def test_the_shown_json_holds_values_sources_and_the_place_of_the_data() -> None:
    shown = show.as_json(load_config(PRODUCT))
    assert shown["dataset_location"] == "s3://ml-datasets/fraud/v3/"
    assert set(shown) == {"config", "sources", "dataset_location"}
    assert json.loads(json.dumps(shown)) == shown


def test_what_a_report_shows_of_a_config_is_read_by_its_step() -> None:
    examples = {one.path: one.example for one in FIELDS if "." not in one.path and one.path != "forecasting"}
    config = parse_config(yaml.safe_dump({**examples, "name": "mine", "seed": 7}), "mine.yaml").config
    shown = dict(show.beside_defaults(config))
    assert (shown["seed"], shown["name"]) == ("7", "mine")
    assert "dataset_uri" not in shown
    assert not [path for path in shown if path.startswith("resources")]
    assert not [path for path in shown if "evaluate" not in readers(path)]
