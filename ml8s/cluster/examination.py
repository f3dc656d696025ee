"""Whether a cluster has what ML8s needs: versions, kinds, rights, objects. Questions only; ``trial`` tries it out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from ml8s.artifacts import Json
from ml8s.cluster.kubectl import Kubectl, Object, unreadable
from ml8s.cluster.rights import SUBMITTER, Right
from ml8s.errors import (
    ArgoMissing,
    ClusterDenied,
    ClusterError,
    ClusterTooOld,
    ML8sError,
    NamespaceMissing,
    PodRefused,
)
from ml8s.health import Check, attempt, failed, good, unknown
from ml8s.platform.model import Platform

OLDEST: Final = (1, 27)
API: Final = "argoproj.io/v1alpha1"
KINDS: Final = ("workflows", "workflowtemplates", "workflowtaskresults", "cronworkflows")
INSTALL: Final = "kubectl apply -k workflow-templates/install"


def examine_cluster(kubectl: Kubectl, platform: Platform) -> list[Check]:
    """Everything that can be asked. Where the cluster does not answer, the rest is unknown."""
    first = attempt("cluster", lambda: _version(kubectl))
    if isinstance(first.error, ClusterError) and not isinstance(first.error, ClusterTooOld):
        return [
            first,
            *(unknown(name, "the cluster does not answer") for name in ("Argo Workflows", "rights", "objects")),
        ]
    return [
        first,
        attempt("Argo Workflows", lambda: _kinds(kubectl)),
        *_namespace(kubectl, platform),
        *_rights(kubectl),
        *_objects(kubectl, platform),
    ]


def _version(kubectl: Kubectl) -> str:
    return check_version(cast("Mapping[str, str]", kubectl.read("version", "-o", "json").get("serverVersion") or {}))


def check_version(told: Mapping[str, str]) -> str:
    """Whether a server's version is one that ML8s compiles for.

    Raises:
        ClusterTooOld: it is older; a version that nobody can read passes.
    """
    found = re.match(r"(\d+)\D+(\d+)", f"{told.get('major')}.{told.get('minor')}")
    version = told.get("gitVersion", "of an unknown version")
    if found and (int(found[1]), int(found[2])) < OLDEST:
        raise ClusterTooOld(
            f"Kubernetes {version} is older than {OLDEST[0]}.{OLDEST[1]}",
            where="kubeconfig",
            cure=f"upgrade the cluster to Kubernetes {OLDEST[0]}.{OLDEST[1]} or newer",
        )
    return f"Kubernetes {version} answers"


def _kinds(kubectl: Kubectl) -> str:
    listed = cast("Sequence[Object]", kubectl.read("get", "--raw", f"/apis/{API}").get("resources") or ())
    found = {str(each["name"]) for each in listed}
    missing = [kind for kind in KINDS if kind not in found]
    if missing:
        raise ArgoMissing(
            f"the cluster lacks the kinds {', '.join(missing)} of {API}",
            where=API,
            cure="apply Argo's own custom resource definitions of 3.6 or newer: docs/how-to/install.md, section 1",
        )
    return f"{API} has {', '.join(KINDS)}"


def _namespace(kubectl: Kubectl, platform: Platform) -> Iterator[Check]:
    name = f"namespace {platform.namespace}"
    found = _look(kubectl, name, "namespace", platform.namespace)
    if isinstance(found, Check):
        yield found
        return
    if found is None:
        cure = f"{INSTALL}, or mend `namespace` in platform.yaml"
        yield failed(name, NamespaceMissing("it is not there", where="platform.namespace", cure=cure))
        return
    metadata = cast("dict[str, dict[str, str]]", found["metadata"])
    level = (metadata.get("labels") or {}).get("pod-security.kubernetes.io/enforce")
    if level != "restricted":
        message = f"it admits pods of the level {level or 'privileged'}, and should admit restricted ones only"
        yield failed(name, PodRefused(message, where=name, cure=f"{INSTALL}: it sets the label"))
        return
    yield good(name, "it is there and admits restricted pods only")


def _rights(kubectl: Kubectl) -> Iterator[Check]:
    """One check for each resource: which of its verbs this login lacks."""
    try:
        allowed = ask_rights(kubectl, SUBMITTER)
    except ML8sError as error:
        yield failed("rights", error)
        return
    for resource in dict.fromkeys(right.resource for right in SUBMITTER):
        mine = [right for right in SUBMITTER if right.resource == resource]
        lacking = [right.words for right in mine if not allowed[right]]
        name = f"rights on {resource}"
        if lacking:
            cure = (
                f"bind this login to the role ml8s-deployer in namespace {kubectl.namespace!r}; "
                f"`kubectl auth can-i {lacking[0]} -n {kubectl.namespace}` then says yes"
            )
            yield failed(name, ClusterDenied(f"you may not {', '.join(lacking)}", where=kubectl.namespace, cure=cure))
        else:
            yield good(name, ", ".join(right.verb for right in mine))


def ask_rights(kubectl: Kubectl, rights: Sequence[Right]) -> dict[Right, bool]:
    """Which rights the caller has: what `kubectl auth can-i` asks, in one request to kubectl."""
    items = [right.review(kubectl.namespace) for right in rights]
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": cast(Json, items)})
    answers = list(_documents(kubectl.run("create", "-f", "-", "-o", "json", stdin=document)))
    return {right: answer["status"].get("allowed") is True for right, answer in zip(rights, answers, strict=True)}  # type: ignore[union-attr]


def _documents(text: str) -> Iterator[Object]:
    """The objects of a kubectl that prints a list, or one object after the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            raise unreadable(text, ["create"]) from None
        yield from value["items"] if value.get("kind") == "List" else [value]
        while at < len(text) and text[at].isspace():
            at += 1


def _objects(kubectl: Kubectl, platform: Platform) -> Iterator[Check]:
    """The accounts and the ConfigMap that runs name. Secrets are nobody's to read: the trial shows them."""
    credentials = platform.credentials
    identities = [
        each.workload_identity for each in (credentials.data, credentials.store, credentials.registry) if each
    ]
    accounts = [platform.service_accounts.runner, platform.service_accounts.executor, *filter(None, identities)]
    for account in dict.fromkeys(accounts):
        yield _present(kubectl, "serviceaccount", account, f"{INSTALL}, or mend the name in platform.yaml")
    settings = platform.artifacts
    cure = f"{INSTALL}, with your bucket and endpoint in artifacts.yaml"
    yield _present(kubectl, "configmap", settings.config_map, cure, key=settings.key)


def _present(kubectl: Kubectl, kind: str, name: str, cure: str, key: str = "") -> Check:
    title = f"{kind} {name}"
    found = _look(kubectl, title, kind, name)
    if isinstance(found, Check):
        return found
    if found is None:
        return failed(title, PodRefused("it is not there", where=kubectl.namespace, cure=cure))
    if key and key not in cast("dict[str, str]", found.get("data") or {}):
        return failed(title, PodRefused(f"it has no key {key!r}", where=title, cure=cure))
    return good(title, "it is there")


def _look(kubectl: Kubectl, title: str, kind: str, name: str) -> Object | Check | None:
    """One object, None where it is not there; or the check that says why it cannot be seen."""
    try:
        return kubectl.get(kind, name)
    except ClusterDenied:
        return unknown(title, "this login may not look at it", "bind it to the role ml8s-deployer of the installation")
    except NamespaceMissing:
        return None
    except ML8sError as error:
        return failed(title, error)
