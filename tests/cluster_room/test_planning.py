"""The plan of a cluster run: what the store has starts no pod, seen by the very keys that containers write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ml8s.cluster.planning import look, parameters
from ml8s.errors import BucketMissing, InvalidUsage, SnapshotNotFound
from ml8s.platform.names import node_name
from ml8s.runner.cache import Result
from ml8s.storage.blobs import blob_key, read_manifest
from tests.cluster_room.pods import Tenant, tasks
from tests.s3_server import s3_environment, s3_server

STEPS = ["validate", "split", "featurize", "search[lgbm]", "select", "evaluate", "register"]


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """A tenant with a snapshot and a platform."""
    with s3_server() as endpoint, pytest.MonkeyPatch.context() as patch:
        for name, value in s3_environment(endpoint).items():
            patch.setenv(name, value)
        tenant = Tenant(tmp_path_factory.mktemp("tenant"), endpoint)
        tenant.prepare()
        yield tenant


@pytest.fixture(scope="module")
def trained(tenant: Tenant) -> tuple[Tenant, dict[str, str]]:
    """A tenant whose steps all ran once."""
    before = look(tenant.request())
    assert {row.state for row in before.plan.tasks} == {"unknown"}
    return tenant, tenant.run()


def states(tenant: Tenant, *overrides: str, **more: object) -> dict[str, str]:
    return {row.task.label: row.state for row in look(tenant.request(*overrides, **more)).plan.tasks}


@pytest.mark.slow
def test_what_containers_made_is_planned_as_there(trained: tuple[Tenant, dict[str, str]]) -> None:
    tenant, made = trained
    sight = look(tenant.request())
    assert list(states(tenant)) == STEPS
    assert states(tenant) == {**dict.fromkeys(STEPS[:-1], "cached"), "register": "satisfied"}
    assert sight.nothing_to_do
    assert sight.plan.model_id == made["register"]
    have = {f"have-{node}": digest for node, digest in made.items() if node != "register"}
    assert parameters(tenant.request(), sight.plan) == have


@pytest.mark.slow
def test_another_evaluation_runs_evaluate_and_register_alone(trained: tuple[Tenant, dict[str, str]]) -> None:
    tenant, made = trained
    request = tenant.request("evaluation.gates.roc_auc='> 0.1'")
    sight = look(request)
    assert [row.task.label for row in sight.plan.to_do] == ["evaluate", "register"]
    assert sight.plan.tasks[-2].reason == "section evaluation changed"
    given = parameters(request, sight.plan)
    assert set(given) == {f"have-{node}" for node in made if node not in ("evaluate", "register")}


@pytest.mark.slow
def test_another_image_runs_the_steps_that_it_is_of(trained: tuple[Tenant, dict[str, str]]) -> None:
    tenant, _ = trained
    other = {"core": f"localhost/ml8s-core@sha256:{'1' * 64}", "train": f"localhost/ml8s-train@sha256:{'3' * 64}"}
    tenant.write_platform({"images": other})
    try:
        found = states(tenant)
    finally:
        tenant.write_platform({})
    assert [label for label, state in found.items() if state == "cached"] == ["validate", "split"]
    assert found["featurize"] == "run"


@pytest.mark.slow
def test_a_lost_blob_or_result_object_runs_its_step_once_more(trained: tuple[Tenant, dict[str, str]]) -> None:
    tenant, made = trained
    result = Result.from_bytes(tenant.store.get(blob_key(made["select"])))
    blob = blob_key(read_manifest(tenant.store, result.outputs["model"]).files[0].sha256)
    for key in (blob, blob_key(made["select"])):
        content = tenant.store.get(key)
        tenant.store.delete(key)
        try:
            sight = look(tenant.request())
        finally:
            tenant.store.put(key, content)
        assert [row.task.label for row in sight.plan.to_do] == ["select"]
        assert "have-select" not in parameters(tenant.request(), sight.plan)
        assert "have-evaluate" in parameters(tenant.request(), sight.plan)


@pytest.mark.slow
def test_verify_sees_what_only_a_hash_sees(trained: tuple[Tenant, dict[str, str]]) -> None:
    tenant, made = trained
    result = Result.from_bytes(tenant.store.get(blob_key(made["split"])))
    blob = blob_key(read_manifest(tenant.store, result.outputs["folds"]).files[0].sha256)
    content = tenant.store.get(blob)
    tenant.store.put(blob, b"X" + content[1:])
    try:
        tried = tenant.ml8s("run", "churn.yaml", "--verify", "--dry-run")
        assert "split: run" in tried.stderr
        assert tenant.store.get(blob) != content, "a dry run sets nothing aside"
        assert states(tenant)["split"] == "cached"
        assert states(tenant, verify=True)["split"] == "run"
    finally:
        tenant.store.put(blob, content)


@pytest.mark.slow
def test_until_stops_at_every_item_of_a_step_and_replay_is_one_word(trained: tuple[Tenant, dict[str, str]]) -> None:
    tenant, _ = trained
    request = tenant.request("automl.estimators=[lgbm,extra_tree]", until="search", replay={"lgbm": 1, "extra_tree": 2})
    sight = look(request)
    assert [row.task.label for row in sight.plan.to_do] == ["search[extra_tree]"]
    given = parameters(request, sight.plan)
    assert given["until"] == "search-lgbm search-extra-tree"
    assert given["replay"] == "extra_tree=2,lgbm=1"
    with pytest.raises(InvalidUsage, match="with 1 trials, and the replay asks for 7"):
        look(tenant.request(replay={"lgbm": 7}))


def test_where_the_store_cannot_be_read_every_step_gets_its_pod(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ML8S_DATA_AWS_ENDPOINT_URL", tenant.endpoint)
    sight = look(tenant.request())
    assert "cannot read the store s3://ml-store/team" in sight.unread
    assert "its pod looks into the store" in sight.plan.tasks[0].reason
    assert len(sight.plan.to_do) == len(STEPS)
    assert parameters(tenant.request(), sight.plan) == {}
    with pytest.raises(InvalidUsage, match="--verify reads every blob"):
        look(tenant.request(verify=True))


def test_what_cannot_be_read_is_named_and_a_wrong_address_of_data_ends_it(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BucketMissing):
        look(tenant.request("dataset_uri=s3://no-such-bucket/x"))
    monkeypatch.setenv("ML8S_DATA_AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    sight = look(tenant.request())
    assert "cannot read the snapshot s3://ml-datasets/churn/v3" in sight.unread
    assert "its pod looks into the snapshot" in sight.plan.tasks[0].reason
    with pytest.raises(InvalidUsage, match="cannot read the snapshot"):
        look(tenant.request(verify=True))


def test_a_snapshot_that_is_not_there_is_told_before_anything_is_submitted(tenant: Tenant) -> None:
    with pytest.raises(SnapshotNotFound):
        look(tenant.request("dataset_uri=s3://ml-datasets/nothing/here"))


@pytest.mark.slow
def test_a_fully_cached_run_needs_no_cluster_at_all(trained: tuple[Tenant, dict[str, str]]) -> None:
    tenant, made = trained
    done = tenant.ml8s("run", "churn.yaml", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert "nothing to do, every step is in the store: no pod is started" in done.stderr
    answer = json.loads(done.stdout)
    assert (answer["model_id"], answer["pods"], answer["attempt"]) == (made["register"], 0, None)
    assert answer["metrics"][0]["metric"] == "roc_auc"
    assert f"next: ml8s models show {made['register']} --store s3://ml-store/team" in done.stderr
    named = tenant.ml8s("train", "--config", "churn.yaml", "-o", "name")
    assert named.stdout.strip() == made["register"]


@pytest.mark.slow
def test_a_cached_no_ends_with_1_from_the_plan(trained: tuple[Tenant, dict[str, str]]) -> None:
    tenant, _ = trained
    gate = "evaluation.gates.roc_auc='> 0.9999'"
    loaded = tenant.loaded(gate)
    made: dict[str, str] = {}
    for task in tasks(loaded.config):
        if not task.spec.effect:
            made[node_name(task)] = tenant.step(task, loaded, made)
    done = tenant.ml8s("run", "churn.yaml", "--set", gate)
    assert done.returncode == 1
    assert "churn is not good enough and is not registered" in done.stderr


@pytest.mark.slow
def test_a_dry_run_prints_what_would_be_applied(trained: tuple[Tenant, dict[str, str]]) -> None:
    tenant, made = trained
    done = tenant.ml8s("run", "churn.yaml", "--set", "seed=3", "--dry-run")
    assert done.returncode == 0, done.stderr
    template, workflow = yaml.safe_load_all(done.stdout)
    assert (template["kind"], workflow["kind"]) == ("WorkflowTemplate", "Workflow")
    given = {each["name"]: each["value"] for each in workflow["spec"]["arguments"]["parameters"]}
    assert given["have-validate"] == made["validate"]
    assert "have-split" not in given
    assert "plan: 1 of 7 steps are in the store, 6 pods to start" in done.stderr
    planned = tenant.ml8s("plan", "churn.yaml", "--set", "seed=3", "-o", "json")
    assert [step["state"] for step in json.loads(planned.stdout)["steps"]][:2] == ["cached", "run"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("run", "churn.yaml", "--set", "seed=4"), 2, "kubectl is not installed"),
        (("runs", "list"), 2, "kubectl is not installed"),
        (("runs", "stop", "x"), 2, "kubectl is not installed"),
        (("runs", "retry", "x"), 2, "kubectl is not installed"),
        (("run", "churn.yaml", "--store", "s3://other/store"), 2, "leave --store out"),
        (("run", "churn.yaml", "--local", "--detach"), 2, "leave --detach out"),
        (("run", "churn.yaml", "--set", "resources.cpu=99"), 2, "resources.cpu"),
        (("run", "churn.yaml", "--set", "dataset_uri=data/"), 2, "a place that pods cannot read"),
    ],
)
def test_what_cannot_go_to_the_cluster_is_told(tenant: Tenant, words: tuple[str, ...], status: int, said: str) -> None:
    done = tenant.ml8s(*words)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert "cure: " in done.stderr
    assert "Traceback" not in done.stderr


def test_models_are_those_of_the_platform_unless_a_store_is_named(tenant: Tenant) -> None:
    for words, variables, place in (
        ((), {}, "s3://ml-store/team"),
        (("--store", "elsewhere"), {}, "elsewhere"),
        ((), {"ML8S_STORE": "elsewhere"}, "elsewhere"),
    ):
        done = tenant.ml8s("models", "list", "nothing", *words, **variables)
        assert done.returncode == 0, done.stderr
        assert f"no model of the name nothing is registered in {place}" in done.stderr
    (tenant.folder / "broken.yaml").write_text("store: 7")
    broken = tenant.ml8s("models", "list", ML8S_PLATFORM="broken.yaml")
    assert broken.returncode == 2
    assert "Traceback" not in broken.stderr


def test_local_needs_no_platform_and_runs_of_a_store_are_named_with_it(tenant: Tenant, tmp_path: Path) -> None:
    for words in (("runs", "list", "--local"), ("runs", "list", "--store", str(tmp_path))):
        done = tenant.ml8s(*words)
        assert done.returncode == 0, done.stderr
    bare = Tenant(tmp_path, tenant.endpoint)
    done = bare.ml8s("runs", "stop", "x")
    assert done.returncode == 2
    assert "no platform is named" in done.stderr
    assert "set ML8S_PLATFORM" in done.stderr
    assert "--platform" not in done.stderr, "the command has no such option"
