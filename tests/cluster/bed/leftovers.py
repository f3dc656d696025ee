"""What tests leave outside of their own namespaces and prefixes: it fails the suite."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from tests.cluster.bed import objects
from tests.cluster.bed.cluster import Cluster
from tests.cluster.bed.problem import BedError

CLUSTER_WIDE = (
    "clusterroles", "clusterrolebindings", "crds", "persistentvolumes", "storageclasses", "priorityclasses",
    "runtimeclasses", "namespaces", "mutatingwebhookconfigurations", "validatingwebhookconfigurations",
    "validatingadmissionpolicies", "validatingadmissionpolicybindings", "apiservices", "clusterworkflowtemplates",
    "clusteranalysistemplates",
)  # fmt: skip
# Without what comes and goes by itself: events, leases, endpoints.
IN_NAMESPACES = (
    "pods", "services", "configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims", "podtemplates",
    "replicationcontrollers", "resourcequotas", "limitranges", "roles", "rolebindings", "networkpolicies", "ingresses",
    "poddisruptionbudgets", "horizontalpodautoscalers", "deployments", "replicasets", "daemonsets", "statefulsets",
    "jobs", "cronjobs", "workflows", "workflowtemplates", "cronworkflows", "workflowtaskresults", "workflowtasksets",
    "workflowartifactgctasks", "workfloweventbindings", "rollouts", "experiments", "analysisruns", "analysistemplates",
)  # fmt: skip
_COLUMNS = "custom-columns=NAMESPACE:.metadata.namespace,KIND:.kind,NAME:.metadata.name"


def inventory(cluster: Cluster) -> set[str]:
    """Name every object that no test may add: cluster-wide ones, and those of every namespace."""
    found = cluster.kubectl("get", ",".join(CLUSTER_WIDE), "-o", "name").split()
    rows = cluster.kubectl("get", ",".join(IN_NAMESPACES), "--all-namespaces", "--no-headers", "-o", _COLUMNS)
    return {*found, *(" ".join(row.split()) for row in rows.splitlines())}


@contextmanager
def refused(cluster: Cluster, stored: Callable[[], Collection[str]]) -> Iterator[None]:
    """Raise BedError at the end with every object, of the cluster or `stored`, that was not there at the beginning."""
    before, kept = inventory(cluster), set(stored())
    yield
    mine = objects.TEST_LABEL
    cluster.wait("the end of the tests' namespaces", lambda: not cluster.kubectl.list("namespaces", selector=mine))
    left = [*sorted(inventory(cluster) - before), *sorted(set(stored()) - kept)]
    if left:
        raise BedError("left behind by the tests:\n  " + "\n  ".join(left))
