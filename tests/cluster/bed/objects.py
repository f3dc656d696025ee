"""What is installed into the cluster, as plain Kubernetes objects."""

import json
from typing import Any

from tests.cluster.bed.places import ACCESS_KEY, BUCKET, S3, SECRET_KEY

# A Kubernetes object as JSON: its shape is the API server's to check.
Object = dict[str, Any]

CONTROLLERS, ROLLOUTS, TENANT = "argo", "argo-rollouts", "ml8s"
EXECUTOR_ACCOUNT = "ml8s-executor"
TEST_LABEL = "ml8s.dev/bed-test"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
_EXECUTOR_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": 8737,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
_EXECUTOR_RESOURCES = {
    "requests": {"cpu": "10m", "memory": "64Mi"},
    "limits": {"cpu": "500m", "memory": "256Mi"},
}


def namespace(name: str, labels: dict[str, str] | None = None) -> Object:
    """Return a Namespace."""
    metadata: Object = {"name": name, "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def controllers() -> list[Object]:
    """Return the controllers' namespaces and the workflow-controller's settings."""
    settings = {
        "executor": json.dumps({"resources": _EXECUTOR_RESOURCES, "securityContext": _EXECUTOR_SECURITY}),
        "metricsConfig": json.dumps({"enabled": True, "path": "/metrics", "port": 9090, "secure": False}),
    }
    configuration: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "workflow-controller-configmap", "namespace": CONTROLLERS},
        "data": settings,
    }
    return [namespace(CONTROLLERS), namespace(ROLLOUTS), configuration]


def tenant(name: str, prefix: str, *, test: str = "") -> list[Object]:
    """Return a namespace in which restricted pods can run workflows.

    It has the executor's account with the one right that it needs, the S3
    secret, and an artifact repository whose keys begin with `prefix`. A
    namespace of a test carries the test's label.
    """
    labels = {**RESTRICTED, TEST_LABEL: test} if test else dict(RESTRICTED)
    return [namespace(name, labels), *_executor(name), _s3_secret(name), _repository(name, prefix)]


def _executor(space: str) -> list[Object]:
    account = {"name": EXECUTOR_ACCOUNT, "namespace": space}
    rights = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
    group = "rbac.authorization.k8s.io"
    token = {
        "name": f"{EXECUTOR_ACCOUNT}.service-account-token",
        "namespace": space,
        "annotations": {"kubernetes.io/service-account.name": EXECUTOR_ACCOUNT},
    }
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account},
        {"apiVersion": "v1", "kind": "Secret", "metadata": token, "type": "kubernetes.io/service-account-token"},
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": account, "rules": [rights]},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": account,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": EXECUTOR_ACCOUNT},
            "subjects": [{"kind": "ServiceAccount", **account}],
        },
    ]


def _s3_secret(space: str) -> Object:
    keys = {"accesskey": ACCESS_KEY, "secretkey": SECRET_KEY}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s3", "namespace": space}, "stringData": keys}


def _repository(space: str, prefix: str) -> Object:
    marked = {"workflows.argoproj.io/default-artifact-repository": "default"}
    repository = {
        "s3": {
            "endpoint": S3.removeprefix("http://"),
            "bucket": BUCKET,
            "insecure": True,
            "keyFormat": f"{prefix}argo/{{{{workflow.name}}}}/{{{{pod.name}}}}",
            "accessKeySecret": {"name": "s3", "key": "accesskey"},
            "secretKeySecret": {"name": "s3", "key": "secretkey"},
        }
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "artifact-repositories", "namespace": space, "annotations": marked},
        "data": {"default": json.dumps(repository)},
    }
