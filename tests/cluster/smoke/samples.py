"""Small workflows and servers of the tests' own, all fit for a `restricted` namespace."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml8s.compile import RETRY
from tests.cluster.bed.objects import EXECUTOR_ACCOUNT, Object

PYTHON = "/usr/bin/python3"
# Where a step may write: everything else is read-only.
SCRATCH = "/ml8s"
TEMPORARY = {
    "limit": "5",
    "retryPolicy": "Always",
    "expression": RETRY,
    "backoff": {"duration": "2s", "factor": "2", "maxDuration": "2m"},
}
_POD_SECURITY = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
_CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
_SERVER = (Path(__file__).parent / "server.py").read_text()


def image() -> str:
    """Return the tests' base image by digest."""
    return os.environ["ML8S_IMAGE_BASE"]


def step(name: str, code: str, arguments: Sequence[str] = (), *, memory: str = "128Mi", **more: Any) -> Object:
    """Return a template whose container runs Python code; `more` are its other fields."""
    return {
        "name": name,
        "volumes": [{"name": "scratch", "emptyDir": {}}],
        "container": {
            "image": image(),
            "imagePullPolicy": "IfNotPresent",
            "command": [PYTHON, "-c", code],
            "args": list(arguments),
            "volumeMounts": [{"name": "scratch", "mountPath": SCRATCH}],
            "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"memory": memory}},
            "securityContext": _CONTAINER_SECURITY,
        },
        **more,
    }


def dag(*tasks: Object) -> Object:
    """Return the entry template, which orders the tasks."""
    return {"name": "main", "dag": {"tasks": list(tasks)}}


def specification(*templates: Object) -> Object:
    """Return the spec of a workflow; the first template is its entry."""
    return {
        "entrypoint": templates[0]["name"],
        "serviceAccountName": "default",
        "automountServiceAccountToken": False,
        "executor": {"serviceAccountName": EXECUTOR_ACCOUNT},
        "securityContext": _POD_SECURITY,
        "activeDeadlineSeconds": 600,
        "templates": list(templates),
    }


def workflow(*templates: Object) -> Object:
    """Return a workflow; the first template is its entry."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "sample-"},
        "spec": specification(*templates),
    }


def server_pods(version: str, error_ratio: float) -> Object:
    """Return a pod template of a server that names its version and exports an error ratio."""
    container = {
        "name": "web",
        "image": image(),
        "imagePullPolicy": "IfNotPresent",
        "command": [PYTHON, "-c", _SERVER],
        "env": [{"name": "VERSION", "value": version}, {"name": "ERROR_RATIO", "value": str(error_ratio)}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
        # SIGTERM closes the listener: first let the Service forget this pod.
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}},
        "securityContext": _CONTAINER_SECURITY,
    }
    annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"}
    spec = {
        "automountServiceAccountToken": False,
        "securityContext": _POD_SECURITY,
        "terminationGracePeriodSeconds": 20,
        "containers": [container],
    }
    return {"metadata": {"labels": {"app": "web"}, "annotations": annotations}, "spec": spec}


def rollout(version: str, error_ratio: float, canary_steps: Sequence[Object]) -> Object:
    """Return a Rollout of two replicas that never has fewer than two ready ones."""
    canary = {"maxSurge": 1, "maxUnavailable": 0, "steps": list(canary_steps)}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "progressDeadlineSeconds": 300,
            "progressDeadlineAbort": True,
            "selector": {"matchLabels": {"app": "web"}},
            "template": server_pods(version, error_ratio),
            "strategy": {"canary": canary},
        },
    }


def service() -> Object:
    """Return the Service before the Rollout's pods."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
