"""Workflows survive what happens to clusters: killed controllers, lost pods, a store that is away."""

import signal
import time

from tests.cluster.bed.cluster import Cluster, Space
from tests.cluster.bed.objects import Object
from tests.cluster.bed.storage import Bucket
from tests.cluster.smoke.samples import SCRATCH, TEMPORARY, dag, step, workflow

OUTAGE_SECONDS = 20


def pod_phases(space: Space) -> list[str]:
    """Return the phases of all pods of a namespace."""
    return [pod["status"]["phase"] for pod in space.list("pods")]


def pod_ids(space: Space) -> set[str]:
    """Return the unique ids of all pods of a namespace."""
    return {pod["metadata"]["uid"] for pod in space.list("pods")}


def in_order(*templates: Object) -> Object:
    """Return a workflow whose steps follow each other."""
    names = [str(template["name"]) for template in templates]
    tasks: list[Object] = [{"name": name, "template": name} for name in names]
    for task, before in zip(tasks[1:], names, strict=False):
        task["depends"] = f"{before}.Succeeded"
    return workflow(dag(*tasks), *templates)


def test_a_controller_killed_in_the_middle_completes_the_workflow_after_its_restart(
    cluster: Cluster, namespace: Space
) -> None:
    name = namespace.submit(in_order(step("first", "import time; time.sleep(3)"), step("second", "")))
    namespace.wait_for_node(name, "first", "Running")

    cluster.kill_and_restart_around(
        "workflow-controller",
        signal.SIGKILL,
        lambda: cluster.wait(
            "the first step to end without a controller", lambda: pod_phases(namespace) == ["Succeeded"]
        ),
    )

    assert namespace.finish(name) == "Succeeded"
    assert {node: namespace.nodes(name)[node]["phase"] for node in ("first", "second")} == {
        "first": "Succeeded",
        "second": "Succeeded",
    }
    assert len(namespace.list("pods")) == 2


def test_a_step_whose_pod_is_deleted_runs_again_in_another_pod(cluster: Cluster, namespace: Space) -> None:
    slow = step("slow", "import time; time.sleep(10)", retryStrategy=TEMPORARY)
    name = namespace.submit(in_order(slow))
    namespace.wait_for_node(name, "slow(0)", "Running")
    cluster.wait("a running pod", lambda: pod_phases(namespace) == ["Running"])
    (deleted,) = pod_ids(namespace)

    namespace.kubectl("delete", "pods", "--all", "--force", "--grace-period=0")

    # Within ten seconds of its start Argo makes the same attempt's pod anew, later it retries.
    assert namespace.finish(name) == "Succeeded"
    assert pod_ids(namespace)
    assert deleted not in pod_ids(namespace)


def test_a_store_that_is_away_for_20_seconds_delays_a_workflow_and_loses_nothing(
    cluster: Cluster, namespace: Space, bucket: Bucket
) -> None:
    write = f"import time; time.sleep(2); open('{SCRATCH}/model.txt', 'w').write('trees')"
    kept = {
        "name": "model",
        "path": f"{SCRATCH}/model.txt",
        "archive": {"none": {}},
        "s3": {"key": f"{bucket.prefix}model.txt"},
    }
    name = namespace.submit(in_order(step("train", write, retryStrategy=TEMPORARY, outputs={"artifacts": [kept]})))
    namespace.wait_for_node(name, "train(0)", "Running")

    cluster.kill_and_restart_around("minio", signal.SIGTERM, lambda: time.sleep(OUTAGE_SECONDS))

    assert namespace.finish(name) == "Succeeded"
    cluster.wait("MinIO", bucket.answers)
    assert bucket.read("model.txt") == b"trees"
