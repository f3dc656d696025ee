"""What a cluster run is given wrongly: each a clear error that names the cure, in an ML engineer's words."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.bed import settings
from tests.cluster.bed.cluster import Cluster
from tests.cluster.bed.objects import Object
from tests.cluster.bed.places import REPOSITORY, S3
from tests.cluster.train.command import Finished, User
from tests.cluster.train.platform import Platform

FIRST = ("--until", "validate")


def kubeconfig(platform: Platform, name: str, server: str | None = None, user: Object | None = None) -> str:
    """A kubeconfig that differs from the bed's in its server or its user."""
    found = json.loads(platform.space.kubectl("config", "view", "--raw", "-o", "json"))
    if server is not None:
        found["clusters"][0]["cluster"]["server"] = server
    if user is not None:
        found["users"][0]["user"] = user
    path = platform.folder / name
    path.write_text(json.dumps(found))
    return str(path)


def refused(done: Finished, status: int, code: str, *words: str) -> None:
    """Assert a clear error: its status, its code, its words, a cure, no traceback, nothing submitted."""
    assert done.status == status, done.err
    assert code in done.err
    for word in (*words, "cure: "):
        assert word in done.err, done.err
    assert "Traceback" not in done.err


def changed(user: User, change: Object) -> User:
    """Someone with a platform.yaml of their own, which differs in some fields."""
    platform = json.loads((user.platform.folder / "platform.yaml").read_text())
    path = user.platform.folder / f"platform-{len(list(user.platform.folder.glob('platform-*')))}.yaml"
    path.write_text(json.dumps(platform | change))
    return User(user.platform, {**user.environment, "ML8S_PLATFORM": str(path)})


@pytest.mark.parametrize(
    ("server", "words"),
    [("https://10.244.0.1:9", ("does not answer", "--local")), ("https://nowhere.invalid:6443", ("does not answer",))],
)
def test_a_cluster_that_does_not_answer(colleague: User, server: str, words: tuple[str, ...]) -> None:
    lost = User(colleague.platform, {"KUBECONFIG": kubeconfig(colleague.platform, "lost", server)})
    before = colleague.workflows()
    refused(lost.run(words=FIRST), 3, "ML8S-K020", *words)
    assert colleague.workflows() == before


def test_no_cluster_named(colleague: User) -> None:
    found = json.loads(Path(kubeconfig(colleague.platform, "unnamed")).read_text()) | {"current-context": "gone"}
    (colleague.platform.folder / "unnamed").write_text(json.dumps(found))
    lost = User(colleague.platform, {"KUBECONFIG": str(colleague.platform.folder / "unnamed")})
    refused(lost.ml8s("runs", "list"), 3, "ML8S-K020", "KUBECONFIG")
    refused(lost.run(words=FIRST), 3, "ML8S-K020", "KUBECONFIG")


def test_a_login_that_is_not_accepted(colleague: User) -> None:
    path = kubeconfig(colleague.platform, "stranger", user={"token": "not-a-token"})
    refused(User(colleague.platform, {"KUBECONFIG": path}).run(words=FIRST), 4, "ML8S-K022", "log in")


def test_someone_without_the_right(colleague: User) -> None:
    space = colleague.platform.space
    space.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "intern"}})
    token = space.kubectl("create", "token", "intern").strip()
    path = kubeconfig(colleague.platform, "intern", user={"token": token})
    intern = User(colleague.platform, {"KUBECONFIG": path})
    refused(intern.run(words=FIRST), 4, "ML8S-K022", "intern", "workflowtemplates", "ml8s-deployer")
    refused(intern.ml8s("runs", "list"), 4, "ML8S-K022", "ml8s-deployer")

    install = (REPOSITORY / "workflow-templates" / "install" / "accounts.yaml").read_text()
    [role] = [each for each in yaml.safe_load_all(install)
              if (each["kind"], each["metadata"]["name"]) == ("Role", "ml8s-deployer")]  # fmt: skip
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": {"name": "intern"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "ml8s-deployer"},
        "subjects": [{"kind": "ServiceAccount", "name": "intern", "namespace": space.name}],
    }  # fmt: skip
    space.apply(role, binding)
    # A config of its own: what it leaves in the store would have the runs of the other tests find nothing to do.
    done = intern.run("columns.ignore=[channel]", words=FIRST)
    assert done.status == 0, done.err
    for words in (("list",), ("show", done.run), ("logs", done.run), ("stop", done.run)):
        assert intern.ml8s("runs", *words).status == 0, "the role is all that it takes"


def test_a_namespace_that_is_not_there(colleague: User) -> None:
    refused(changed(colleague, {"namespace": "nowhere"}).run(words=FIRST), 2, "ML8S-K024", "'nowhere'", "platform.yaml")


def test_an_image_that_is_not_there(colleague: User) -> None:
    images = {name: f"localhost/ml8s-{name}@sha256:{'0' * 64}" for name in ("core", "train")}
    done = changed(colleague, {"images": images}).run(words=FIRST)
    refused(done, 3, "ML8S-K025", "image", "platform.yaml")
    colleague.platform.space.finish(done.run)
    assert colleague.platform.space.phase(done.run) == "Failed", "it is stopped, and waits for no deadline"


def test_a_secret_that_is_not_there(colleague: User) -> None:
    secrets = {"store": {"secret": "nothing"}, "registry": {"secret": "nothing"}}
    refused(changed(colleague, {"credentials": secrets}).run(words=FIRST), 3, "ML8S-K026", "nothing", "ml8s doctor")


def test_wrong_keys_fail_once(colleague: User) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing12"}
    space = colleague.platform.space
    space.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "wrong"}, "stringData": keys})
    secrets = {"store": {"secret": "wrong"}, "registry": {"secret": "wrong"}}
    done = changed(colleague, {"credentials": secrets}).run(words=FIRST)
    refused(done, 4, "ML8S-T0")
    assert "validate(1)" not in space.nodes(done.run)


def test_a_store_that_pods_cannot_reach(colleague: User) -> None:
    store = {"uri": colleague.platform.store, "endpoint": "http://10.244.0.1:9"}
    away = changed(colleague, {"store": store})
    done = User(away.platform, {**away.environment, "AWS_ENDPOINT_URL": S3}).run(words=FIRST)
    refused(done, 3, "ML8S-T001")
    assert "tried again" in done.err


def test_more_than_any_machine_has_is_said_while_it_waits(colleague: User) -> None:
    asked = changed(colleague, {"maximum": {"cpu": 200, "memory": "64Gi"}})
    going = asked.start(*asked.command("resources.cpu=200"), *FIRST)
    going.wait_for("waits for a machine with enough CPU and memory")
    stopped = asked.ml8s("runs", "stop", going.run())
    assert stopped.status == 0, stopped.err
    assert going.end(seconds=120).status == 143


def test_more_than_the_platform_gives_is_refused_before_anything_is_sent(colleague: User) -> None:
    before = colleague.workflows()
    refused(colleague.run("resources.cpu=17", words=FIRST), 2, "ML8S-K003", "resources.cpu")
    assert colleague.workflows() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": "red"}, "no field `colour`"),
        ({"images": {"core": "localhost/ml8s-core:latest", "train": "localhost/ml8s-train:latest"}}, "sha256"),
    ],
)
def test_a_platform_with_unknown_keys_or_tags(colleague: User, change: Object, words: str) -> None:
    refused(changed(colleague, change).run(words=FIRST), 2, "ML8S-K001", words)


def test_a_machine_without_kubectl(colleague: User, tmp_path: Path) -> None:
    bare = User(colleague.platform, {"PATH": str(tmp_path)})
    refused(bare.run(words=FIRST), 2, "ML8S-K021", "install kubectl", "--local")


@pytest.fixture
def bare_server(cluster: Cluster, tmp_path: Path) -> Iterator[str]:
    """A second, empty Kubernetes API server: nothing is installed in it."""
    client, peer = "http://127.0.0.1:23790", "http://127.0.0.1:23800"
    etcd = [
        str(cluster.programs["etcd"]), f"--data-dir={tmp_path / 'etcd'}", "--unsafe-no-fsync", "--log-level=error",
        f"--listen-client-urls={client}", f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}",
    ]  # fmt: skip
    server = [
        word.replace("--secure-port=6443", "--secure-port=6444")
        for word in settings.apiserver(cluster.places, cluster.programs).argv
        if not word.startswith("--etcd-servers=")
    ]
    argvs = (etcd, [*server, f"--etcd-servers={client}"])
    with (tmp_path / "log").open("w") as log:
        started = [subprocess.Popen(argv, stdout=log, stderr=log) for argv in argvs]
        try:
            address = "https://10.244.0.1:6444"
            words = ["--server", address, "get", "--raw", "/readyz"]
            cluster.wait("the empty API server", lambda: "ok" in cluster.kubectl(*words), seconds=180)
            yield address
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(timeout=60)


def test_a_cluster_without_argo_workflows(colleague: User, bare_server: str) -> None:
    path = kubeconfig(colleague.platform, "bare", bare_server)
    bare = User(colleague.platform, {"KUBECONFIG": path})
    refused(bare.run(words=FIRST), 3, "ML8S-K023", "does not run Argo Workflows", "--local")
    refused(bare.ml8s("runs", "list"), 3, "ML8S-K023")
