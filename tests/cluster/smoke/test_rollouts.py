"""A new version reaches users step by step, or not at all, and no request ever fails."""

from tests.cluster.bed.cluster import Cluster, Space
from tests.cluster.bed.objects import Object
from tests.cluster.smoke.samples import rollout, service
from tests.cluster.smoke.visitor import Visitor, answers

HALF_THEN_ASK: list[Object] = [{"setWeight": 50}, {"pause": {}}]
HALF_THEN_MEASURE: list[Object] = [{"setWeight": 50}, {"analysis": {"templates": [{"templateName": "errors"}]}}]


def measure_errors(cluster: Cluster, space: Space) -> Object:
    """The canary's errors as the real Prometheus knows them; no series is a failure too."""
    query = f'max(model_error_ratio{{namespace="{space.name}"}})'
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": "errors"},
        "spec": {
            "metrics": [
                {
                    "name": "error-ratio",
                    # Prometheus looks for new pods every five seconds.
                    "initialDelay": "15s",
                    "interval": "2s",
                    "count": 3,
                    "successCondition": "len(result) > 0 && !isNaN(result[0]) && result[0] < 0.05",
                    "provider": {"prometheus": {"address": cluster.prometheus.address, "query": query}},
                }
            ]
        },
    }


def state(space: Space) -> str:
    """Return the Rollout's phase, or nothing while its status is of an older generation."""
    found = space.get("rollout", "web")
    status = found.get("status", {})
    seen = status.get("observedGeneration") == str(found["metadata"]["generation"])
    return str(status.get("phase", "")) if seen else ""


def deploy_first_version(cluster: Cluster, space: Space, steps: list[Object]) -> str:
    """Deploy version 1 and return the Service's address."""
    space.apply(service(), measure_errors(cluster, space), rollout("1", 0.0, steps))
    cluster.wait("version 1 Healthy", lambda: state(space) == "Healthy")
    address = str(space.get("service", "web")["spec"]["clusterIP"])
    cluster.wait("the Service to answer", lambda: answers(address))
    return address


def test_a_promoted_canary_replaces_the_stable_version_without_a_failed_request(
    cluster: Cluster, namespace: Space
) -> None:
    address = deploy_first_version(cluster, namespace, HALF_THEN_ASK)
    with Visitor(address) as visitor:
        cluster.wait("an answer of version 1", lambda: visitor.answers["1"])
        namespace.apply(rollout("2", 0.0, HALF_THEN_ASK))
        cluster.wait("the canary paused", lambda: state(namespace) == "Paused")
        cluster.wait("an answer of version 2", lambda: visitor.answers["2"])

        cluster.promote(namespace, "web")

        cluster.wait("version 2 Healthy", lambda: state(namespace) == "Healthy")
        cluster.wait("version 2 alone", lambda: len(namespace.list("pods")) == 2)
        visitor.answers.clear()
        cluster.wait("twenty answers", lambda: visitor.answers.total() >= 20)
        versions = set(visitor.answers)

    assert visitor.failures == []
    assert versions == {"2"}


def test_a_canary_that_errs_is_aborted_by_prometheus_without_a_failed_request(
    cluster: Cluster, namespace: Space
) -> None:
    address = deploy_first_version(cluster, namespace, HALF_THEN_MEASURE)
    with Visitor(address) as visitor:
        namespace.apply(rollout("2", 0.5, HALF_THEN_MEASURE))
        cluster.wait("the rollout aborted", lambda: state(namespace) == "Degraded")
        cluster.wait("version 1 alone", lambda: len(namespace.list("pods")) == 2)
        visitor.answers.clear()
        cluster.wait("twenty answers", lambda: visitor.answers.total() >= 20)
        versions = set(visitor.answers)

    assert visitor.failures == []
    assert versions == {"1"}
    (analysis,) = namespace.list("analysisruns")
    assert analysis["status"]["phase"] == "Failed"
    assert analysis["status"]["metricResults"][0]["measurements"][-1]["value"] == "[0.5]"
