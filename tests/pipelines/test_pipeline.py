"""Pipelines: edges come from ports, and what does not fit together is refused by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ml8s.catalogue import SNAPSHOT, STEPS, Port, StepSpec
from ml8s.errors import InternalError, InvalidUsage
from ml8s.pipelines.pipeline import Pipeline, Task, unread_fields
from ml8s.pipelines.train import TRAIN


def make_spec(
    name: str, inputs: str = "", outputs: str = "", *, fan_out: str | None = None, many: str = ""
) -> StepSpec:
    ports_in = tuple(Port(port, "matrix", "", many=port in many.split()) for port in inputs.split())
    ports_out = tuple(Port(port, "matrix", "") for port in outputs.split())
    return StepSpec(name, f"{name}.", ports_in, ports_out, reads=("seed",), fan_out=fan_out)


def items(_: str) -> list[str]:
    return ["xgboost", "lgbm"]


def test_the_train_pipeline_fits_together_and_flows_in_its_written_order() -> None:
    wiring = TRAIN.wire()
    assert tuple(spec.name for spec in wiring.specs) == TRAIN.steps
    assert ("validate", "dataset", "split") in wiring.edges()
    assert ("search", "candidate", "select") in wiring.edges()
    assert ("evaluate", "verdict", "register") in wiring.edges()
    assert all(source != "register" for source, _, _ in wiring.edges())


def test_a_fan_out_is_one_task_per_item_in_the_order_of_the_config() -> None:
    labels = [task.label for task in TRAIN.wire().tasks(items)]
    assert labels == [
        "validate", "split", "featurize", "search[xgboost]", "search[lgbm]", "select", "evaluate", "register",
    ]  # fmt: skip


def test_the_items_of_a_many_port_come_sorted_whatever_the_config_says() -> None:
    wiring = TRAIN.wire()
    select = next(task for task in wiring.tasks(items) if task.label == "select")
    assert [source.name for source in wiring.sources(select, items)] == [
        "matrix", "candidate[lgbm]", "candidate[xgboost]",
    ]  # fmt: skip


def test_a_step_may_be_written_before_what_feeds_it() -> None:
    specs = (make_spec("a", "", "x"), make_spec("b", "x", "y"), make_spec("c", "y", ""))
    assert [spec.name for spec in Pipeline("p", ("c", "b", "a")).wire(specs).specs] == ["a", "b", "c"]


def test_until_keeps_exactly_what_a_step_needs() -> None:
    wiring = TRAIN.wire()
    assert [task.label for task in wiring.upto("split", items)] == ["validate", "split"]
    assert [task.label for task in wiring.upto("search[lgbm]", items)][-1:] == ["search[lgbm]"]
    assert len(wiring.upto("search", items)) == 5
    with pytest.raises(InvalidUsage, match="did you mean evaluate") as caught:
        wiring.upto("evalute", items)
    assert "search[lgbm]" in caught.value.cure


@pytest.mark.parametrize(
    ("specs", "steps", "message"),
    [
        ((make_spec("validate"),), ("valdate",), "did you mean validate"),
        ((make_spec("a"),), ("a", "a"), "2 times"),
        ((make_spec("a", "model"),), ("a",), "needs 'model', which no step of it makes"),
        ((make_spec("a", "", "modell"), make_spec("b", "model")), ("a", "b"), "did you mean modell"),
        ((make_spec("a", "", "x"), make_spec("b", "", "x")), ("a", "b"), "made by a and by b"),
        ((make_spec("a", "", SNAPSHOT),), ("a",), "the data set itself"),
        ((make_spec("a", "y", "x"), make_spec("b", "x", "y")), ("a", "b"), "wait for each other"),
        ((make_spec("a", "x", "x"),), ("a",), "wait for each other"),
        ((make_spec("a", "", "x", fan_out="l"), make_spec("b", "x")), ("a", "b"), "is fanned out"),
        ((make_spec("a", "", "x"), make_spec("b", "x", many="x")), ("a", "b"), "is not fanned out"),
    ],
)
def test_what_does_not_fit_together_is_refused_by_name(
    specs: tuple[StepSpec, ...], steps: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InternalError, match=message) as caught:
        Pipeline("p", steps).wire(specs)
    assert caught.value.cure


def test_removing_any_step_but_the_last_breaks_the_train_pipeline() -> None:
    for name in TRAIN.steps[:-1]:
        with pytest.raises(InternalError):
            Pipeline("p", tuple(step for step in TRAIN.steps if step != name)).wire()


def test_every_field_of_the_config_is_read_by_some_step() -> None:
    from pydantic import BaseModel

    from ml8s.config.model import LOCATORS, Config

    def paths(model: type[BaseModel], prefix: str = "") -> list[str]:
        found: list[str] = []
        for name, field in model.model_fields.items():
            kind = field.annotation
            nested = isinstance(kind, type) and issubclass(kind, BaseModel)
            found += paths(kind, f"{prefix}{name}.") if nested else [f"{prefix}{name}"]  # type: ignore[arg-type]
        return found

    fields = paths(Config)
    assert "automl.max_trials" in fields
    assert unread_fields(STEPS, fields, LOCATORS) == []
    assert unread_fields(STEPS, ["deploy.strategy", "seed"], LOCATORS) == ["deploy.strategy"]


def test_a_task_is_named_by_its_step_and_item() -> None:
    assert Task(make_spec("search"), "lgbm").label == "search[lgbm]"
    assert Task(make_spec("split")).label == "split"


def test_pipelines_import_the_standard_library_only() -> None:
    code = "import sys, ml8s.pipelines.train; print(sorted(m for m in sys.modules if m in "
    code += "('pydantic', 'yaml', 'numpy', 'pandas', 'click')))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
