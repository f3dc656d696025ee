"""The bed's own rules, without a bed."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.cluster.bed import (
    builds,
    content,
    daemons,
    images,
    kinds,
    objects,
    probe,
    report,
    requirements,
    settings,
    suite,
    wrappers,
)
from tests.cluster.bed.builds import ARGO, FAMILIES, KUBERNETES, Programs
from tests.cluster.bed.commands import run, run_logged
from tests.cluster.bed.places import Places, standard
from tests.cluster.bed.problem import BedError, last_lines
from tests.cluster.bed.waiting import until


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """The places of a bed that never was."""
    return Places(tmp_path / "cache", tmp_path / "state", tmp_path / "run", tmp_path / "memory")


@pytest.fixture
def programs() -> Programs:
    """Programs by name, none of them built."""
    return Programs({name: Path("/built") / name for family in FAMILIES for name in family.programs}, {})


def family(name: str) -> builds.Family:
    """Return a family by its name."""
    return next(f for f in FAMILIES if f.name == name)


def test_the_cache_is_outside_the_clone_and_honours_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert standard().cache == Path("/elsewhere/ml8s")


def test_a_family_is_built_anew_for_another_go_and_not_for_another_estimate() -> None:
    etcd = family("etcd")
    slower = builds.Family(etcd.name, etcd.module, etcd.packages, 999)
    assert builds.family_key(etcd, "go1") != builds.family_key(etcd, "go2")
    assert builds.family_key(etcd, "go1") == builds.family_key(slower, "go1")


def test_versions_come_from_go_mod() -> None:
    assert family("argo").version() == "v3.7.18"
    assert family("kubernetes").version(KUBERNETES) == "v1.34.1"
    with pytest.raises(BedError, match=r"does not require example\.com/nothing"):
        family("etcd").version("example.com/nothing")


def test_programs_are_named_as_their_packages_without_the_major_version() -> None:
    assert family("etcd").programs == ("etcd",)
    assert family("argo").programs == ("workflow-controller", "argoexec", "argo")


def test_keys_depend_on_each_part_and_on_its_borders() -> None:
    assert content.key(["ab", "c"]) != content.key(["a", "bc"])
    assert content.key(["a", b"b"]) == content.key(["a", "b"])


def test_only_the_two_latest_of_a_kind_stay_in_the_cache(tmp_path: Path) -> None:
    for number, name in enumerate(["argo-1", "argo-2", "argo-3", "etcd-1"]):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (number, number))
    content.keep_latest(tmp_path, "argo-*")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["argo-2", "argo-3", "etcd-1"]


def test_an_image_has_another_key_when_its_dockerfile_or_an_argument_changes(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    image = images.Image("localhost/x:1", tmp_path, 1)
    first = image.key
    assert images.Image("localhost/x:1", tmp_path, 1, arguments={"BASE_IMAGE": "y"}).key != first
    (tmp_path / "Dockerfile").write_text("FROM scratch\nUSER 1\n")
    assert image.key != first


def test_a_missing_program_is_named_by_its_package() -> None:
    lacking = requirements.missing_packages(lambda name: None if name in {"ip", "runc"} else name, plugin=False)
    assert lacking == ["containernetworking-plugins", "iproute2", "runc"]
    assert requirements.missing_packages(lambda name: name, plugin=True) == []


def test_what_a_missing_program_is_installed_by_is_installed_by_cluster_deps() -> None:
    assert set(requirements.missing_packages(lambda _: None, plugin=False)) <= set(requirements.system_packages())


def test_configuration_files_are_json_and_keep_to_the_beds_folders(places: Places) -> None:
    rendered = settings.files(places)
    kubelet = json.loads(rendered["kubelet.yaml"])
    assert kubelet["cgroupRoot"] == settings.CGROUP
    assert kubelet["podLogsDir"].startswith(str(places.state))
    assert f'root = "{places.containerd}"' in rendered["containerd.toml"]


def test_the_workflow_controller_serves_all_namespaces(places: Places, programs: Programs) -> None:
    argv = settings.workflow_controller(places, programs).argv
    assert "--namespaced" not in argv
    assert f"--executor-image=localhost/argoexec:{family('argo').version(ARGO)}" in argv


def test_a_tests_namespace_is_restricted_and_its_executor_may_only_report() -> None:
    made = {(thing["kind"], thing["metadata"]["name"]): thing for thing in objects.tenant("t", "p/", test="t")}
    labels = made["Namespace", "t"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    (rule,) = made["Role", objects.EXECUTOR_ACCOUNT]["rules"]
    assert (rule["resources"], rule["verbs"]) == (["workflowtaskresults"], ["create", "patch"])
    repository = json.loads(made["ConfigMap", "artifact-repositories"]["data"]["default"])
    assert repository["s3"]["keyFormat"].startswith("p/")


def test_a_wait_that_ends_in_vain_says_what_it_saw() -> None:
    with pytest.raises(BedError, match=r"waited 0 s for a miracle; last seen: \[\]"):
        until("a miracle", lambda: [], seconds=0, interval=0)


def test_a_failing_program_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(BedError, match="exit 3\n  so it goes"):
        run(["sh", "-c", "echo so it goes >&2; exit 3"])
    with pytest.raises(BedError, match=r"last lines of .*build.log:\n.*\n    the reason"):
        run_logged(["sh", "-c", "echo the reason; exit 1"], tmp_path / "build.log")


def test_only_the_last_lines_of_a_log_are_quoted(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert last_lines(log, 2).splitlines()[1:] == ["    line 98", "    line 99"]


def test_a_process_is_known_by_its_pid_and_its_birth() -> None:
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    born = daemons.birth_of(child.pid)
    assert born == daemons.birth_of(child.pid)
    daemons.end_process(child.pid, "some other birth", how=signal.SIGTERM, seconds=1)
    assert daemons.birth_of(child.pid) == born

    daemons.end_process(child.pid, born, how=signal.SIGTERM, seconds=10)

    assert daemons.birth_of(child.pid) == ""


def test_a_process_that_ignores_sigterm_is_killed() -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout is not None
    assert child.stdout.readline() == b"deaf\n"
    with child.stdout:
        daemons.end_all([child.pid], seconds=0.2)
    assert daemons.birth_of(child.pid) == ""


def test_a_daemon_that_died_is_named_with_its_last_lines(places: Places) -> None:
    record = places.run / "daemons" / "etcd.json"
    record.parent.mkdir(parents=True)
    places.logs.mkdir(parents=True)
    entry = {"name": "etcd", "pid": os.getpid(), "born": "long ago", "argv": ["etcd"], "env": {}}
    record.write_text(json.dumps(entry))
    (places.logs / "etcd.log").write_text("no space left on device\n")
    with pytest.raises(BedError, match=r"died: etcd\n.*\n    no space left on device"):
        daemons.check_alive(places)


def test_a_daemon_whose_port_is_taken_is_named_with_its_own_words(places: Places) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        argv = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", port)
        started = daemons.launch(places, daemons.Daemon("prometheus", argv))
        until("its end", lambda: not started.alive(), seconds=60)
        with pytest.raises(BedError, match=r"died: prometheus\n(.*\n)*.*Address already in use"):
            daemons.check_alive(places)


def test_every_wrapper_calls_what_is_there_and_never_itself(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    built = builds.programs(standard(), run(["go", "version"]).strip())
    monkeypatch.setenv("PATH", f"{places.wrappers}:{os.environ['PATH']}")
    for _ in range(2):  # again, with the wrappers on PATH
        wrappers.write(places, built, {})
        called = wrappers.targets(places, built)
        assert set(called) == {"kubectl", "argo", "kubectl-argo-rollouts", "python", "ml8s", "curl"}
        for name, target in called.items():
            assert os.access(target, os.X_OK), name
            assert Path(target).parent != places.wrappers
            assert (places.wrappers / name).read_text().endswith(f'-- {target} "$@"\n')
            assert os.access(places.wrappers / name, os.X_OK)
    monkeypatch.setenv("PATH", str(places.wrappers))
    with pytest.raises(BedError, match="curl is not on PATH: make cluster-deps"):
        wrappers.write(places, built, {})


def test_status_of_a_bed_that_is_down_says_so_and_is_not_well(places: Places) -> None:
    text, whole = report.status(places)
    assert text.startswith("the bed is down")
    assert not whole


def test_the_last_line_counts_passed_failed_and_skipped(tmp_path: Path) -> None:
    junit = tmp_path / "x.xml"
    junit.write_text('<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"/></testsuites>')
    assert suite.outcome_of(junit).line() == "cluster: 5 passed, 2 failed, 2 skipped"
    assert suite.Outcome(3, 0, 0).line() == "cluster: 3 passed"


def test_kinds_are_read_once_and_a_kustomization_that_does_more_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "crds"
    folder.mkdir()
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    (folder / "kustomization.yaml").write_text(f"{head}resources: [b.yaml, a.yaml]\n")
    for name in ("a", "b"):
        (folder / f"{name}.yaml").write_text(f"kind: CustomResourceDefinition\nmetadata: {{name: {name}}}\n")
    made = kinds.document(folder)
    assert [item["metadata"]["name"] for item in json.loads(made.read_text())["items"]] == ["b", "a"]
    (folder / "a.yaml").unlink()
    assert kinds.document(folder) == made
    made.unlink()
    (folder / "kustomization.yaml").write_text(f"{head}resources: []\npatches: []\n")
    with pytest.raises(BedError, match=r"does more than to name resources: .*patches"):
        kinds.document(folder)


class HonestStore:
    """A store in memory whose create is atomic."""

    def __init__(self) -> None:
        """Begin empty."""
        self.objects: dict[str, bytes] = {}
        self.lock = threading.Lock()

    def create(self, key: str, body: bytes) -> bool:
        with self.lock:
            return self.objects.setdefault(key, body) is body

    def read(self, key: str) -> bytes:
        return self.objects[key]

    def names(self, prefix: str) -> list[str]:
        return [key for key in self.objects if key.startswith(prefix)]

    def remove(self, prefix: str) -> None:
        self.objects = {key: body for key, body in self.objects.items() if not key.startswith(prefix)}


class CarelessStore(HonestStore):
    """A store that ignores the condition."""

    def create(self, key: str, body: bytes) -> bool:
        self.objects[key] = body
        return True


class RacingStore(HonestStore):
    """A store that checks first and writes later, with room for all between."""

    def __init__(self, writers: int) -> None:
        super().__init__()
        self.meeting = threading.Barrier(writers)

    def create(self, key: str, body: bytes) -> bool:
        taken = key in self.objects
        if "race" in key:
            self.meeting.wait(timeout=10)
        if not taken:
            self.objects[key] = body
        return not taken


def test_the_probe_passes_a_store_that_keeps_the_condition_and_leaves_nothing() -> None:
    store = HonestStore()
    assert probe.prove(store, keys=3, writers=4) == probe.Proof(3, 4)
    assert store.objects == {}


def test_the_probe_refuses_a_store_that_ignores_the_condition() -> None:
    with pytest.raises(probe.Refused, match="a second create of the same key succeeded"):
        probe.prove(CarelessStore(), keys=3, writers=4)


def test_the_probe_refuses_a_store_that_checks_before_it_writes() -> None:
    with pytest.raises(probe.Refused, match="4 of 4 simultaneous creates won, exactly one may"):
        probe.prove(RacingStore(4), keys=3, writers=4)
