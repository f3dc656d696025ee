"""What a failed test leaves to read: pods, events, workflow nodes, logs."""

from pathlib import Path

from tests.cluster.bed.cluster import Space
from tests.cluster.bed.objects import Object
from tests.cluster.bed.problem import BedError

_TAIL = "40"
# Without Secrets: what is collected may be shown to anybody.
_KINDS = (
    "workflows", "workflowtemplates", "workflowtaskresults", "cronworkflows", "rollouts", "experiments", "analysisruns",
    "pods", "services", "replicasets", "jobs", "networkpolicies", "persistentvolumeclaims", "resourcequotas",
    "serviceaccounts", "configmaps",
)  # fmt: skip


def collect(space: Space, folder: Path) -> str:
    """Write a namespace's state below a folder and return the part to show at once."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {
        "workflows.txt": "\n".join(_workflow(workflow) for workflow in _quietly_listed(space, "workflows")),
        "pods.txt": _quiet(space, "get", "pods", "-o", "wide"),
        "events.txt": _quiet(space, "get", "events", "--sort-by=.lastTimestamp"),
        "logs.txt": "\n".join(_logs(space, pod) for pod in _quietly_listed(space, "pods")),
    }
    (folder / "objects.yaml").write_text(_quiet(space, "get", ",".join(_KINDS), "-o", "yaml"))
    for name, text in parts.items():
        (folder / name).write_text(text)
    shown = [f"== {name.removesuffix('.txt')}\n{text.rstrip()}" for name, text in parts.items() if text.strip()]
    return "\n".join([f"namespace {space.name}, all of it in {folder}", *shown])


def _quiet(space: Space, *words: str) -> str:
    """Ask kubectl; what cannot be collected is said instead of raised."""
    try:
        return space.kubectl(*words)
    except BedError as error:
        return f"(not collected: {error})\n"


def _quietly_listed(space: Space, kind: str) -> list[Object]:
    try:
        return space.list(kind)
    except BedError:
        return []


def _name(thing: Object) -> str:
    return str(thing["metadata"]["name"])


def _workflow(workflow: Object) -> str:
    """Return a workflow's phase and one line for each node."""
    status = workflow.get("status", {})
    rows = [f"{_name(workflow)}: {status.get('phase', 'no phase yet')} {status.get('message', '')}"]
    rows += [
        f"  {node['displayName']:<24} {node['type']:<10} {node.get('phase', ''):<10} {node.get('message', '')}"
        for node in status.get("nodes", {}).values()
    ]
    return "\n".join(rows)


def _logs(space: Space, pod: Object) -> str:
    name = _name(pod)
    return f"-- {name}\n" + _quiet(space, "logs", name, "--all-containers", "--prefix", "--tail", _TAIL)
