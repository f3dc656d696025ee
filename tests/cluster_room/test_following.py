"""Following a run through a kubectl whose connections end: what is said, what is borne, what is the end."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ml8s.cluster import watching
from ml8s.cluster.following import Following, Patience
from ml8s.cluster.kubectl import Kubectl
from ml8s.cluster.view import SUCCEEDED
from ml8s.errors import ClusterDenied, ClusterUnreachable, RunNotFound
from tests.cluster_room.scripted_kubectl import Call, Script
from tests.cluster_room.test_story import Listener

RUNNING = json.loads((Path(__file__).parent / "recorded" / "running.json").read_text())
UNREACHABLE = "Unable to connect to the server: dial tcp 10.0.0.1:6443: connect: connection refused"


def ended() -> Mapping[str, object]:
    """The running Workflow, at its end."""
    workflow = copy.deepcopy(RUNNING)
    workflow["status"]["phase"] = SUCCEEDED
    for node in workflow["status"]["nodes"].values():
        node["phase"] = SUCCEEDED
    return workflow


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    monkeypatch.setattr(watching, "AGAIN_SECONDS", 0.05)
    return Script(tmp_path)


@pytest.fixture
def follow() -> Callable[[Kubectl], Following]:
    return lambda kubectl: Following(kubectl, RUNNING["metadata"]["name"], Listener(), Patience(silence=0.3))


def seen(workflow: Mapping[str, object], seconds: float = 0.0) -> Call:
    """The Workflow, and a server that ends the connection some seconds later without a word."""
    return (json.dumps(workflow), "", seconds, "0")


NO_LOG: Call = ("", 'pods "x" not found', 0.0, "1")


def test_a_quiet_watch_that_the_server_ends_is_no_complaint(
    script: Script, follow: Callable[[Kubectl], Following]
) -> None:
    kubectl = script.write(get=[seen(RUNNING, 1.0), seen(RUNNING, 0.5), seen(ended())], logs=[NO_LOG])
    following = follow(kubectl)
    assert following.run().phase == SUCCEEDED
    assert isinstance(following.follower, Listener)
    assert following.follower.notes == []


def test_a_cluster_that_comes_back_in_time_is_followed_again(
    script: Script, follow: Callable[[Kubectl], Following]
) -> None:
    lost: Call = ("", UNREACHABLE, 0.0, "1")
    following = follow(script.write(get=[seen(RUNNING), lost, lost, seen(ended())], logs=[NO_LOG]))
    assert following.run().phase == SUCCEEDED
    assert isinstance(following.follower, Listener)
    assert len(following.follower.notes) == 1
    assert "the run goes on" in following.follower.notes[0]


def test_a_cluster_that_stays_away_is_given_up_and_the_run_goes_on(
    script: Script, follow: Callable[[Kubectl], Following]
) -> None:
    following = follow(script.write(get=[seen(RUNNING), ("", UNREACHABLE, 0.0, "1")], logs=[NO_LOG]))
    with pytest.raises(ClusterUnreachable) as error:
        following.run()
    assert f"`ml8s runs show {following.attempt} --follow`" in error.value.cure


@pytest.mark.parametrize(
    ("complaint", "kind"),
    [
        (f'Error from server (NotFound): workflows.argoproj.io "{RUNNING["metadata"]["name"]}" not found', RunNotFound),
        ('Error (Forbidden): User "eve" cannot watch resource "workflows" in API group "argoproj.io"', ClusterDenied),
    ],
)
def test_a_complaint_that_no_waiting_mends_is_the_end_at_once(
    script: Script, follow: Callable[[Kubectl], Following], complaint: str, kind: type[Exception]
) -> None:
    following = follow(script.write(get=[seen(RUNNING), ("", complaint, 0.0, "1")], logs=[NO_LOG]))
    with pytest.raises(kind):
        following.run()


def test_a_log_that_breaks_off_is_read_on_from_its_last_line(
    script: Script, follow: Callable[[Kubectl], Following]
) -> None:
    first, second, third = (f"2026-11-25T10:00:0{n}.000000000Z line {n}\n" for n in range(3))
    broken: Call = (first + second, "unexpected EOF", 0.0, "1")
    whole: Call = (second + third, "", 0.0, "0")
    kubectl = script.write(get=[seen(RUNNING, 1.0), seen(ended())], logs=[broken, whole, (third, "", 0.0, "0")])
    following = follow(kubectl)
    following.run()
    assert list(following.last_lines["validate"]) == ["line 0", "line 1", "line 2"]
    asked = script.asked("logs")
    assert "--since-time" not in asked[0]
    assert "--since-time=2026-11-25T10:00:01.000000000Z" in asked[1]
    assert "--since-time=2026-11-25T10:00:02.000000000Z" in asked[2]
