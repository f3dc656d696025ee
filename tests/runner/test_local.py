"""Local runs of a stub pipeline: caching, resume, healing, conflicts, gates, concurrency."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ml8s.errors import (
    DeterminismViolation,
    GateFailed,
    InternalError,
    InvalidUsage,
    SnapshotChanged,
    SnapshotIncomplete,
    SnapshotNotFound,
    StepDied,
)
from ml8s.registry import Registry
from ml8s.runner import cache
from ml8s.runner.training import train
from ml8s.storage import open_store
from ml8s.storage.blobs import blob_key, read_manifest
from tests.runner import stub
from tests.runner.desk import CONFIG, Desk

EVERY_STEP = ["enroll", "judge", "read", "tune[lgbm]", "tune[rf]"]


def test_a_run_ends_at_a_registered_model_with_its_report(desk: Desk) -> None:
    trained = desk.train()
    assert desk.calls() == EVERY_STEP
    assert trained.steps_run == 5
    assert trained.model_id is not None
    assert Registry(open_store(str(desk.store))).record(trained.model_id).metrics == {"accuracy": 0.5}
    assert trained.report is not None
    assert Path(trained.report).read_text() == "<p>stub</p>"
    assert {label for label, _ in desk.heard.steps} >= {"read", "tune[lgbm]", "tune[rf]"}


def test_a_second_identical_run_calls_no_step_and_reads_no_blob(desk: Desk) -> None:
    first = desk.train()
    desk.calls()
    manifests = {read_manifest(open_store(str(desk.store)), digest).digest for digest in all_outputs(desk)}
    for path in (desk.store / "blobs/sha256").rglob("*"):
        if path.is_file() and path.name not in manifests:
            path.write_bytes(b"x" * path.stat().st_size)  # whoever read it would notice
    second = desk.train()
    assert desk.calls() == []
    assert second.steps_run == 0
    assert (second.model_id, second.run_key) == (first.model_id, first.run_key)
    assert second.report == first.report
    assert desk.heard.ends["enroll"].how == "satisfied"


def all_outputs(desk: Desk) -> list[str]:
    values = [json.loads(path.read_bytes()) for path in (desk.store / "cache").glob("*.json")]
    return [digest for value in values for digest in value["outputs"].values()]


@pytest.mark.parametrize(
    ("override", "called"),
    [
        ("automl.max_trials=4", ["enroll", "judge", "tune[lgbm]", "tune[rf]"]),
        ("automl.estimators=[lgbm, linear]", ["enroll", "judge", "tune[linear]"]),
        ("automl.estimators=[rf, lgbm]", ["enroll"]),
        ("evaluation.slices=[city]", ["enroll", "judge"]),
        ("name=other", ["enroll"]),
        ("resources.cpu=8", []),
    ],
)
def test_a_change_runs_exactly_the_steps_that_read_it(desk: Desk, override: str, called: list[str]) -> None:
    desk.train()
    desk.calls()
    desk.train(override)
    assert desk.calls() == called


def test_the_plan_says_why_a_step_is_not_cached(desk: Desk) -> None:
    first = desk.states()
    assert first["read"] == ("unknown", "the snapshot is read first")
    desk.train()
    assert {state for state, _ in desk.states().values()} == {"cached", "satisfied"}
    changed = desk.states("automl.max_trials=4")
    assert changed["tune[lgbm]"] == ("run", "section automl.max_trials changed")
    assert changed["judge"] == ("unknown", "after tune[lgbm], tune[rf]")
    assert desk.states("automl.estimators=[lgbm, linear]")["tune[linear]"] == ("run", "first run")
    (desk.root / "data/train.parquet").write_bytes(b"other rows")
    assert desk.states()["read"] == ("unknown", "the snapshot is read first")


def test_until_stops_after_a_step_and_the_next_run_goes_on(desk: Desk) -> None:
    trained = desk.train(until="tune[rf]")
    assert desk.calls() == ["read", "tune[rf]"]
    assert trained.model_id is None
    assert trained.report is None
    desk.train()
    assert desk.calls() == ["enroll", "judge", "tune[lgbm]"]


def test_until_a_step_that_is_not_there_names_the_near_one(desk: Desk) -> None:
    with pytest.raises(InvalidUsage, match="did you mean judge"):
        desk.train(until="juge")


def test_a_failed_gate_registers_nothing_leaves_the_report_and_stays_no(desk: Desk) -> None:
    for called in (["judge", "read", "tune[lgbm]", "tune[rf]"], []):
        with pytest.raises(GateFailed, match=r"accuracy is 0\.5") as caught:
            desk.train("evaluation.gates={accuracy: '>= 0.9'}")
        assert desk.calls() == called
        assert Path(caught.value.where).read_text() == "<p>stub</p>"
        assert caught.value.exit_status == 1
    assert not (desk.store / "registry").exists()
    assert [json.loads(path.read_bytes())["outcome"] for path in envelopes(desk)] == ["gate failed", "gate failed"]


def envelopes(desk: Desk) -> list[Path]:
    return sorted((desk.store / "runs").glob("2*/envelope.json"))


def blob_of(desk: Desk, port: str, file: str) -> Path:
    store = open_store(str(desk.store))
    for path in (desk.store / "cache").glob("*.json"):
        digest = json.loads(path.read_bytes())["outputs"].get(port)
        if digest is not None:
            entry = next(entry for entry in read_manifest(store, digest).files if entry.path == file)
            return desk.store / blob_key(entry.sha256)
    raise AssertionError(port)


@pytest.mark.parametrize("damage", ["removed", "truncated", "flipped"])
def test_a_damaged_blob_is_made_again_where_it_is_needed(desk: Desk, damage: str) -> None:
    desk.train()
    desk.calls()
    blob = blob_of(desk, "dataset", "bulk.bin")
    content = blob.read_bytes()
    if damage == "removed":
        blob.unlink()
    else:
        blob.write_bytes(content[:10] if damage == "truncated" else b"X" + content[1:])
    desk.train("automl.max_trials=4")
    assert "read" in desk.calls()
    assert blob.read_bytes() == content


def test_verify_finds_a_flipped_blob_that_a_plain_run_does_not_read(desk: Desk) -> None:
    desk.train()
    desk.calls()
    blob = blob_of(desk, "candidate", "candidate.json")
    content = blob.read_bytes()
    blob.write_bytes(b"X" + content[1:])
    desk.train()
    assert desk.calls() == []
    assert desk.train(verify=True).steps_run >= 1
    assert [name for name in desk.calls() if name.startswith("tune")]
    assert blob.read_bytes() == content


def test_a_budgeted_search_is_made_again_with_its_recorded_number_of_trials(desk: Desk) -> None:
    desk.config("""\
dataset_uri: data
task: classification
target_column: y
split: {strategy: random}
automl: {time_budget: 1, estimators: [lgbm]}
""")
    trained = desk.train()
    trials = desk.heard.ends["tune[lgbm]"].facts["trials"]
    blob_of(desk, "candidate", "candidate.json").unlink()
    again = desk.train()
    assert desk.heard.ends["tune[lgbm]"].facts["trials"] == trials
    assert again.model_id == trained.model_id


def test_a_replay_runs_exactly_the_recorded_trials(desk: Desk) -> None:
    desk.train(replay={"lgbm": 7, "rf": 2}, store=str(desk.root / "replayed"))
    assert desk.heard.ends["tune[lgbm]"].facts["trials"] == 7
    assert desk.heard.ends["tune[rf]"].facts["trials"] == 2
    with pytest.raises(InvalidUsage, match=r"holds tune\[lgbm\] with 7 trials, and the replay asks for 5"):
        desk.train(replay={"lgbm": 5, "rf": 2}, store=str(desk.root / "replayed"))


def test_a_replay_without_the_count_of_an_estimator_is_refused_before_anything_runs(desk: Desk) -> None:
    with pytest.raises(InvalidUsage, match="no number of trials for rf, only for lgbm") as caught:
        desk.train(replay={"lgbm": 7}, store=str(desk.root / "replayed"))
    assert "automl.estimators" in caught.value.cure
    assert not desk.heard.ends


def test_two_results_under_one_key_are_a_violation_until_settled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.train()
    monkeypatch.setenv("STUB_NOISE", "not a function of the inputs")
    blob_of(desk, "candidate", "candidate.json").unlink()
    with pytest.raises(DeterminismViolation, match=r"conflict-") as caught:
        desk.train()
    assert caught.value.exit_status == 6
    monkeypatch.delenv("STUB_NOISE")
    with pytest.raises(DeterminismViolation):
        desk.train()
    with pytest.raises(DeterminismViolation):
        desk.states()
    conflicts = list((desk.store / "cache").glob("*.conflict-*.json"))
    store = open_store(str(desk.store))
    for key in {path.name.partition(".")[0] for path in conflicts}:
        assert len(cache.settle(store, key)) == 2
    assert desk.train().model_id is not None


def test_a_later_budgeted_search_adopts_the_first_one(desk: Desk) -> None:
    store = open_store(str(desk.store))
    desk.train("automl.time_budget=1", "automl.max_trials=3")
    path = next(
        path for path in (desk.store / "cache").glob("*.json") if json.loads(path.read_bytes())["item"] == "lgbm"
    )
    first = cache.Result.from_bytes(path.read_bytes())
    later = cache.Result(first.parts, {**first.outputs, "candidate": "0" * 64}, {"trials": 9, "value": 1})
    claimed = cache.claim(store, later, decision=True)
    assert claimed.adopted
    assert claimed.result == first
    with pytest.raises(DeterminismViolation):
        cache.claim(store, later, decision=False)


@pytest.mark.parametrize("search", ["max_trials: 3", "time_budget: 1"])
def test_two_runs_at_once_end_at_one_model(desk: Desk, search: str) -> None:
    desk.config(CONFIG.replace("max_trials: 3", search))
    command = [sys.executable, "-c", RUN, str(desk.root)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=60)[0] for process in both]
    assert answers[0] == answers[1] != ""
    assert len(list((desk.store / "registry").rglob("records/*.json"))) == 1
    assert list((desk.store / "cache").glob("*.conflict-*")) == []


RUN = """
import sys
from tests.runner.desk import Desk
from pathlib import Path
print(Desk(Path(sys.argv[1])).train().model_id)
"""


def wait_for_call(desk: Desk, label: str) -> None:
    deadline = time.monotonic() + 30
    while label not in stub.calls(desk.root / "calls"):
        assert time.monotonic() < deadline, f"{label} was never called"
        time.sleep(0.02)


def test_a_run_killed_in_the_middle_goes_on_where_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    process = subprocess.Popen([sys.executable, "-c", RUN, str(desk.root)], env={**os.environ, "STUB_SLOW": "tune[rf]"})
    wait_for_call(desk, "tune[rf]")
    time.sleep(0.2)
    process.kill()
    process.wait()
    assert_no_child_is_left(desk)
    desk.calls()
    desk.train()
    called = desk.calls()
    assert "read" not in called
    assert "tune[rf]" in called
    # Two attempts of one second have no order.
    outcomes = [json.loads(path.read_bytes())["outcome"] for path in envelopes(desk)]
    assert sorted(outcomes, key=str) == [None, "done"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("slow", ["judge", "tune[lgbm]"])
def test_a_signal_ends_a_run_in_good_order(desk: Desk, number: signal.Signals, status: int, slow: str) -> None:
    code = RUN.replace("print(", "from ml8s.cli import _call\nfrom ml8s.errors import ML8sError\ntry:\n  print(")
    code += "except ML8sError as error:\n  sys.exit(error.exit_status)\n"
    process = subprocess.Popen([sys.executable, "-c", code, str(desk.root)], env={**os.environ, "STUB_SLOW": slow})
    wait_for_call(desk, slow)
    process.send_signal(number)
    assert process.wait(timeout=20) == status
    assert_no_child_is_left(desk)
    assert list((desk.root / "tmp").glob("ml8s-run-*")) == []
    envelope = json.loads(envelopes(desk)[0].read_bytes())
    assert envelope["outcome"] == ("interrupted" if status == 130 else "terminated")
    assert desk.train().model_id is not None


def assert_no_child_is_left(desk: Desk) -> None:
    deadline = time.monotonic() + 10
    while any(str(desk.root) in line for line in command_lines()):
        assert time.monotonic() < deadline, "a child outlived its run"
        time.sleep(0.05)


def command_lines() -> list[str]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if "ml8s.steps" in line:
            lines.append(line)
    return lines


def test_a_search_that_is_killed_is_named_and_the_other_one_stays_cached(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_DIE", "tune[rf]")
    with pytest.raises(StepDied, match=r"tune\[rf\] was killed by SIGKILL"):
        desk.train()
    desk.calls()
    monkeypatch.delenv("STUB_DIE")
    desk.train()
    assert desk.calls() == ["enroll", "judge", "tune[rf]"]


def test_a_bug_in_a_search_is_one_line_and_a_file_with_its_traceback(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_BUG", "tune[rf]")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-mine")
    with pytest.raises(InternalError, match=r"a bug of ML8s in tune\[rf\]: ZeroDivisionError: division") as caught:
        desk.train()
    assert caught.value.exit_status == 70
    assert "memory" not in caught.value.cure
    text = Path(caught.value.where).read_text()
    assert "Traceback" in text
    assert "in called" in text
    assert "a-secret-of-mine" not in text


def test_a_search_that_ends_without_an_answer_is_a_bug_by_its_name(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_EXIT", "tune[rf]")
    with pytest.raises(InternalError, match=r"tune\[rf\]: its process ended with status 9 and no answer"):
        desk.train()


def test_a_snapshot_that_changes_under_a_run_is_refused(desk: Desk) -> None:
    desk.train(until="tune")
    prepared = desk.request()
    path = desk.root / "data/train.parquet"
    content, times = path.read_bytes(), path.stat()
    path.write_bytes(content.upper())
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # same name, size, inode and time: only bytes differ
    with pytest.raises(SnapshotChanged, match=r"train\.parquet"):
        train(prepared)


def test_a_missing_snapshot_says_what_was_found(desk: Desk) -> None:
    (desk.root / "data/train.parquet").unlink()
    with pytest.raises(SnapshotIncomplete, match=r"lacks train\.parquet; there are: schema\.json"):
        desk.train()
    (desk.root / "data/schema.json").unlink()
    with pytest.raises(SnapshotNotFound, match="nothing lies there"):
        desk.train()
    assert not desk.store.exists(), "nothing is written"


def test_warnings_and_progress_are_kept_with_the_attempt(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_WARN", "1")
    trained = desk.train()
    folder = desk.store / "runs" / trained.attempt
    assert "tune[lgbm]: this is only a stub" in (folder / "log.txt").read_text()
    events = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
    assert next(event["step"] for event in events if event["event"] == "finished") == "read"
    envelope = json.loads((folder / "envelope.json").read_bytes())
    assert envelope["outcome"] == "done"
    assert envelope["searches"]["tune[lgbm]"] == {"trials": 3, "stopped_by": "max_trials"}
    assert set(envelope["steps"]) == {"read", "tune[lgbm]", "tune[rf]", "judge", "enroll"}
    again = json.loads((desk.store / "runs" / desk.train().attempt / "envelope.json").read_bytes())
    assert again["searches"]["tune[lgbm]"] == {"trials": 3, "stopped_by": "cached"}


def test_a_run_outside_of_the_main_thread_leaves_signals_alone(desk: Desk) -> None:
    found = []
    thread = threading.Thread(target=lambda: found.append(desk.train().model_id))
    thread.start()
    thread.join()
    assert found[0] is not None
