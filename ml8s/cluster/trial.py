"""A workflow of three small pods, in which the cluster shows what no question to its API can tell.

That the controller works and gets outputs reported; that the nodes have the images; that the Secrets and accounts are
there and the pods are admitted; that pods reach the store, and may do there what they must and no more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from ml8s.artifacts import Json
from ml8s.cluster.kubectl import Kubectl, Object
from ml8s.errors import ImageMissing, ML8sError, PodRefused, RunFailed, StepTimedOut
from ml8s.health import Check, failed, good, unknown
from ml8s.platform.identities import pod_identity
from ml8s.platform.model import Platform
from ml8s.storage.examination import from_rows
from ml8s.storage.identities import Purpose

POLL_SECONDS: Final = 2.0
WAKE_SECONDS: Final = 45.0
PULL_SECONDS: Final = 180.0
STUCK_SECONDS: Final = 25.0
"""For how long a pod may say that it cannot start: a Secret or image may be on its way."""
RESULT: Final = "/scratch/result"
USER: Final = 10001

# A word of the controller, where to mend it (the namespace where empty), what it means, the cure.
_REFUSALS: Final = (
    (
        'secret "',
        "platform.credentials",
        "a Secret is missing",
        "make it in the platform's namespace, as workflow-templates/install/credentials.example.yaml shows",
    ),
    (
        "serviceaccount",
        "platform.service_accounts",
        "an account is missing",
        "apply workflow-templates/install, or mend `service_accounts` or `workload_identity` in platform.yaml",
    ),
    (
        "violates PodSecurity",
        "",
        "the namespace does not admit the pod",
        "give Argo's executor the security context of docs/how-to/install.md, section 1",
    ),
    ("Unschedulable", "", "no node takes the pod", "free 0.5 CPU and 512 MiB on a node for a moment"),
    ("quota", "", "no node takes the pod", "raise the namespace's quota by 0.5 CPU and 512 MiB a pod, three pods"),
)

# Task -> image family, and what it has identities for.
TASKS: Final[Mapping[str, tuple[str, tuple[Purpose, ...]]]] = {
    "core": ("core", (Purpose.DATA, Purpose.STORE)),
    "train": ("train", (Purpose.STORE,)),
    "register": ("core", (Purpose.STORE, Purpose.REGISTRY)),
}


@dataclass(frozen=True, slots=True)
class Node:
    """One pod of the trial as the controller sees it."""

    phase: str
    message: str
    output: str

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.phase in ("Succeeded", "Failed", "Error", "Omitted", "Skipped")


def trial_workflow(name: str, platform: Platform) -> Json:
    """The trial as a Workflow object, as hardened as those of runs."""
    tasks: list[Json] = [{"name": task, "template": task} for task in TASKS]
    labels = {"ml8s.dev/pipeline": "doctor"}  # the network's rules for steps hold for it too
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": name, "namespace": platform.namespace, "labels": labels},
        "spec": {
            "entrypoint": "main",
            "serviceAccountName": platform.service_accounts.runner,
            "automountServiceAccountToken": False,
            "executor": {"serviceAccountName": platform.service_accounts.executor},
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "activeDeadlineSeconds": int(WAKE_SECONDS + PULL_SECONDS),
            "ttlStrategy": {"secondsAfterCompletion": 120},
            "podGC": {"strategy": "OnPodSuccess"},
            "podMetadata": {"labels": cast(Json, labels)},
            "volumes": [{"name": "scratch", "emptyDir": {}}],
            "templates": [{"name": "main", "dag": {"tasks": tasks}}, *(_template(task, platform) for task in TASKS)],
        },
    }


def _template(task: str, platform: Platform) -> Json:
    family, purposes = TASKS[task]
    identity = pod_identity(platform.credentials, purposes)
    store = platform.store
    arguments = ["--store", store.uri, "--result", RESULT]
    arguments += [word for bucket in platform.allowed_buckets for word in ("--data", f"s3://{bucket}")]
    arguments += [word for purpose in purposes for word in ("--purpose", str(purpose))]
    arguments += ["--shared"] if platform.credentials.store == platform.credentials.registry else []
    environment = {"AWS_REGION": store.region, **({"AWS_ENDPOINT_URL": store.endpoint} if store.endpoint else {})}
    return {
        "name": task,
        **({"serviceAccountName": identity.account} if identity.account else {}),
        "outputs": {"parameters": [{"name": "result", "valueFrom": {"path": RESULT, "default": ""}}]},
        "container": {
            "image": cast(str, getattr(platform.images, family)),
            "imagePullPolicy": "IfNotPresent",
            "command": ["/opt/ml8s/bin/python", "-m", "ml8s.storage.examination"],
            "args": cast(Json, arguments),
            "env": [{"name": key, "value": value} for key, value in environment.items()],
            "envFrom": [
                {"prefix": purpose.prefix, "secretRef": {"name": secret}} for purpose, secret in identity.secrets
            ],
            "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}},
            "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            },
        },
    }


def try_workflow(kubectl: Kubectl, platform: Platform, name: str, told: Callable[[str], None]) -> list[Check]:
    """Submits the trial, waits for its end or until nothing can come of it, and says what it showed.

    It needs what a run needs: the rights of a submitter. The Workflow is gone two minutes after its end, by itself.
    """
    try:
        kubectl.create(json.dumps(trial_workflow(name, platform)))
        nodes, workflow = _watch(kubectl, name, told)
    except ML8sError as error:
        return [failed("workflow controller", error)]
    if not workflow.get("status"):
        return [failed("workflow controller", _asleep(name, kubectl.namespace))]
    checks = [good("workflow controller", f"took {name} up and ended it" if _over(workflow) else f"took {name} up")]
    refused = _refusal(workflow)
    if refused and not nodes:
        return [*checks, failed("pods", _pod_error("pods", refused, platform, kubectl.namespace))]
    for task in TASKS:
        checks += judge(task, nodes.get(task), platform, kubectl.namespace)
    return checks


def _watch(kubectl: Kubectl, name: str, told: Callable[[str], None]) -> tuple[dict[str, Node], Object]:
    began = time.monotonic()
    stuck: dict[str, float] = {}
    while True:
        workflow = kubectl.get("workflow", name) or {}
        nodes = read_nodes(workflow)
        now = time.monotonic()
        ended = sum(node.ended for node in nodes.values())
        told(f"{ended} of {len(TASKS)} pods ended")
        waiting = {task for task, node in nodes.items() if node.phase == "Pending" and _fatal(node.message)}
        stuck = {task: stuck.get(task, now) for task in waiting}
        hopeless = {task for task, since in stuck.items() if now - since > STUCK_SECONDS}
        done = len(nodes) == len(TASKS) and all(node.ended or task in hopeless for task, node in nodes.items())
        asleep = not workflow.get("status") and now - began > WAKE_SECONDS
        if done or asleep or _over(workflow) or now - began > WAKE_SECONDS + PULL_SECONDS:
            if not _over(workflow) and not asleep:
                kubectl.patch("workflow", name, {"spec": {"shutdown": "Terminate"}})
            return nodes, workflow
        time.sleep(POLL_SECONDS)


def read_nodes(workflow: Mapping[str, Json]) -> dict[str, Node]:
    """The pods of a trial by task, from the Workflow's status."""
    status = cast("Mapping[str, Json]", workflow.get("status") or {})
    found = {}
    for node in cast("Mapping[str, Mapping[str, Json]]", status.get("nodes") or {}).values():
        if node.get("type") == "Pod":
            outputs = cast("Mapping[str, Json]", node.get("outputs") or {})
            values = cast("list[Mapping[str, Json]]", outputs.get("parameters") or [])
            output = next((str(each.get("value", "")) for each in values if each["name"] == "result"), "")
            task = str(node["displayName"])
            found[task] = Node(str(node.get("phase", "")), str(node.get("message", "")), output)
    return found


def judge(task: str, node: Node | None, platform: Platform, namespace: str) -> list[Check]:
    """What one pod of the trial showed: that its image is there, and the checks that it made itself."""
    name, image = f"pod of {task}", getattr(platform.images, TASKS[task][0])
    if node is None:
        return [unknown(name, "it was not started", "see the checks above")]
    if node.phase != "Succeeded":
        return [failed(name, _pod_error(name, f"{node.phase}: {node.message}", platform, namespace, image))]
    there = good(name, f"admitted and run; the nodes have {image}")
    if not node.output:
        message = "the pod ended well, and its output was not reported: Argo's executor may not write it"
        cure = (
            f"apply workflow-templates/install: the account {platform.service_accounts.executor} needs create and patch"
            " of workflowtaskresults and its token Secret"
        )
        return [there, failed(f"outputs of {task}", PodRefused(message, where=namespace, cure=cure))]
    try:
        return [there, *from_rows(node.output)] if task != "train" else [there]
    except (ValueError, KeyError, AssertionError):
        cure = "build the images of this version of ML8s (`make images`) and name their digests in platform.yaml"
        return [there, failed(f"outputs of {task}", ImageMissing("its answer is unreadable", where=image, cure=cure))]


def _fatal(message: str) -> bool:
    words = (
        "ImagePull",
        "InvalidImage",
        "ErrImage",
        "CreateContainerConfigError",
        "Unschedulable",
        "CreateContainerError",
    )
    return any(word in message for word in words)


def _pod_error(name: str, said: str, platform: Platform, namespace: str, image: str = "") -> ML8sError:
    """Why a pod did not start or end well, from the controller's words about it."""
    if any(word in said for word in ("ImagePull", "InvalidImage", "ErrImage")):
        cure = "push it where the nodes can pull it, and name its digest in platform.yaml as `make images` printed it"
        return ImageMissing(f"the nodes cannot get {image}: {said}", where="platform.images", cure=cure)
    for word, where, message, cure in _REFUSALS:
        if word in said:
            return PodRefused(f"{message}: {said}", where=where or namespace, cure=cure)
    if said.startswith(("Pending", "Running")):
        cure = f"look at `kubectl -n {namespace} get pods` for what it waits for"
        return StepTimedOut(f"the pod did not end in time: {said}", where=namespace, cure=cure)
    cure = "the image may be of another version of ML8s: build it anew (`make images`) and name its digest"
    return RunFailed(f"the pod failed: {said}", where=name, cure=cure)


def _refusal(workflow: Object) -> str:
    status = cast("Mapping[str, Json]", workflow.get("status") or {})
    return str(status.get("message") or "") if status.get("phase") in ("Error", "Failed") else ""


def _over(workflow: Object) -> bool:
    status = cast("Mapping[str, Json]", workflow.get("status") or {})
    return status.get("phase") in ("Succeeded", "Failed", "Error")


def _asleep(name: str, namespace: str) -> StepTimedOut:
    return StepTimedOut(
        f"no controller took the workflow {name} up in {WAKE_SECONDS:.0f} s",
        where=namespace,
        cure=f"see that Argo's workflow-controller runs and watches namespace {namespace!r}: it overlooks others than "
        "its `--managed-namespace`, and objects of another instance id",
    )
