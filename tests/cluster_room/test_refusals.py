"""What kubectl complains of, in the words of kubectl 1.34, becomes an error that names the cure."""

from __future__ import annotations

import pytest

from ml8s.cluster.kubectl import Kubectl
from ml8s.cluster.refusals import last_words, refusal
from ml8s.cluster.runs import find_run
from ml8s.errors import (
    ArgoMissing,
    ClusterDenied,
    ClusterError,
    ClusterUnreachable,
    KubectlMissing,
    NamespaceMissing,
    PodRefused,
    RunFailed,
    RunNotFound,
)

LOG_LINE = 'E1125 13:49:32.123456   21 memcache.go:265] "Unhandled Error" err="couldn\'t get API group"\n'
SAID = [
    ("The connection to the server localhost:8080 was refused - did you specify the right host or port?",
     ClusterUnreachable, "KUBECONFIG"),
    ('error: context "nowhere" does not exist', ClusterUnreachable, "KUBECONFIG"),
    ("error: stat /nowhere/config: no such file or directory\nerror: invalid configuration: no configuration has been "
     "provided", ClusterUnreachable, "KUBECONFIG"),
    ("The connection to the server 10.244.0.1:6443 was refused - did you specify the right host or port?",
     ClusterUnreachable, "--local"),
    ("Unable to connect to the server: dial tcp 10.9.9.9:6443: i/o timeout", ClusterUnreachable, "VPN"),
    ("Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown "
     "authority", ClusterUnreachable, "kubeconfig"),
    ("Please enter Username: Please enter Password: error: error reading input for Password", ClusterDenied, "log in"),
    ("error: You must be logged in to the server (Unauthorized)", ClusterDenied, "log in"),
    ('Error from server (Forbidden): workflowtemplates.argoproj.io "fraud-train" is forbidden: User "jo" cannot patch '
     'resource "workflowtemplates" in API group "argoproj.io" in the namespace "ml8s"', ClusterDenied, "'jo'"),
    ('Error from server (NotFound): namespaces "nowhere" not found', NamespaceMissing, "platform.yaml"),
    ('error: resource mapping not found for name: "fraud-train" namespace: "ml8s" from "STDIN": no matches for kind '
     '"WorkflowTemplate" in version "argoproj.io/v1alpha1"\nensure CRDs are installed first', ArgoMissing, "install"),
    ('error: the server doesn\'t have a resource type "workflows"', ArgoMissing, "install"),
    ('Error from server (Forbidden): error when creating "STDIN": workflows.argoproj.io "x" is forbidden: exceeded '
     "quota: runs", PodRefused, "platform team"),
    ("Error from server (BadRequest): strict decoding error", RunFailed, "doctor"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "kind", "cure"), SAID, ids=[said[:40] for said, _, _ in SAID])
def test_a_complaint_is_told_with_its_cure(said: str, kind: type[ClusterError], cure: str) -> None:
    error = refusal(LOG_LINE + said, "ml8s", ["apply", "-f", "-"])
    assert type(error) is kind
    assert cure in f"{error.message} {error.cure}"
    assert error.where
    assert "memcache" not in error.message


def test_the_last_words_are_bounded_and_never_empty() -> None:
    assert last_words("") == "it said nothing"
    assert len(last_words("x" * 5000)) < 500
    assert last_words(f"{LOG_LINE}error: a\n") == "error: a"


def test_without_kubectl_the_error_says_what_to_install() -> None:
    kubectl = Kubectl("ml8s", program="kubectl-that-is-not-there")
    for call in (lambda: kubectl.run("version"), lambda: kubectl.stream("get", "pods")):
        with pytest.raises(KubectlMissing) as caught:
            call()
        assert "install kubectl" in caught.value.cure


@pytest.mark.parametrize("name", ["", "--kubeconfig=x", "a/b", "A", "x y", "$(id)"])
def test_what_is_no_name_of_a_run_is_never_handed_to_kubectl(name: str) -> None:
    with pytest.raises(RunNotFound):
        find_run(Kubectl("ml8s", program="kubectl-that-is-not-there"), name)
