"""The rights in the namespace that whoever submits and watches runs needs; the installation's role grants them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ml8s.artifacts import Json


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource."""

    group: str
    resource: str
    verb: str

    @property
    def words(self) -> str:
        """As `kubectl auth can-i` takes it."""
        return f"{self.verb} {self.resource}{f'.{self.group}' if self.group else ''}"

    def review(self, namespace: str) -> Json:
        """The question to the API server that `kubectl auth can-i` asks."""
        resource, _, subresource = self.resource.partition("/")
        asked = {"namespace": namespace, "group": self.group, "verb": self.verb, "resource": resource}
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {**asked, **({"subresource": subresource} if subresource else {})}},
        }


_ARGO: Final = "argoproj.io"
_GRANTED: Final = (
    (_ARGO, "workflowtemplates", ("get", "list", "watch", "create", "update", "patch")),
    (_ARGO, "workflows", ("get", "list", "watch", "create", "patch")),
    ("", "pods", ("get", "list", "watch")),
    ("", "pods/log", ("get", "list", "watch")),
)
SUBMITTER: Final = tuple(Right(group, resource, verb) for group, resource, verbs in _GRANTED for verb in verbs)

# What only `ml8s doctor` looks for: without these a check is unknown, and nothing else is missed.
LOOKING: Final = tuple(Right("", resource, "get") for resource in ("namespaces", "serviceaccounts", "configmaps"))
