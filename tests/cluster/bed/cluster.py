"""The cluster as a test sees it: ask, apply, submit, break, wait."""

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.cluster.bed import daemons, network, objects
from tests.cluster.bed.builds import Programs, programs
from tests.cluster.bed.commands import run
from tests.cluster.bed.kubectl import Kubectl
from tests.cluster.bed.metrics import Prometheus
from tests.cluster.bed.objects import Object
from tests.cluster.bed.places import PROMETHEUS, Places
from tests.cluster.bed.problem import BedError
from tests.cluster.bed.waiting import until

# Generous: a wait ends with its condition, this only bounds a hang.
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Cluster:
    """The running bed."""

    places: Places
    programs: Programs
    kubectl: Kubectl
    prometheus: Prometheus = field(default_factory=lambda: Prometheus(PROMETHEUS))

    def wait(self, what: str, check: Callable[[], object], *, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for a condition; fail at once when a daemon dies that nobody stopped."""
        until(what, check, seconds=seconds, meanwhile=lambda: daemons.check_alive(self.places))

    def kill_and_restart_around(self, name: str, how: signal.Signals, meanwhile: Callable[[], object]) -> None:
        """Stop a daemon, do something while it is away, and start it again whatever happens."""
        daemons.stop(daemons.read(self.places)[name], how=how, seconds=30)
        daemons.excuse(self.places, name)
        try:
            meanwhile()
        finally:
            daemons.restart(self.places, name)

    def promote(self, space: "Space", rollout: str) -> None:
        """Promote a paused canary with the real plugin."""
        plugin = str(self.programs["kubectl-argo-rollouts"])
        run([plugin, "--kubeconfig", self.places.kubeconfig, "-n", space.name, "promote", rollout])

    def space(self, name: str) -> "Space":
        """Return a view of one namespace."""
        return Space(self, name)


@dataclass(frozen=True)
class Space:
    """One namespace of the cluster."""

    cluster: Cluster
    name: str

    def apply(self, *things: Object) -> None:
        """Apply objects to this namespace."""
        placed = [{**thing, "metadata": {**thing["metadata"], "namespace": self.name}} for thing in things]
        self.cluster.kubectl.apply(*placed)

    def get(self, kind: str, name: str) -> Object:
        """Return one object."""
        return self.cluster.kubectl.get(kind, name, self.name)

    def list(self, kind: str, selector: str = "") -> list[Object]:
        """Return objects of a kind."""
        return list(self.cluster.kubectl.list(kind, self.name, selector))

    def kubectl(self, *words: str, seconds: float = 60) -> str:
        """Run kubectl in this namespace."""
        return self.cluster.kubectl("-n", self.name, *words, seconds=seconds)

    def argo(self, *words: str, stdin: str | None = None, seconds: float = PATIENCE_SECONDS) -> str:
        """Run the real argo CLI in this namespace."""
        argv = [
            str(self.cluster.programs["argo"]),
            "-n",
            self.name,
            "--kubeconfig",
            str(self.cluster.places.kubeconfig),
        ]
        return run([*argv, *words], stdin=stdin, seconds=seconds)

    def submit(self, workflow: Object) -> str:
        """Submit a workflow and return its name at once."""
        return self.argo("submit", "-", "-o", "name", stdin=json.dumps(workflow)).strip()

    def phase(self, name: str) -> str:
        """Return a workflow's phase."""
        return self.kubectl("get", "workflow", name, "-o", "jsonpath={.status.phase}")

    def finish(self, name: str, *, seconds: float = PATIENCE_SECONDS) -> str:
        """Wait until a workflow has ended and return its phase."""
        ended = {"Succeeded", "Failed", "Error"}
        self.cluster.wait(f"the end of workflow {name}", lambda: self.phase(name) in ended, seconds=seconds)
        return self.phase(name)

    def nodes(self, name: str) -> dict[str, Object]:
        """Return a workflow's nodes by their display name, such as `train` or `train(0)`."""
        nodes = self.get("workflow", name).get("status", {}).get("nodes", {})
        return {node["displayName"]: node for node in nodes.values()}

    def wait_for_node(self, workflow: str, node: str, phase: str) -> None:
        """Wait until a node of a workflow is in a phase."""
        self.cluster.wait(
            f"node {node} of {workflow} {phase}",
            lambda: self.nodes(workflow).get(node, {}).get("phase") == phase,
        )

    def delete(self) -> None:
        """Ask for the namespace's end; it goes in the background."""
        self.cluster.kubectl("delete", "namespace", self.name, "--wait=false", "--ignore-not-found")


def connect(places: Places) -> Cluster:
    """Return the running bed, or raise BedError with what to do."""
    if not places.environment.exists():
        raise BedError("the bed is not up: `make cluster-up`")
    if not network.is_inside():
        raise BedError('not inside the bed\'s network: eval "$(make -s cluster-env)", then run this again')
    daemons.check_alive(places)
    built = programs(places, run(["go", "version"]).strip())
    return Cluster(places, built, Kubectl(built["kubectl"], places.kubeconfig))


def create_space(cluster: Cluster, name: str, prefix: str, test: str) -> Space:
    """Make a namespace for one test, ready for restricted pods and workflows."""
    cluster.kubectl.apply(*objects.tenant(name, prefix, test=test))
    return Space(cluster, name)
