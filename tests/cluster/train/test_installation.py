"""The installation as its platform team makes it: rights, identities by purpose, and `ml8s doctor` as its judge."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml8s.cluster.rights import LOOKING, SUBMITTER
from ml8s.examples.generate import publish
from tests.cluster.bed.cluster import Cluster, Space
from tests.cluster.bed.places import ACCESS_KEY, REPOSITORY, SECRET_KEY
from tests.cluster.bed.problem import BedError
from tests.cluster.bed.storage import Bucket
from tests.cluster.conftest import Lodge, named
from tests.cluster.smoke.samples import dag
from tests.cluster.train import identities, installation
from tests.cluster.train.command import Finished, User
from tests.cluster.train.platform import ROWS, Platform, records

TRIAL_SECONDS = 420


@pytest.fixture(scope="module")
def installed(
    cluster: Cluster,
    images: dict[str, str],
    lodge: Lodge,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> User:
    """Someone with the rights of `ml8s-deployer` on a fresh installation with three identities."""
    folder, home = tmp_path_factory.mktemp("installed"), named("installation")
    bucket = Bucket(prefix=home.prefix)
    request.addfinalizer(bucket.remove)
    lodge(request, home)
    space = installation.install(cluster, home.name, home.name, bucket, folder)
    installation.argo_keys(space)
    platform = Platform(space, bucket, folder, images)
    publish("fraud", folder / "data", rows=ROWS)
    platform.prepare()
    text = json.loads((folder / "platform.yaml").read_text())
    text |= {"credentials": identities.make_secrets(space, bucket)}
    (folder / "platform.yaml").write_text(json.dumps(text))
    return User(platform, {"KUBECONFIG": str(installation.deployer(space, folder))})


def changed(user: User, folder: Path, **change: object) -> User:
    """The same person with another platform.yaml."""
    text = json.loads((user.platform.folder / "platform.yaml").read_text())
    folder.mkdir(exist_ok=True)
    (folder / "platform.yaml").write_text(json.dumps({**text, **change}))
    return User(dataclasses.replace(user.platform, folder=folder), user.environment)


def doctor(user: User, *words: str) -> tuple[dict[str, dict[str, str]], Finished]:
    """The rows of `ml8s doctor` by check, and how it ended."""
    done = user.ml8s("doctor", "cluster", "-o", "json", *words, seconds=TRIAL_SECONDS)
    return {row["check"]: row for row in json.loads(done.out)}, done


def test_doctor_finds_nothing_wrong_with_a_fresh_installation(installed: User) -> None:
    rows, done = doctor(installed)
    assert done.status == 0, f"{done.out}\n{done.err}"
    assert {row["state"] for row in rows.values()} == {"ok"}
    space = installed.platform.space.name
    assert set(rows) >= {
        "cluster", "Argo Workflows", f"namespace {space}", "rights on workflows", "rights on pods/log",
        "serviceaccount ml8s-runner", "serviceaccount ml8s-executor", "configmap artifact-repositories",
        "workflow controller", "pod of core", "pod of train", "pod of register",
        "store from a pod", "registry closed to steps", "registry from a pod",
    }  # fmt: skip


def test_the_deployer_may_do_what_the_doctor_asks_for_and_nothing_that_hurts(installed: User) -> None:
    space, account = installed.platform.space, f"system:serviceaccount:{installed.platform.space.name}:ml8s-deployer"

    def may(*words: str) -> bool:
        try:
            return space.kubectl("auth", "can-i", *words, f"--as={account}").strip() == "yes"
        except BedError:
            return False

    for right in (*SUBMITTER, *LOOKING):
        resource, _, sub = right.resource.partition("/")
        named = f"{resource}.{right.group}" if right.group else resource
        assert may(right.verb, named, *([f"--subresource={sub}"] if sub else [])), right.words
    for words in (
        ("get", "secrets"),
        ("create", "pods"),
        ("delete", "workflows.argoproj.io"),
        ("create", "rolebindings"),
    ):
        assert not may(*words), words
    runner = account.replace("deployer", "runner")
    said = space.kubectl("auth", "can-i", "--list", f"--as={runner}", "--no-headers")
    assert "argoproj" not in said
    assert "secrets" not in said


def test_a_run_with_three_identities_registers_and_a_search_could_not(installed: User) -> None:
    done = installed.run()
    assert done.status == 0, done.err
    platform = installed.platform
    assert len(records(platform.opened())) == 1
    template = platform.space.get("workflowtemplate", "fraud-train")
    tried = {name: attempt_to_register(platform, template, name) for name in ("search", "validate", "register")}
    assert tried == {"search": "AccessDenied", "validate": "AccessDenied", "register": "created"}


def attempt_to_register(platform: Platform, template: dict[str, Any], step: str) -> str:
    """What happens to a write below registry/ by code that runs as a step: its image, account and environment."""
    [box] = [each for each in template["spec"]["templates"] if each["name"] == step]
    code = (
        "import pathlib, sys\n"
        "from ml8s.storage import Purpose, open_store\n"
        "from ml8s.errors import ML8sError\n"
        "said = []\n"
        "for purpose in Purpose:\n"
        "    try:\n"
        "        open_store(sys.argv[1], purpose).create(f'registry/v1/forged/{sys.argv[2]}.json', b'{}')\n"
        "        said.append('created')\n"
        "    except ML8sError as error:\n"
        "        said.append(type(error).__name__)\n"
        "answer = 'created' if 'created' in said else 'AccessDenied' if 'AccessDenied' in said else str(said)\n"
        "pathlib.Path('/scratch/result').write_text(answer)\n"
    )
    container = {**box["container"], "command": ["/opt/ml8s/bin/python", "-c", code], "args": [platform.store, step]}
    container["env"] = [each for each in container["env"] if "{{" not in each["value"]]
    said = {"name": "said", "valueFrom": {"path": "/scratch/result", "default": "nothing"}}
    leaf = {"name": "try", "container": container, "outputs": {"parameters": [said]}}
    kept = (
        "serviceAccountName",
        "automountServiceAccountToken",
        "executor",
        "securityContext",
        "volumes",
        "podMetadata",
    )
    spec = {key: value for key, value in template["spec"].items() if key in kept}
    spec |= {
        "entrypoint": "main",
        "activeDeadlineSeconds": 300,
        "templates": [dag({"name": "try", "template": "try"}), leaf],
    }
    name = platform.space.submit(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"generateName": "forge-"}, "spec": spec}
    )
    assert platform.space.finish(name) == "Succeeded"
    [output] = platform.space.nodes(name)["try"]["outputs"]["parameters"]
    return str(output["value"])


def test_doctor_names_a_registry_that_steps_may_write(installed: User, tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    secret = {"metadata": {"name": "root"}, "stringData": keys}
    installed.platform.space.apply({"apiVersion": "v1", "kind": "Secret", **secret})
    loose = {"store": {"secret": "root"}, "registry": {"secret": "ml8s-registry"}}
    rows, done = doctor(changed(installed, tmp_path / "loose", credentials=loose))
    assert done.status == 4
    assert rows["registry closed to steps"]["code"] == "ML8S-K010"
    assert "policies/store.json" in done.err


def test_doctor_names_what_is_missing_each_with_its_cure(installed: User, tmp_path: Path) -> None:
    images = {**installed.platform.images, "train": f"localhost/ml8s-train@sha256:{'0' * 64}"}
    asked = changed(
        installed, tmp_path / "missing", images=images,
        credentials={"store": {"secret": "ml8s-store"}, "registry": {"secret": "nothing"}},
        service_accounts={"runner": "ml8s-runner", "executor": "somebody"},
    )  # fmt: skip
    rows, done = doctor(asked)
    assert rows["serviceaccount somebody"]["code"] == "ML8S-K026"
    assert done.status == 3
    assert "kubectl apply -k" in done.err
    asked = changed(asked, tmp_path / "missing2", service_accounts={})
    rows, done = doctor(asked)
    assert rows["pod of core"]["state"] == "ok"
    assert (rows["pod of train"]["code"], rows["pod of register"]["code"]) == ("ML8S-K025", "ML8S-K026")
    assert "credentials.example.yaml" in done.err


def test_doctor_names_a_namespace_and_rights_that_are_missing(installed: User, tmp_path: Path) -> None:
    rows, done = doctor(changed(installed, tmp_path / "elsewhere", namespace="default"))
    assert done.status != 0
    assert {rows[f"rights on {resource}"]["code"] for resource in ("workflows", "pods")} == {"ML8S-K022"}
    assert "ml8s-deployer" in done.err
    admin = User(installed.platform)
    rows, done = doctor(changed(admin, tmp_path / "nowhere", namespace="nowhere"))
    assert rows["namespace nowhere"]["code"] == "ML8S-K024"
    assert rows["trial"]["state"] == "unknown"


def test_doctor_writes_nothing_when_it_is_asked_to(installed: User) -> None:
    before = {each["metadata"]["name"] for each in installed.platform.space.list("workflows")}
    rows, done = doctor(installed, "--dry-run")
    assert done.status == 0
    assert rows["trial"]["state"] == "unknown"
    assert {each["metadata"]["name"] for each in installed.platform.space.list("workflows")} <= before


def test_a_pod_beyond_restricted_is_refused_in_an_installed_namespace(installed: User) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "careless"}}
    spec = {"containers": [{"name": "main", "image": "x", "securityContext": {"privileged": True}}]}
    with pytest.raises(BedError, match='violates PodSecurity "restricted'):
        installed.platform.space.apply({**pod, "spec": spec})


@pytest.mark.parametrize(
    "path", sorted((REPOSITORY / "workflow-templates").glob("*/*-train-*.yaml")), ids=lambda p: p.stem
)
def test_the_api_server_takes_every_compiled_example_by_its_full_schema(
    namespace: Space, tmp_path: Path, path: Path
) -> None:
    text = path.read_text().replace("namespace: ml8s", f"namespace: {namespace.name}")
    file = tmp_path / path.name
    file.write_text(text)
    said = namespace.kubectl("create", "--dry-run=server", "--validate=strict", "-f", str(file))
    assert "created (server dry run)" in said
    assert namespace.list("workflowtemplates") == []
    value = yaml.safe_load(text)
    value["spec"]["colour"] = "red"
    file.write_text(json.dumps(value))
    with pytest.raises(BedError, match=r"colour"):
        namespace.kubectl("create", "--dry-run=server", "--validate=strict", "-f", str(file))
