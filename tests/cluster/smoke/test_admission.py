"""The tests' namespaces refuse pods that could hurt others."""

import pytest

from tests.cluster.bed.cluster import Space
from tests.cluster.bed.problem import BedError
from tests.cluster.smoke.samples import image


def test_a_pod_that_violates_the_restricted_standard_is_refused(namespace: Space) -> None:
    careless = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "careless"},
        "spec": {"containers": [{"name": "main", "image": image(), "securityContext": {"privileged": True}}]},
    }
    with pytest.raises(BedError, match='violates PodSecurity "restricted'):
        namespace.apply(careless)
    assert namespace.list("pods") == []
