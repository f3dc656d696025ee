"""`ml8s run` on the cluster, as one team uses it: followed, cached, refused, detached, stopped, retried.

The tests are in the order of a day: each goes on from what the store has, so that most start few pods.
"""

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest
import yaml

from ml8s.catalogue import STEPS
from ml8s.registry import Registry
from ml8s.runner.cache import Result
from ml8s.storage import open_store
from ml8s.storage.blobs import blob_key, read_manifest
from tests.cluster.train.command import SMALL, User
from tests.cluster.train.platform import records

LABELS = ["validate", "split", "featurize", "search[lgbm]", "select", "evaluate", "register"]


def ran(user: User, run: str) -> list[str]:
    """The tasks of a run for which a pod was started, a task once."""
    return sorted({re.sub(r"\(\d+\)$", "", pod) for pod in user.platform.pods(run)})


def show(user: User, run: str) -> dict[str, object]:
    """What `ml8s runs show` says of a run."""
    done = user.ml8s("runs", "show", run, "-o", "json")
    assert done.status == 0, done.err
    found: dict[str, object] = json.loads(done.out)
    return found


@pytest.fixture(scope="module")
def first(colleague: User) -> tuple[str, str, str]:
    """The first run of the day: its name, its model, and what it said."""
    done = colleague.run(words=["-o", "json"])
    assert done.status == 0, done.err
    answer = json.loads(done.out)
    assert answer["attempt"] == done.run
    assert answer["pods"] == len(LABELS)
    assert answer["metrics"][0]["metric"] == "roc_auc"
    return done.run, answer["model_id"], done.err


def test_a_run_is_followed_step_by_step_with_its_trials_to_a_registered_model(
    colleague: User, first: tuple[str, str, str]
) -> None:
    _, model, said = first
    lines = said.splitlines()
    for label in LABELS:
        assert any(re.match(rf"{re.escape(label)} +done +\d", line) for line in lines), label
    [search] = [line for line in lines if line.startswith("search[lgbm]") and " done " in line]
    assert re.search(r"2/2 trials  roc_auc 0\.\d", search), search
    assert f"model {model} is registered as a candidate" in said
    assert "plan: 0 of 7 steps are in the store, 7 pods to start" in said
    assert [record["name"] for record in records(colleague.platform.opened())] == ["fraud"]


def test_the_model_is_of_whoever_asked_for_the_run(colleague: User, first: tuple[str, str, str]) -> None:
    argv = ["kubectl", "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]
    asked = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    [event] = Registry(colleague.platform.opened()).events("fraud")
    assert (event.model_id, event.actor) == (first[1], {"id": asked, "source": "kubernetes", "verified": False})


def test_the_same_run_again_starts_no_pod(colleague: User, first: tuple[str, str, str]) -> None:
    before = colleague.workflows()
    done = colleague.run(words=["-o", "name"])
    assert done.status == 0, done.err
    assert "nothing to do, every step is in the store: no pod is started" in done.err
    assert done.out.strip() == first[1]
    assert colleague.workflows() == before


def test_the_promised_form_reads_its_config_from_a_bucket(colleague: User, first: tuple[str, str, str]) -> None:
    config = yaml.safe_load(colleague.platform.config.read_text())
    config |= {"dataset_uri": f"{colleague.platform.bucket.uri}/data", "resources": {"cpu": 0.7, "memory": "1Gi"}}
    config["automl"] |= {"estimators": ["lgbm"], "max_trials": 2}
    config["evaluation"]["gates"] = {"roc_auc": "> 0.1"}
    colleague.platform.bucket.put("configs/fraud.yaml", yaml.safe_dump(config).encode())
    done = colleague.ml8s("train", "--config", f"{colleague.platform.bucket.uri}/configs/fraud.yaml", "-o", "name")
    assert done.status == 0, done.err
    assert done.out.strip() == first[1], "the same config, the same model"


def test_another_evaluation_starts_evaluate_and_register_alone(colleague: User, first: tuple[str, str, str]) -> None:
    done = colleague.run("evaluation.gates.roc_auc='> 0.11'")
    assert done.status == 0, done.err
    assert ran(colleague, done.run) == ["evaluate", "register"]
    assert len(records(colleague.platform.opened())) == 2


def test_a_model_below_its_gate_ends_with_1_in_words_and_registers_nothing(
    colleague: User, first: tuple[str, str, str]
) -> None:
    before = records(colleague.platform.opened())
    done = colleague.run("evaluation.gates.roc_auc='> 0.9999'")
    assert done.status == 1
    assert re.search(r"fraud is not good enough and is not registered: .*roc_auc", done.err), done.err
    assert "0.9999" in done.out, "the metrics are shown beside the gate"
    assert records(colleague.platform.opened()) == before
    nodes = colleague.platform.space.nodes(done.run)
    assert nodes["register(0)"]["outputs"]["exitCode"] == "10"
    assert "ML8S-S001" in nodes["register(0)"]["message"], "Argo's own UI says why"
    assert colleague.platform.space.phase(done.run) == "Failed"
    assert show(colleague, done.run)["outcome"] == "gate failed"
    report = colleague.ml8s("runs", "report", done.run, "--save", "refused")
    assert report.status == 0, report.err
    assert (colleague.platform.folder / "refused" / "report.html").stat().st_size > 1000
    again = colleague.run("evaluation.gates.roc_auc='> 0.9999'")
    assert again.status == 1
    assert "is submitted" not in again.err, "the answer no is in the store, and no pod asks again"


def test_a_verdict_of_another_model_given_by_hand_is_refused_by_register(
    colleague: User, first: tuple[str, str, str]
) -> None:
    before = records(colleague.platform.opened())
    steps = ("validate", "split", "featurize", "evaluate")
    have = [f"have-{step}={colleague.platform.result(first[0], step)}" for step in steps]
    run = colleague.platform.run(*SMALL, "automl.estimators=[xgboost]", have=have)
    node = colleague.platform.space.nodes(run)["register(0)"]
    assert node["outputs"]["exitCode"] == "2"
    assert "ML8S-S007" in node["message"]
    assert "register(1)" not in colleague.platform.space.nodes(run), "it is not asked twice"
    assert records(colleague.platform.opened()) == before


def test_a_config_that_is_not_what_was_compiled_is_refused_by_its_first_step(
    colleague: User, first: tuple[str, str, str]
) -> None:
    run = colleague.platform.run(*SMALL, have=["config=e30="])
    node = colleague.platform.space.nodes(run)["validate(0)"]
    assert node["outputs"]["exitCode"] == "2"
    assert "ML8S-K029" in node["message"]
    shown = colleague.ml8s("runs", "show", run, "-o", "json")
    assert "not the one that its workflow was compiled from" in json.loads(shown.out)["message"]


def test_the_runs_of_the_day_are_listed_shown_and_their_logs_kept(colleague: User, first: tuple[str, str, str]) -> None:
    run, model, _ = first
    listed = json.loads(colleague.ml8s("runs", "list", "-o", "json").out)
    by_name = {row["attempt"]: row for row in listed}
    assert (by_name[run]["outcome"], by_name[run]["model_id"], by_name[run]["pods"]) == ("done", model, len(LABELS))
    assert {row["outcome"] for row in listed} == {"done", "gate failed", "failed"}
    shown = show(colleague, run)
    assert isinstance(shown["steps"], list)
    assert [step["step"] for step in shown["steps"]] == LABELS
    logs = colleague.ml8s("runs", "logs", run)
    assert logs.status == 0, logs.err
    assert re.search(r"^search\[lgbm\]: progress: 2/2 trials; roc_auc 0", logs.out, re.MULTILINE), "from Argo's archive"
    only = colleague.ml8s("runs", "logs", run, "--step", "search")
    assert set(re.findall(r"^(\S+):", only.out, re.MULTILINE)) == {"search[lgbm]"}
    assert colleague.ml8s("runs", "show", "no-such-run").status == 5
    wrong = colleague.ml8s("runs", "logs", run, "--step", "searhc")
    assert wrong.status == 2
    assert "search[lgbm]" in wrong.err


def test_ctrl_c_detaches_stop_ends_and_retry_goes_on(colleague: User, first: tuple[str, str, str]) -> None:
    before = len(records(colleague.platform.opened()))
    going = colleague.start(*colleague.command("seed=7"))
    run = going.run()
    going.wait_for("split")
    left = going.end(signal.SIGINT, seconds=60)
    assert left.status == 130
    assert f"detached: run {run} goes on in the cluster" in left.err
    assert f"next: ml8s runs show {run} --follow" in left.err
    assert colleague.platform.space.phase(run) == "Running"

    busy = colleague.ml8s("runs", "retry", run)
    assert busy.status == 2
    assert "still works" in busy.err
    following = colleague.start("runs", "show", run, "--follow")
    stopped = colleague.ml8s("runs", "stop", run)
    assert stopped.status == 0, stopped.err
    told = following.end(seconds=120)
    assert told.status == 143, told.err
    assert f"run {run} was stopped" in told.err
    assert show(colleague, run)["outcome"] == "stopped"
    assert "has ended already" in colleague.ml8s("runs", "stop", run).err
    assert len(records(colleague.platform.opened())) == before

    retried = colleague.ml8s("runs", "retry", run)
    assert retried.status == 0, retried.err
    assert retried.run != run
    assert "validate" not in ran(colleague, retried.run), "what was finished is kept"
    assert len(records(colleague.platform.opened())) == before + 1


def test_a_lost_blob_ends_with_6_and_retry_makes_it_again(colleague: User, first: tuple[str, str, str]) -> None:
    store = colleague.platform.opened()
    folds = Result.from_bytes(store.get(blob_key(colleague.platform.result(first[0], "split")))).outputs["folds"]
    lost = blob_key(read_manifest(store, folds).files[0].sha256)
    content = store.get(lost)
    gate = "evaluation.gates.roc_auc='> 0.2'"
    # Handed on by hand, as if the plan had not looked: only the container can see that the blob is not there.
    have = [f"have-{step.name}={colleague.platform.result(first[0], step.name)}"
            for step in STEPS if step.name in ("validate", "split", "featurize", "select")]  # fmt: skip
    have.append(f"have-search-lgbm={colleague.platform.result(first[0], 'search-lgbm')}")
    store.delete(lost)
    run = colleague.platform.run(*SMALL, gate, have=have)
    node = colleague.platform.space.nodes(run)["evaluate(0)"]
    assert node["outputs"]["exitCode"] == "76"
    assert "evaluate(1)" not in colleague.platform.space.nodes(run)
    told = colleague.ml8s("runs", "show", run, "--follow")
    assert told.status == 6
    assert f"ml8s runs retry {run}" in told.err
    retried = colleague.ml8s("runs", "retry", run)
    assert retried.status == 0, retried.err
    assert ran(colleague, retried.run) == ["evaluate", "register", "split"]
    assert store.get(lost) == content


def test_until_stops_early_and_says_no_more_than_it_did(colleague: User, first: tuple[str, str, str]) -> None:
    done = colleague.run("seed=11", words=["--until", "split", "-o", "json"])
    assert done.status == 0, done.err
    assert ran(colleague, done.run) == ["split"]
    assert json.loads(done.out)["model_id"] is None
    steps = show(colleague, done.run)["steps"]
    assert isinstance(steps, list)
    assert [(step["step"], step["state"]) for step in steps] == [("validate", "cached"), ("split", "done")]


def test_where_this_machine_cannot_read_the_store_every_step_gets_its_pod_and_finds_its_result_there(
    colleague: User, first: tuple[str, str, str]
) -> None:
    stranger = User(colleague.platform, {"AWS_SECRET_ACCESS_KEY": "not-the-key", "AWS_MAX_ATTEMPTS": "1"})
    done = stranger.run(words=["--detach", "-o", "name"])
    assert done.status == 0, done.err
    assert "this machine cannot read" in done.err
    run = done.out.strip()
    colleague.platform.space.finish(run, seconds=600)
    assert ran(colleague, run) == sorted({step.name for step in STEPS} - {"search"} | {"search-lgbm"})
    followed = stranger.ml8s("runs", "show", run, "--follow")
    assert followed.status == 0, followed.err
    assert f"model {first[1]} is registered" in followed.err
    assert "roc_auc" in followed.out, "the cluster's own words for the metrics"
    report = stranger.ml8s("runs", "report", run)
    assert report.status in (3, 4)
    assert "cure: " in report.err


def test_a_replay_searches_the_recorded_trials(colleague: User, first: tuple[str, str, str]) -> None:
    done = colleague.run(words=["--replay", first[0], "--dry-run"])
    assert done.status == 0, done.err
    assert "nothing would be applied" in done.err
    asked = colleague.run("seed=13", "automl.max_trials=5", words=["--replay", first[1], "--until", "search"])
    assert asked.status == 0, asked.err
    result = colleague.platform.result(asked.run, "search-lgbm")
    assert Result.from_bytes(colleague.platform.opened().get(blob_key(result))).facts["trials"] == 2


def test_local_works_here_where_a_platform_is_named(colleague: User, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    words = [*colleague.command(), "--local", "--store", store, "--until", "split"]
    done = colleague.ml8s(*words)
    assert done.status == 0, done.err
    assert "is submitted" not in done.err
    assert list(open_store(store).list("cache/"))
