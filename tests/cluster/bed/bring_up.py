"""Bringing the bed up: the order in which everything starts."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from tests.cluster.bed import (
    builds,
    certificates,
    cgroups,
    console,
    daemons,
    images,
    kinds,
    machine,
    network,
    objects,
    probe,
    requirements,
    seed,
    settings,
    tear_down,
    wrappers,
)
from tests.cluster.bed.builds import ARGO, ROLLOUTS, Programs
from tests.cluster.bed.commands import run
from tests.cluster.bed.kubectl import Kubectl
from tests.cluster.bed.metrics import Prometheus
from tests.cluster.bed.places import NODE, PROMETHEUS, Places
from tests.cluster.bed.problem import BedError
from tests.cluster.bed.storage import Bucket
from tests.cluster.bed.waiting import until

# At every start a short race; the smoke tests run the whole one.
_PROBE_KEYS = 40
_PATIENCE_SECONDS = 240.0


def up(places: Places) -> None:
    """Build what is missing, then start the cluster and wait until all of it works.

    A bed that is up and whole is left alone; what a half-dead earlier run left
    is taken down first. Raises Impossible where the machine lacks something.
    """
    check(places)
    if places.state.exists():
        if is_whole(places):
            console.say("the bed is up already")
            return
        console.say("an earlier run left a half-dead bed: taking it down first")
        tear_down.down(places)
    programs = builds.build_all(places)
    wanted = images.bed_images(programs)
    images.build_all(wanted, places)
    tear_down.discard_stale_images(places)
    console.say("starting the cluster")
    _prepare(places)
    pinned = _start(places, programs, wanted)
    wrappers.write(places, programs, pinned)
    console.say("the bed is up")


def check(places: Places) -> None:
    """Raise Impossible, in one line, where this machine cannot carry the bed."""
    requirements.check(places, cold=False)
    requirements.check_names_are_free(places)
    go_version = run(["go", "version"]).strip()
    requirements.check(places, cold=bool(builds.missing(places, go_version)))


def is_whole(places: Places) -> bool:
    """Say whether every daemon runs and the last start came to its end."""
    started = daemons.read(places)
    return places.environment.exists() and bool(started) and not daemons.dead(places) and not daemons.excused(places)


def _prepare(places: Places) -> None:
    """Make folders, network, control groups, certificates and configuration files."""
    places.state.mkdir(parents=True)
    machine.remember(places)
    for folder in (places.run, places.memory):
        folder.mkdir(parents=True)
    network.create()
    cgroups.create()
    certificates.issue_all(places)
    for name, text in settings.files(places).items():
        path = places.state / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _start(places: Places, programs: Programs, wanted: list[images.Image]) -> dict[str, str]:
    """Start the daemons, do what can be done meanwhile, wait for all of it."""
    kubectl = Kubectl(programs["kubectl"], places.kubeconfig)
    if not seed.lay(places, programs):
        with console.long_work("installing the kinds of Argo, once", 30, "the daemons"):
            _plant(places, programs, kubectl)
    for daemon in (
        settings.etcd(places, programs),
        settings.apiserver(places, programs),
        settings.containerd(places),
        settings.minio(places, programs),
        settings.prometheus(places, programs),
    ):
        daemons.start(places, daemon)
    with ThreadPoolExecutor(4) as pool:
        loading = pool.submit(_load_images, places, wanted)
        storing = pool.submit(_make_bucket, places)
        _wait(places, "the API server", lambda: kubectl("get", "--raw=/readyz") == "ok")
        for daemon in (
            settings.controller_manager(places, programs),
            settings.scheduler(places, programs),
            settings.kubelet(places, programs),
            settings.proxy(places, programs),
        ):
            daemons.start(places, daemon)
        _install(places, programs, kubectl)
        _wait(places, "node Ready", lambda: _node_is_ready(kubectl))
        storing.result()
        _wait(places, "the controllers in Prometheus", _controllers_are_scraped)
        return loading.result()


def _wait(places: Places, what: str, check: Callable[[], object]) -> None:
    _persist(places, what, check)
    console.say(f"{what}: yes")


def _load_images(places: Places, wanted: list[images.Image]) -> dict[str, str]:
    _wait(places, "containerd", lambda: images.ctr(places, "version", seconds=5))
    pinned = images.load_all(wanted, places)
    console.say("images: loaded")
    return pinned


def _make_bucket(places: Places) -> None:
    bucket = Bucket()
    _wait(places, "MinIO", bucket.answers)
    bucket.make()
    try:
        proof = probe.prove(bucket, keys=_PROBE_KEYS)
    except probe.Refused as error:
        raise BedError(f"MinIO does not keep If-None-Match: {error}") from error
    console.say(f"MinIO keeps If-None-Match: {proof.keys} keys, {proof.writers} writers each, one winner each")


def _plant(places: Places, programs: Programs, kubectl: Kubectl) -> None:
    """Install the CRDs into an etcd that nothing else has used, and keep it for all later starts."""
    daemons.start(places, settings.etcd(places, programs))
    daemons.start(places, settings.apiserver(places, programs))
    _persist(places, "the API server", lambda: kubectl("get", "--raw=/readyz") == "ok")
    folders = (programs.manifests[ARGO] / "base/crds/full", programs.manifests[ROLLOUTS] / "crds")
    for folder in folders:
        _apply_folder(places, kubectl, folder)
    _wait_for_kinds(places, kubectl)
    for name in ("kube-apiserver", "etcd"):
        daemons.stop(daemons.read(places)[name], seconds=30)
        daemons.forget(places, name)
    seed.keep(places, programs)


def _wait_for_kinds(places: Places, kubectl: Kubectl) -> None:
    names = kubectl("get", "crd", "-o", "name").split()
    wanted = {name.partition("/")[2].partition(".")[0] for name in names}
    if not wanted:
        raise BedError("the API server knows no CRD: remove the cache's folder `seeds`")
    _persist(places, "CRDs established", lambda: _crds_are_established(kubectl, wanted))


def _install(places: Places, programs: Programs, kubectl: Kubectl) -> None:
    """Install upstream's roles, then start the controllers."""
    argo, rollouts = programs.manifests[ARGO], programs.manifests[ROLLOUTS]
    _apply(places, kubectl, *objects.controllers(), *objects.tenant(objects.TENANT, ""))
    _apply(
        places,
        kubectl,
        *_roles(argo / "cluster-install-no-crds/workflow-controller-rbac", objects.CONTROLLERS),
        *_roles(rollouts / "role", objects.ROLLOUTS),
        *_roles(rollouts / "cluster-install", objects.ROLLOUTS),
    )
    _wait_for_kinds(places, kubectl)
    console.say("CRDs established: yes")
    daemons.start(places, settings.workflow_controller(places, programs))
    daemons.start(places, settings.rollouts_controller(places, programs))


def _apply(places: Places, kubectl: Kubectl, *wanted: objects.Object) -> None:
    """Apply objects, again where the API server of a busy machine did not answer in kubectl's own time."""

    def taken() -> bool:
        kubectl.apply(*wanted)
        return True

    _persist(places, f"objects to be taken: {', '.join(sorted({thing['kind'] for thing in wanted}))}", taken)


def _apply_folder(places: Places, kubectl: Kubectl, folder: Path) -> None:
    # Upstream's own files need no check against a schema that is megabytes to fetch.
    words = ("apply", "--server-side", "--force-conflicts", "--validate=false", "-f", kinds.document(folder))
    _persist(places, f"CRDs to be taken: {folder}", lambda: kubectl(*words, seconds=180))


def _persist(places: Places, what: str, check: Callable[[], object]) -> None:
    until(what, check, seconds=_PATIENCE_SECONDS, meanwhile=lambda: daemons.check_alive(places))


def _roles(folder: Path, space: str) -> list[objects.Object]:
    """Read upstream's roles and bindings, with the namespace that they leave open."""
    found: list[objects.Object] = []
    for path in sorted(folder.glob("*role*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] in {"Role", "RoleBinding"}:
                document["metadata"]["namespace"] = space
            for subject in document.get("subjects", []):
                subject["namespace"] = space
            found.append(document)
    return found


def _crds_are_established(kubectl: Kubectl, wanted: set[str]) -> bool:
    """Say whether the API server serves all kinds.

    `kubectl wait` fails on a CRD that has no conditions yet, and reading the
    CRDs themselves again and again moves megabytes.
    """
    served = json.loads(kubectl("get", "--raw=/apis/argoproj.io/v1alpha1"))["resources"]
    return wanted <= {kind["name"] for kind in served}


def _node_is_ready(kubectl: Kubectl) -> bool:
    path = '{.status.conditions[?(@.type=="Ready")].status}'
    return kubectl("get", "node", NODE, "-o", f"jsonpath={path}") == "True"


def _controllers_are_scraped() -> bool:
    return len(Prometheus(PROMETHEUS).query('up{job=~".*-controller"} == 1')) == 2


def summary(places: Places) -> str:
    """Return what a person wants to know about a bed that is up."""
    rows = [f"  {name:<16} {address}" for name, address in settings.ENDPOINTS.items()]
    rows += [f"  {'kubeconfig':<16} {places.kubeconfig}", f"  {'logs':<16} {places.logs}"]
    hint = f'  eval "$(cat {places.environment})"'
    return "\n".join(["endpoints, inside the bed's network namespace:", *rows, "to use it from a shell:", hint])
