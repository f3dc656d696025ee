"""What kubectl says on stderr, as an error with a cure. A function of text: nothing here talks to a cluster."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ml8s.errors import (
    ArgoMissing,
    ClusterDenied,
    ClusterError,
    ClusterUnreachable,
    NamespaceMissing,
    PodRefused,
    RunFailed,
)

LONGEST: Final = 400
LOCAL: Final = "or train on this machine with --local"

_UNNAMED = re.compile(
    r"localhost:8080|current-context|context \"[^\"]*\" does not exist|context was not found|invalid configuration"
    r"|no configuration has been provided|error loading config file|cluster \"[^\"]*\" does not exist"
)
_UNREACHABLE = re.compile(
    r"unable to connect to the server|connection refused|was refused|no such host|i/o timeout|deadline exceeded"
    r"|handshake timeout|no route to host|network is unreachable|client\.timeout|unexpected eof|connection reset"
    r"|request canceled|unable to handle the request|etcdserver|timed out|apiserver not ready|internal error occurred",
    re.IGNORECASE,
)
_UNKNOWN_USER = re.compile(
    r"must be logged in|reading input for Password|unauthorized|asked for the client to provide credentials"
    r"|getting credentials|exec plugin"
)
_DENIED = re.compile(r"User \"(?P<user>[^\"]+)\" cannot (?P<verb>\S+) resource \"(?P<resource>[^\"]+)\"")
_NO_ARGO = re.compile(
    r"no matches for kind|doesn't have a resource type|could not find the requested resource|ensure CRDs are installed"
)
_NO_NAMESPACE = re.compile(r"namespaces \"(?P<name>[^\"]+)\" not found")


def refusal(said: str, namespace: str, words: Sequence[str] = ()) -> ClusterError:
    """The error for a kubectl that failed.

    Args:
        said: what it wrote to stderr.
        namespace: where it was asked to work.
        words: how it was called, for the error that nothing else explains.
    """
    text = last_words(said)
    if _UNNAMED.search(said):
        cure = f"ask your platform team for a kubeconfig and name it in KUBECONFIG, {LOCAL}"
        return ClusterUnreachable(f"kubectl knows no cluster: {text}", where="kubeconfig", cure=cure)
    if match := _NO_NAMESPACE.search(said):
        cure = "mend `namespace` in platform.yaml, or ask the platform team to install ML8s into this cluster"
        message = f"the namespace {match['name']!r} is not in this cluster"
        return NamespaceMissing(message, where="platform.namespace", cure=cure)
    if _NO_ARGO.search(said):
        cure = f"ask the platform team to install Argo Workflows into this cluster, {LOCAL}"
        return ArgoMissing(f"this cluster does not run Argo Workflows: {text}", where=namespace, cure=cure)
    return _denied(said, text, namespace) or _other(said, text, namespace, words)


def last_words(said: str) -> str:
    """The line that says why, without kubectl's own log lines, which begin with a letter and a date."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not re.match(r"[EWIF]\d{4} ", line)]
    text = lines[-1] if lines else said.strip().rpartition("\n")[2] or "it said nothing"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _denied(said: str, text: str, namespace: str) -> ClusterError | None:
    if _UNKNOWN_USER.search(said):
        cure = "log in to the cluster again, or ask the platform team for a new kubeconfig"
        return ClusterDenied(f"the cluster does not accept your login: {text}", where="kubeconfig", cure=cure)
    if match := _DENIED.search(said):
        cure = (
            f"ask the platform team to bind {match['user']!r} to the role ml8s-deployer in namespace {namespace!r}; "
            "`ml8s doctor` lists every right that is missing"
        )
        message = f"{match['user']!r} may not {match['verb']} {match['resource']} in namespace {namespace!r}"
        return ClusterDenied(message, where=namespace, cure=cure)
    if "(Forbidden)" in said:
        cure = "a quota or a rule of this cluster forbids it: show this line to the platform team"
        return PodRefused(f"the cluster refuses: {text}", where=namespace, cure=cure)
    return None


def _other(said: str, text: str, namespace: str, words: Sequence[str]) -> ClusterError:
    if "x509" in said or "certificate" in said:
        cure = "ask the platform team for a new kubeconfig: this one does not trust the cluster, or has expired"
        return ClusterUnreachable(f"the cluster's certificate is not trusted: {text}", where="kubeconfig", cure=cure)
    if _UNREACHABLE.search(said):
        cure = f"check the network (a VPN?) and `kubectl cluster-info`, then run again, {LOCAL}"
        return ClusterUnreachable(f"the cluster does not answer: {text}", where="kubeconfig", cure=cure)
    called = " ".join(["kubectl", *words[:3]])
    cure = "show this line to the platform team; `ml8s doctor` checks the cluster"
    return RunFailed(f"`{called}` failed: {text}", where=namespace, cure=cure)
