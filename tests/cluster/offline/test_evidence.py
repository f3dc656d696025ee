"""What a failure leaves to read, and what the suite refuses to leave: with a kubectl that answers from a file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cluster.bed import evidence, leftovers
from tests.cluster.bed.builds import ARGO, ROLLOUTS, Programs, programs
from tests.cluster.bed.cluster import Cluster
from tests.cluster.bed.commands import run
from tests.cluster.bed.kubectl import Kubectl
from tests.cluster.bed.places import REPOSITORY, Places, standard
from tests.cluster.bed.problem import BedError

# It answers with what stands after the first line that is part of its own words, and fails without one.
KUBECTL = """#!{python}
import json, pathlib, sys
words = " ".join(sys.argv[3:])
here = pathlib.Path(__file__).parent
with (here / "asked").open("a") as asked:
    asked.write(words + "\\n")
for part, answer in json.loads((here / "answers.json").read_text()):
    if part in words:
        print(answer)
        sys.exit(0)
sys.exit(f"the server has no answer to {{words}}")
"""
WORKFLOW = {
    "metadata": {"name": "fraud-1"},
    "status": {
        "phase": "Failed",
        "message": "child failed",
        "nodes": {"a": {"displayName": "validate", "type": "Pod", "phase": "Failed", "message": "ML8S-D: no column"}},
    },
}
ANSWERS = [
    ["get workflows -n t-a -o json", json.dumps({"items": [WORKFLOW]})],
    ["get pods -n t-a -o json", json.dumps({"items": [{"metadata": {"name": "fraud-1-validate"}}]})],
    ["logs fraud-1-validate", "[main] is_fraud is missing"],
    ["get pods -o wide", "fraud-1-validate Error"],
    ["get events", "Warning BackOff"],
    ["-o yaml", "kind: List"],
]


def fake(folder: Path, answers: list[list[str]]) -> Cluster:
    """A cluster whose kubectl answers with the first answer whose key is part of what it is asked."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "answers.json").write_text(json.dumps(answers))
    program = folder / "kubectl"
    program.write_text(KUBECTL.format(python=sys.executable))
    program.chmod(0o755)
    places = Places(folder / "cache", folder / "state", folder / "run", folder / "memory")
    return Cluster(places, Programs({}, {}), Kubectl(program, folder / "kubeconfig"))


def asked(cluster: Cluster) -> list[str]:
    """What its kubectl was asked so far."""
    return (cluster.places.cache.parent / "asked").read_text().splitlines()


def test_a_failure_leaves_nodes_pods_events_and_logs_to_read(tmp_path: Path) -> None:
    shown = evidence.collect(fake(tmp_path / "bed", ANSWERS).space("t-a"), tmp_path / "left")
    assert shown.splitlines() == [
        f"namespace t-a, all of it in {tmp_path / 'left'}",
        "== workflows",
        "fraud-1: Failed child failed",
        "  validate                 Pod        Failed     ML8S-D: no column",
        "== pods",
        "fraud-1-validate Error",
        "== events",
        "Warning BackOff",
        "== logs",
        "-- fraud-1-validate",
        "[main] is_fraud is missing",
    ]
    assert (tmp_path / "left" / "objects.yaml").read_text() == "kind: List\n"
    assert (tmp_path / "left" / "logs.txt").read_text() in f"{shown}\n"


def test_what_cannot_be_collected_is_said_and_hides_nothing_else(tmp_path: Path) -> None:
    answers = [answer for answer in ANSWERS if answer[0] != "get events"]
    shown = evidence.collect(fake(tmp_path / "bed", answers).space("t-a"), tmp_path / "left")
    assert "(not collected: " in shown
    assert "the server has no answer to -n t-a get events" in shown
    assert "[main] is_fraud is missing" in shown


def listed(*rows: str, others: str = "") -> list[list[str]]:
    """What a cluster answers that has these objects in namespaces, and `others` cluster-wide."""
    return [
        ["--all-namespaces --no-headers", "\n".join(rows)],
        ["get namespaces --all-namespaces -l ml8s.dev/bed-test -o json", json.dumps({"items": []})],
        [" -o name", others],
    ]


STANDING = ("argo  ConfigMap  workflow-controller-configmap", "ml8s   Secret   s3")


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({"rows": ("default   NetworkPolicy   deny",)}, "default NetworkPolicy deny"),
        ({"rows": ("ml8s PersistentVolumeClaim data",)}, "ml8s PersistentVolumeClaim data"),
        (
            {"others": "clusterrole.rbac.authorization.k8s.io/too-much"},
            "clusterrole.rbac.authorization.k8s.io/too-much",
        ),
        ({"stored": {"blobs/x"}}, "blobs/x"),
    ],
    ids=["in a namespace", "storage", "cluster-wide", "in the bucket"],
)
def test_what_tests_leave_outside_their_places_is_refused_by_name(
    tmp_path: Path, left: dict[str, object], said: str
) -> None:
    stored: set[str] = {"probe.json"}
    cluster = fake(tmp_path, listed(*STANDING, others="namespace/ml8s"))
    with pytest.raises(BedError) as caught, leftovers.refused(cluster, lambda: stored):
        rows, others = left.get("rows", ()), left.get("others", "")
        assert isinstance(rows, tuple)
        fake(tmp_path, listed(*STANDING, *rows, others=f"namespace/ml8s\n{others}"))
        stored = stored | {"blobs/x"} if "stored" in left else stored
    assert str(caught.value) == f"left behind by the tests:\n  {said}"


def test_a_suite_that_leaves_nothing_is_not_refused(tmp_path: Path) -> None:
    cluster = fake(tmp_path, listed(*STANDING))
    with leftovers.refused(cluster, set):
        fake(tmp_path, listed(STANDING[0]))
    assert any("get namespaces" in words for words in asked(cluster))


def test_the_inventory_asks_for_every_kind_of_argo() -> None:
    built = programs(standard(), run(["go", "version"]).strip())
    folders = (built.manifests[ARGO] / "base/crds/full", built.manifests[ROLLOUTS] / "crds")
    found = [yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) for each in folders for path in each.glob("*.yaml")]
    kinds = {each["spec"]["names"]["plural"] for each in found if each["kind"] == "CustomResourceDefinition"}
    assert len(kinds) == 13
    assert kinds <= {*leftovers.CLUSTER_WIDE, *leftovers.IN_NAMESPACES}


SUITE = """
import pytest
from tests.cluster import conftest
from tests.cluster.conftest import *
from tests.cluster.offline.test_evidence import ANSWERS, fake
from pathlib import Path
HERE = Path(__file__).parent

@pytest.fixture(scope="session")
def cluster():
    return fake(HERE / "bed", [["delete namespace", "deleted"], *ANSWERS])

@pytest.fixture(scope="module")
def first(lodge, request):
    home = conftest.Home("t-a")
    lodge(request, home)
    raise ValueError("the first training failed")
"""
TESTS = """
def test_one(first): pass
def test_two(first): pass
"""


def test_a_fixture_that_fails_leaves_its_evidence_before_its_namespace_goes(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(SUITE)
    (tmp_path / "test_day.py").write_text(TESTS)
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "XDG_CACHE_HOME": str(tmp_path / "caches")}
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the first training failed" in done.stdout
    assert done.stdout.count("[main] is_fraud is missing") == 1, "collected once for both tests"
    assert done.stdout.count("as after the same failure above") == 1
    left = tmp_path / "caches" / "ml8s" / "failures" / "t-a"
    assert [path.name for path in left.iterdir()] == ["test_one"]
    *before, last = (tmp_path / "bed" / "asked").read_text().splitlines()
    assert last.startswith("delete namespace t-a")
    assert any("logs fraud-1-validate" in words for words in before)
