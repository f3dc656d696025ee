"""What `cluster-up` prints: its endpoints answer, and the commands that it puts first on PATH work from a shell."""

import os
import shlex

import pytest

from tests.cluster.bed.bring_up import summary
from tests.cluster.bed.cluster import Cluster
from tests.cluster.bed.commands import run
from tests.cluster.bed.places import NODE, S3
from tests.cluster.bed.settings import ENDPOINTS

COMMANDS = {
    "kubectl get node -o name": f"node/{NODE}",
    "kubectl-argo-rollouts version --short": "",
    "argo list -o name": "",
    "ml8s version": "ml8s",
    "python -c 'import os; print(os.environ[\"ML8S_BED\"])'": "ml8s-bed",
    f"curl -sS -o /dev/null -w '%{{http_code}}' {S3}/minio/health/live": "200",
}


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words.split()[0])
def test_a_command_works_in_a_shell_that_evaluates_the_environment(cluster: Cluster, words: str) -> None:
    name, sourced = words.split(maxsplit=1)[0], f". {shlex.quote(str(cluster.places.environment))}"
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    found = run(["sh", "-c", f"{sourced}; command -v {name}"], env=env).strip()
    assert found == str(cluster.places.wrappers / name)
    assert COMMANDS[words] in run(["sh", "-c", f"{sourced}; {words}"], env=env)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_printed_endpoint_answers(cluster: Cluster, name: str) -> None:
    assert ENDPOINTS[name] in summary(cluster.places)
    code = run([cluster.places.wrappers / "curl", "-ksS", "-o", "/dev/null", "-w", "%{http_code}", ENDPOINTS[name]])
    assert 200 <= int(code) < 500, code
