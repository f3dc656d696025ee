"""A namespace's quota that has no room for a pod: Argo asks again and again, and ML8s reads why."""

from ml8s.cluster.quota import read_quota
from tests.cluster.bed.cluster import Space
from tests.cluster.bed.objects import Object
from tests.cluster.smoke.samples import dag, step, workflow


def test_a_full_quota_lets_a_step_wait_for_another_to_end(namespace: Space) -> None:
    quota: Object = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "one-at-a-time"}}
    namespace.apply({**quota, "spec": {"hard": {"pods": "1"}}})
    tasks = [{"name": name, "template": "work"} for name in ("one", "two")]
    name = namespace.submit(workflow(dag(*tasks), step("work", "import time; time.sleep(3)")))

    def waits() -> list[str]:
        told = [str(node.get("message", "")) for node in namespace.nodes(name).values()]
        return [text for text in told if "exceeded quota" in text]

    namespace.cluster.wait("a step that the quota keeps waiting", waits)
    found = read_quota(waits()[0])
    assert found is not None
    assert found.can_fit
    assert (found.name, found.limited) == ("one-at-a-time", {"pods": "1"})
    assert namespace.finish(name) == "Succeeded"
