"""Runs that something happens to: retried where that helps, told where it does not, the same model in the end."""

import json
import signal
import subprocess
import time
from datetime import datetime

from tests.cluster.bed.cluster import Cluster
from tests.cluster.train.command import User
from tests.cluster.train.platform import records

OUTAGE_SECONDS = 20
FIRST = ["--until", "split"]


def running_pod(user: User, run: str, task: str) -> str:
    """The pod of a task that runs."""
    space = user.platform.space
    selector = f"workflows.argoproj.io/workflow={run},ml8s.dev/step={task}"
    space.cluster.wait(
        f"a running pod of {task}",
        lambda: [pod for pod in space.list("pods", selector) if pod["status"]["phase"] == "Running"],
    )
    return str(space.list("pods", selector)[-1]["metadata"]["name"])


def tries(user: User, run: str, task: str) -> list[str]:
    """The phases of the tries of a task."""
    nodes = user.platform.space.nodes(run)
    return [node["phase"] for name, node in sorted(nodes.items()) if name.startswith(f"{task}(")]


def test_a_broken_contract_is_not_tried_again_and_told_with_its_cure(user: User) -> None:
    done = user.run("target_column=is_frued", words=FIRST)
    assert done.status == 2
    assert "is_frued" in done.err
    assert "cure: " in done.err
    assert "ML8S-D" in done.err
    assert tries(user, done.run, "validate") == ["Failed"]
    store = user.platform.opened()
    assert records(store) == []
    note = json.loads(store.get(f"runs/{done.run}/steps/validate.json"))
    assert (note["outcome"], note["stopped_by"]["code"][:6]) == ("failed", "ML8S-D"), (
        "it stays when Argo forgets the run"
    )
    assert "is_frued" in store.get(f"runs/{done.run}/violations.json").decode()


def test_a_step_without_enough_memory_is_tried_again_and_then_told_so(user: User) -> None:
    done = user.run("resources.memory=48Mi", words=FIRST)
    assert done.status == 3
    assert "validate ran out of memory and was killed" in done.err
    assert "cure: ask for more with `resources: {memory: …}` in the config" in done.err
    assert "validate: ran out of memory and was killed: tried again" in done.err
    assert tries(user, done.run, "validate") == ["Failed"] * 3, "a kill is retried twice"


def test_a_killed_container_and_a_deleted_pod_are_made_anew(user: User) -> None:
    going = user.start(*user.command(), *FIRST)
    run = going.run()
    pod = running_pod(user, run, "validate")
    kill = (
        "import os,signal\n"
        "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    line = open(f'/proc/{pid}/cmdline').read()\n"
        "    if 'ml8s.steps' in line and 'argoexec' not in line: os.kill(int(pid), signal.SIGKILL)\n"
    )
    user.platform.space.kubectl("exec", pod, "-c", "main", "--", "/opt/ml8s/bin/python", "-c", kill)
    user.platform.space.cluster.wait("a second try", lambda: len(tries(user, run, "validate")) > 1)
    pod = running_pod(user, run, "split")
    user.platform.space.kubectl("delete", "pod", pod, "--force", "--grace-period=0")
    done = going.end()
    assert done.status == 0, done.err
    assert tries(user, run, "validate") == ["Failed", "Succeeded"]
    assert tries(user, run, "split")[-1] == "Succeeded"
    assert "validate: was killed: tried again" in done.err


def test_a_killed_controller_and_a_store_that_is_away_delay_a_run_and_change_nothing(
    cluster: Cluster, user: User
) -> None:
    going = user.start(*user.command())
    run = going.run()
    running_pod(user, run, "split")
    cluster.kill_and_restart_around("workflow-controller", signal.SIGKILL, lambda: time.sleep(5))
    running_pod(user, run, "featurize")
    cluster.kill_and_restart_around("minio", signal.SIGTERM, lambda: time.sleep(OUTAGE_SECONDS))
    done = going.end()
    assert done.status == 0, done.err
    [record] = records(user.platform.opened())

    undisturbed = user.ml8s(*user.command(), "--local", "--store", user.platform.folder / "local")
    assert undisturbed.status == 0, undisturbed.err
    from ml8s.storage import open_store

    assert records(open_store(str(user.platform.folder / "local"))) == [record]


def _register_spans(user: User, run: str) -> list[tuple[datetime, datetime]]:
    space = user.platform.space
    nodes = [node for name, node in space.nodes(run).items() if name.startswith("register(")]
    return [(datetime.fromisoformat(node["startedAt"]), datetime.fromisoformat(node["finishedAt"])) for node in nodes]


def test_two_runs_of_one_model_at_once_both_finish_one_after_the_other_with_one_record(user: User) -> None:
    both = [user.start(*user.command()) for _ in range(2)]
    ended = [going.end() for going in both]
    assert [done.status for done in ended] == [0, 0], [done.err for done in ended]
    assert len({done.run for done in ended}) == 2
    [(began, _), (later, _)] = sorted(span for done in ended for span in _register_spans(user, done.run))
    ends = sorted(end for done in ended for _, end in _register_spans(user, done.run))
    assert began <= ends[0] <= later, "register is never in two pods at once"
    assert len(records(user.platform.opened())) == 1


def test_two_configs_of_one_model_at_once_each_get_their_own_template(user: User) -> None:
    both = [user.start(*user.command(f"seed={seed}"), *FIRST) for seed in (1, 2)]
    ended = [going.end() for going in both]
    assert [done.status for done in ended] == [0, 0], [done.err for done in ended]


def test_the_follower_outlives_a_lost_connection(user: User) -> None:
    going = user.start(*user.command(), *FIRST)
    run = going.run()
    running_pod(user, run, "validate")
    watchers = subprocess.run(
        ["pgrep", "--parent", str(going.process.pid), "-f", "watch"], capture_output=True, text=True, check=True
    )
    for pid in watchers.stdout.split():
        subprocess.run(["kill", "-9", pid], check=True)
    done = going.end()
    assert done.status == 0, done.err
