"""The compiler: goldens, structure, and a structure test that is itself tested by mutation."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml8s.catalogue import STEPS, StepSpec
from ml8s.compile import LARGEST_OBJECT, Compiled, compile_config
from ml8s.config import load_config
from ml8s.config.loader import parse_config
from ml8s.config.model import Config
from ml8s.errors import BeyondPlatform, CompiledDiffers, InvalidConfig
from ml8s.examples import EXAMPLES
from ml8s.pipelines.pipeline import Pipeline, Wiring
from ml8s.platform.reading import load_platform, parse_platform
from scripts import templates
from tests.cli import commands
from tests.compile.structure import faults

ROOT = Path(__file__).parents[2]
PLATFORM = str(ROOT / "workflow-templates" / "platform.example.yaml")
FRAUD = ROOT / "examples" / "fraud" / "fraud.yaml"
SET = "dataset_uri=s3://ml-datasets/fraud/v1"
Template = dict[str, Any]


def fraud(*overrides: str) -> tuple[Compiled, Config]:
    loaded = load_config(FRAUD, [SET, *overrides])
    return compile_config(loaded, load_platform(PLATFORM)), loaded.config


def test_the_committed_templates_are_what_the_examples_compile_to() -> None:
    expected = dict(templates.files())
    assert len(expected) == 2 * len(EXAMPLES)
    for path, text in expected.items():
        assert path.read_text() == text
    committed = {path for name in EXAMPLES for path in (ROOT / "workflow-templates" / name).iterdir()}
    assert committed == set(expected)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_compiled_example_is_sound_and_small(name: str) -> None:
    compiled = templates.compiled(name)
    template = yaml.safe_load(compiled.template)
    parameters = template["spec"]["arguments"]["parameters"]
    given = next(each["value"] for each in parameters if each["name"] == "config")
    config = Config.model_validate_json(base64.b64decode(given))
    assert faults(template, config) == []
    tasks = template["spec"]["templates"][0]["dag"]["tasks"]
    assert len(compiled.template) - len(given) <= 2048 * len(tasks)


def test_the_config_arrives_as_it_was_resolved() -> None:
    compiled, config = fraud()
    parameters = yaml.safe_load(compiled.template)["spec"]["arguments"]["parameters"]
    given = next(each["value"] for each in parameters if each["name"] == "config")
    assert Config.model_validate_json(base64.b64decode(given)) == config


def test_the_workflow_names_its_template_and_nothing_else() -> None:
    compiled, _ = fraud()
    workflow = yaml.safe_load(compiled.workflow)
    assert workflow["spec"] == {"workflowTemplateRef": {"name": "fraud-train"}}
    assert workflow["metadata"]["generateName"] == "fraud-train-"
    assert len(compiled.workflow) < 600
    template = yaml.safe_load(compiled.template)
    for names in ("annotations", "labels", "namespace"):
        assert workflow["metadata"][names] == template["metadata"][names]


class Long(Pipeline):
    """A pipeline of very many steps."""

    def wire(self, catalogue: Sequence[StepSpec] = STEPS) -> Wiring:
        return Wiring(self.name, tuple(replace(catalogue[0], name=f"check_{n}", outputs=()) for n in range(400)), {})


def test_what_does_not_fit_into_kubernetes_is_refused() -> None:
    refused = r"fraud.yaml compiles to [67]\d{5} bytes, and at most 524288 fit"
    with pytest.raises(BeyondPlatform, match=refused) as caught:
        compile_config(load_config(FRAUD, [SET]), load_platform(PLATFORM), Long("long", ()))
    assert caught.value.cure == "shorten the lists of the config"


def test_the_largest_config_that_is_accepted_fits() -> None:
    columns = [f"{number:04}-{'x' * 240}" for number in range(185)]
    values = {"dataset_uri": "s3://ml-datasets/x/v1", "task": "regression", "target_column": "y", "name": "wide"}
    config = {**values, "split": {"strategy": "random"}, "columns": {"ignore": columns}}
    compiled = compile_config(parse_config(json.dumps(config), "wide.yaml"), load_platform(PLATFORM))
    assert 60_000 < len(compiled.template) < LARGEST_OBJECT
    with pytest.raises(InvalidConfig, match="is too large"):
        parse_config(json.dumps({**config, "columns": {"ignore": [*columns, *map(str.upper, columns)]}}), "wide.yaml")


def test_a_name_that_yaml_reads_as_a_boolean_stays_text() -> None:
    compiled, _ = fraud("name=y")
    assert yaml.safe_load(compiled.template)["metadata"]["labels"]["ml8s.dev/model"] == "y"
    assert "ml8s.dev/model: 'y'" in compiled.template


def test_names_of_the_longest_kind_fit_into_labels_and_resource_names() -> None:
    compiled, config = fraud(f"name={'a' * 36}")
    assert faults(yaml.safe_load(compiled.template), config) == []
    assert len(compiled.name) <= 52


def test_resources_come_from_the_config_else_from_the_step() -> None:
    def limits(compiled: Compiled) -> dict[str, Any]:
        each = {one["name"]: one for one in yaml.safe_load(compiled.template)["spec"]["templates"]}
        return each["search"]["container"]["resources"]["limits"]

    assert limits(fraud()[0]) == {"cpu": "1", "memory": "2Gi"}
    assert limits(fraud("resources.cpu=4", "resources.memory=8Gi")[0]) == {"cpu": "4", "memory": "8Gi"}


def limited(maximum: str, *overrides: str) -> dict[str, dict[str, str]]:
    """The limits of every step on a platform with this maximum."""
    text = Path(PLATFORM).read_text()
    there = next(line for line in text.splitlines() if line.startswith("maximum:"))
    platform = parse_platform(text.replace(there, f"maximum: {maximum}"), "platform.yaml")
    templates_ = yaml.safe_load(compile_config(load_config(FRAUD, [SET, *overrides]), platform).template)["spec"][
        "templates"
    ]
    return {one["name"]: one["container"]["resources"]["limits"] for one in templates_ if "container" in one}


def test_defaults_are_cut_to_the_maximum_and_what_is_asked_for_is_not() -> None:
    assert set(map(str, limited("{cpu: 0.5, memory: 1Gi}").values())) == {str({"cpu": "0.5", "memory": "1Gi"})}
    found = limited("{cpu: 0.5, memory: 1Gi}", "resources.cpu=0.25", "resources.memory=512Mi")
    assert found["search"] == {"cpu": "0.25", "memory": "512Mi"}
    for asked, words in (
        ("memory=1025Mi", "memory 1025Mi, and this platform gives at most 1Gi"),
        ("cpu=1", "cpu 1, and"),
    ):
        with pytest.raises(BeyondPlatform, match=words) as caught:
            limited("{cpu: 0.5, memory: 1Gi}", f"resources.{asked}")
        assert caught.value.where == f"resources.{asked.partition('=')[0]}"


def test_a_budget_moves_the_deadline_of_the_search_only() -> None:
    def deadlines(compiled: Compiled) -> dict[str, int]:
        each = yaml.safe_load(compiled.template)["spec"]["templates"]
        return {one["name"]: one["activeDeadlineSeconds"] for one in each if one["name"] != "main"}

    short, long = deadlines(fraud()[0]), deadlines(fraud("automl.time_budget=7200")[0])
    assert {name for name in short if short[name] != long[name]} == {"search"}
    assert long["search"] >= 2 * 7200


@pytest.mark.parametrize(
    ("override", "where"),
    [
        ("dataset_uri=data/", "dataset_uri"),
        ("dataset_uri=s3://elsewhere/x", "dataset_uri"),
        ("resources.cpu=17", "resources.cpu"),
        ("resources.memory=65Gi", "resources.memory"),
    ],
)
def test_what_the_platform_does_not_give_is_refused(override: str, where: str) -> None:
    with pytest.raises(BeyondPlatform) as caught:
        fraud(override)
    assert caught.value.where == where
    assert caught.value.cure


def test_a_workload_identity_takes_the_place_of_a_secret() -> None:
    text = Path(PLATFORM).read_text().replace("registry: {secret: ml8s-registry}", "registry: {workload_identity: reg}")
    compiled = compile_config(load_config(FRAUD, [SET]), parse_platform(text, "platform.yaml"))
    each = {one["name"]: one for one in yaml.safe_load(compiled.template)["spec"]["templates"]}
    assert each["register"]["serviceAccountName"] == "reg"
    store = {"prefix": "ML8S_STORE_", "secretRef": {"name": "ml8s-store"}}
    assert each["register"]["container"]["envFrom"] == [store]
    assert each["search"]["container"]["envFrom"] == [store]


def test_check_says_no_to_another_folder(tmp_path: Path) -> None:
    asked = ["compile", FRAUD, "--platform", PLATFORM, "--set", SET, "-o", tmp_path]
    assert commands.run(*asked, "--check").returncode == CompiledDiffers.exit_status
    assert commands.run(*asked).returncode == 0
    assert commands.run(*asked, "--check").returncode == 0
    file = tmp_path / "fraud-train-template.yaml"
    file.write_text(file.read_text().replace("IfNotPresent", "Always", 1))
    done = commands.run(*asked, "--check")
    assert done.returncode == CompiledDiffers.exit_status
    assert "ML8S-K004" in done.stderr
    assert commands.run(*asked[:-2], "--check").returncode == 2


def test_without_a_platform_compile_says_which_file_it_wants(tmp_path: Path) -> None:
    done = commands.run("compile", FRAUD, "--set", SET, folder=tmp_path)
    assert done.returncode == 2
    assert "ML8S-K002" in done.stderr
    (tmp_path / "platform.yaml").write_text(Path(PLATFORM).read_text())
    assert commands.run("compile", FRAUD, "--set", SET, folder=tmp_path).stdout.startswith("apiVersion:")


def by_name(template: Template, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in template["spec"]["templates"] if each["name"] == name)
    return found


def task(template: Template, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in by_name(template, "main")["dag"]["tasks"] if each["name"] == name)
    return found


def box(template: Template, name: str = "search") -> dict[str, Any]:
    found: dict[str, Any] = by_name(template, name)["container"]
    return found


def variable(template: Template, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in box(template)["env"] if each["name"] == name)
    return found


def _set(target: dict[str, Any], key: str, value: object) -> None:
    target[key] = value


def _swap(target: dict[str, Any], key: str, old: str, new: str) -> None:
    assert old in target[key]
    target[key] = target[key].replace(old, new)


def _feed(template: Template, name: str) -> dict[str, Any]:
    found: dict[str, Any] = task(template, name)["arguments"]["parameters"][-1]
    return found


def _first(template: Template, name: str) -> str:
    return str(_feed(template, name)["value"]).partition(",")[0]


def _param(template: Template, name: str) -> list[Any]:
    found: list[Any] = by_name(template, name)["outputs"]["parameters"]
    return found


def _shown(template: Template, name: str = "report") -> dict[str, Any]:
    found: list[dict[str, Any]] = by_name(template, "evaluate")["outputs"]["artifacts"]
    return next(each for each in found if each["name"] == name)


def _mutex(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = by_name(template, "register")["synchronization"]["mutexes"][0]
    return found


XGBOOST = " && search-xgboost"
DIGEST = "sha256:" + "3" * 64
MUTATIONS: dict[str, Callable[[Template], object]] = {
    "drop a dependency": lambda t: task(t, "select").pop("depends"),
    "weaken a dependency": lambda t: _swap(task(t, "select"), "depends", XGBOOST, ""),
    "wait for success only": lambda t: _swap(task(t, "split"), "depends", "validate", "validate.Succeeded"),
    "wait for any": lambda t: _swap(task(t, "select"), "depends", "&&", "||"),
    "feed from another task": lambda t: _swap(_feed(t, "search-lgbm"), "value", "featurize", "split"),
    "swap two producers": lambda t: _swap(_feed(t, "select"), "value", "search-lgbm", "search-xgboost"),
    "forget a producer": lambda t: _swap(_feed(t, "evaluate"), "value", _first(t, "evaluate"), ""),
    "feed no have": lambda t: _swap(_feed(t, "split"), "value", "{{workflow.parameters.have-validate}}", ""),
    "another item": lambda t: _set(task(t, "search-lgbm")["arguments"]["parameters"][0], "value", "xgboost"),
    "another template": lambda t: _set(task(t, "split"), "template", "featurize"),
    "never skip": lambda t: task(t, "featurize").pop("when"),
    "skip register": lambda t: _set(task(t, "register"), "when", "'{{workflow.parameters.have-evaluate}}' == ''"),
    "skip by another's have": lambda t: _swap(task(t, "split"), "when", "have-split", "have-validate"),
    "drop a task": lambda t: by_name(t, "main")["dag"]["tasks"].pop(),
    "drop a have": lambda t: t["spec"]["arguments"]["parameters"].pop(),
    "a have with a value": lambda t: _set(t["spec"]["arguments"]["parameters"][3], "value", "x"),
    "a second DAG": lambda t: t["spec"]["templates"].append({"name": "other", "dag": {"tasks": []}}),
    "two templates of one name": lambda t: t["spec"]["templates"].append(copy.deepcopy(by_name(t, "split"))),
    "another entrypoint": lambda t: _set(t["spec"], "entrypoint", "validate"),
    "a tag": lambda t: _set(box(t), "image", "registry.example.com/ml8s-train:latest"),
    "another digest": lambda t: _swap(box(t), "image", "2" * 64, "3" * 64),
    "the other family's image": lambda t: _swap(box(t), "image", "ml8s-train", "ml8s-core"),
    "another code identity": lambda t: _set(variable(t, "ML8S_IMAGE_DIGEST"), "value", DIGEST),
    "no command": lambda t: box(t).pop("command"),
    "pull always": lambda t: _set(box(t), "imagePullPolicy", "Always"),
    "no security context": lambda t: box(t).pop("securityContext"),
    "keep a capability": lambda t: box(t)["securityContext"].pop("capabilities"),
    "writable root": lambda t: _set(box(t)["securityContext"], "readOnlyRootFilesystem", False),
    "run as root": lambda t: _set(t["spec"]["securityContext"], "runAsNonRoot", False),
    "no seccomp": lambda t: t["spec"]["securityContext"].pop("seccompProfile"),
    "mount the account": lambda t: _set(t["spec"], "automountServiceAccountToken", True),
    "no executor account": lambda t: t["spec"].pop("executor"),
    "no limits": lambda t: box(t)["resources"].pop("limits"),
    "more threads than CPUs": lambda t: _set(variable(t, "OMP_NUM_THREADS"), "value", "9"),
    "no config": lambda t: box(t)["env"].pop(0),
    "the registry's keys for a search": lambda t: box(t)["envFrom"].append(box(t, "register")["envFrom"][-1]),
    "no keys of the registry for register": lambda t: box(t, "register")["envFrom"].pop(),
    "the data's keys for select": lambda t: box(t, "select")["envFrom"].append(box(t, "split")["envFrom"][0]),
    "another's keys": lambda t: _set(box(t, "split")["envFrom"][0]["secretRef"], "name", "ml8s-registry"),
    "a secret in the environment": lambda t: box(t)["env"].append({"name": "AWS_SECRET_ACCESS_KEY", "value": "x"}),
    "compiled from another config": lambda t: _set(variable(t, "ML8S_CONFIG_SHA256"), "value", "0" * 64),
    "a config changed after compile": lambda t: _set(t["spec"]["arguments"]["parameters"][0], "value", "e30="),
    "stop early": lambda t: _set(t["spec"]["arguments"]["parameters"][1], "value", "split"),
    "replay unasked": lambda t: _set(t["spec"]["arguments"]["parameters"][2], "value", "lgbm=1"),
    "run past the last step asked for": lambda t: by_name(t, "main")["dag"].pop("target"),
    "search by the clock in a replay": lambda t: box(t)["env"].remove(variable(t, "ML8S_REPLAY")),
    "a script": lambda t: by_name(t, "split").update(script=by_name(t, "split").pop("container")),
    "no default": lambda t: _param(t, "select")[0]["valueFrom"].pop("default"),
    "another path": lambda t: _set(_param(t, "select")[0]["valueFrom"], "path", "/scratch/other"),
    "no result": lambda t: _param(t, "evaluate").pop(0),
    "no report to open": lambda t: by_name(t, "evaluate")["outputs"]["artifacts"].remove(_shown(t)),
    "no metrics to open": lambda t: by_name(t, "evaluate")["outputs"]["artifacts"].remove(_shown(t, "metrics")),
    "another file than the report": lambda t: _set(_shown(t), "path", "/scratch/show/metrics.json"),
    "a report that must be there": lambda t: _shown(t).pop("optional"),
    "one report for all runs": lambda t: _swap(_shown(t)["s3"], "key", "{{workflow.name}}", "latest"),
    "no decision to read": lambda t: _param(t, "evaluate").pop(1),
    "no metric to read": lambda t: _param(t, "evaluate").pop(2),
    "the metric as the decision": lambda t: _swap(_param(t, "evaluate")[1]["valueFrom"], "path", "decision", "metric"),
    "a default that says something": lambda t: _set(_param(t, "evaluate")[1]["valueFrom"], "default", "pass"),
    "leave nothing to see": lambda t: _set(box(t, "evaluate"), "args", box(t, "evaluate")["args"][:7]
                                           + box(t, "evaluate")["args"][9:]),
    "no title": lambda t: t["metadata"]["annotations"].pop("workflows.argoproj.io/title"),
    "another's title": lambda t: _swap(t["metadata"]["annotations"], "workflows.argoproj.io/title", "fraud", "churn"),
    "no digest of the config": lambda t: t["metadata"]["annotations"].pop("ml8s.dev/config-digest"),
    "no annotations": lambda t: t["metadata"].pop("annotations"),
    "no item": lambda t: by_name(t, "search")["metadata"]["labels"].pop("ml8s.dev/item"),
    "retry a kill three times": lambda t: _swap(by_name(t, "search")["retryStrategy"], "expression", '< "2"', '< "3"'),
    "a mutex without a name": lambda t: by_name(t, "register").update(synchronization={"mutexes": [{}]}),
    "the mutex of all models": lambda t: _set(_mutex(t), "name", "register"),
    "another model's mutex": lambda t: _set(_mutex(t), "name", "register-churn"),
    "archive the report": lambda t: by_name(t, "evaluate")["outputs"]["artifacts"][0].pop("archive"),
    "name a bucket": lambda t: _set(by_name(t, "evaluate")["outputs"]["artifacts"][0]["s3"], "bucket", "b"),
    "retry everything": lambda t: by_name(t, "search")["retryStrategy"].pop("expression"),
    "retry the answer no": lambda t: _swap(by_name(t, "register")["retryStrategy"], "expression", "[75", "[10, 75"),
    "retry without a policy": lambda t: by_name(t, "search")["retryStrategy"].pop("retryPolicy"),
    "retry without end": lambda t: by_name(t, "search")["retryStrategy"].pop("limit"),
    "no deadline of a step": lambda t: by_name(t, "search").pop("activeDeadlineSeconds"),
    "no deadline of the run": lambda t: t["spec"].pop("activeDeadlineSeconds"),
    "no mutex": lambda t: by_name(t, "register").pop("synchronization"),
    "a mutex on the search": lambda t: by_name(t, "search").update(synchronization={"mutexes": [{}]}),
    "keep pods": lambda t: t["spec"].pop("podGC"),
    "collect artifacts": lambda t: _set(t["spec"], "artifactGC", {"strategy": "OnWorkflowDeletion"}),
    "keep workflows": lambda t: t["spec"].pop("ttlStrategy"),
    "lose logs": lambda t: t["spec"].pop("archiveLogs"),
    "no scratch": lambda t: box(t).pop("volumeMounts"),
    "call another step": lambda t: _set(box(t)["args"], 0, "split"),  # type: ignore[arg-type]
    "do not hand inputs on": lambda t: _set(box(t), "args", box(t)["args"][:-2]),
    "a reference to nothing": lambda t: _set(box(t)["args"], 4, "{{tasks.nothing.outputs.result}}"),  # type: ignore[arg-type]
    "another run's notes": lambda t: _swap(box(t)["args"], 6, "{{workflow.name}}", "yesterday"),  # type: ignore[arg-type]
    "no label": lambda t: by_name(t, "split")["metadata"].pop("labels"),
    "a label too long": lambda t: _set(t["metadata"]["labels"], "ml8s.dev/model", "x" * 64),
}  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutation_of_the_template_is_caught(mutation: str) -> None:
    compiled, config = fraud()
    template = yaml.safe_load(compiled.template)
    MUTATIONS[mutation](template)
    assert faults(template, config) != []
