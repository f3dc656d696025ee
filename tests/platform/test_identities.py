"""Three credentials by purpose: what a pod is given, and that nothing else reaches it."""

from __future__ import annotations

import pytest

from ml8s.catalogue import STEPS, step
from ml8s.errors import InvalidPlatform
from ml8s.platform.identities import PodIdentity, pod_identity, purposes
from ml8s.platform.model import Credentials
from ml8s.platform.reading import parse_platform
from ml8s.storage.identities import Purpose, own_settings
from tests.platform.test_platform import TEXT


def credentials(**given: str) -> Credentials:
    def one(text: str) -> dict[str, str]:
        kind, _, name = text.partition(":")
        return {"secret" if kind == "s" else "workload_identity": name}

    return Credentials.model_validate({name: one(text) for name, text in given.items()})


SECRETS = credentials(data="s:d", store="s:s", registry="s:r")


def test_only_register_is_given_the_registry_and_only_readers_of_the_snapshot_the_data() -> None:
    given = {spec.name: {name for _, name in pod_identity(SECRETS, purposes(spec)).secrets} for spec in STEPS}
    assert given == {
        "validate": {"d", "s"},
        "split": {"d", "s"},
        "featurize": {"d", "s"},
        "search": {"s"},
        "select": {"s"},
        "evaluate": {"d", "s"},
        "register": {"s", "r"},
    }


def test_where_data_has_no_identity_the_store_s_reads_the_snapshot() -> None:
    identity = pod_identity(credentials(store="s:s", registry="s:r"), purposes(step("validate")))
    assert identity == PodIdentity(None, ((Purpose.DATA, "s"), (Purpose.STORE, "s")))


@pytest.mark.parametrize(
    ("given", "name", "expected"),
    [
        ({"store": "w:ws", "registry": "w:wr"}, "search", PodIdentity("ws", ())),
        ({"store": "w:ws", "registry": "w:wr"}, "register", PodIdentity("wr", ())),
        ({"store": "w:ws", "registry": "s:r"}, "register", PodIdentity("ws", ((Purpose.REGISTRY, "r"),))),
        ({"store": "s:s", "registry": "w:wr"}, "register", PodIdentity("wr", ((Purpose.STORE, "s"),))),
        ({"data": "w:wd", "store": "s:s", "registry": "s:r"}, "split", PodIdentity("wd", ((Purpose.STORE, "s"),))),
        ({"data": "w:wd", "store": "s:s", "registry": "s:r"}, "search", PodIdentity(None, ((Purpose.STORE, "s"),))),
    ],
)
def test_a_workload_identity_is_the_account_of_the_pods_that_need_it(
    given: dict[str, str], name: str, expected: PodIdentity
) -> None:
    assert pod_identity(credentials(**given), purposes(step(name))) == expected


def test_two_workload_identities_in_one_pod_are_refused() -> None:
    text = TEXT.replace("data: {secret: ml8s-data}", "data: {workload_identity: a}")
    text = text.replace("store: {secret: ml8s-store}", "store: {workload_identity: b}")
    with pytest.raises(InvalidPlatform) as caught:
        parse_platform(text, "platform.yaml")
    [problem] = caught.value.problems
    assert "a pod has one workload identity" in problem.message
    assert problem.where.startswith("platform.yaml:6:")


def test_a_purpose_takes_its_own_variables_and_no_others() -> None:
    environment = {
        "ML8S_DATA_AWS_ACCESS_KEY_ID": "d",
        "ML8S_DATA_AWS_SECRET_ACCESS_KEY": "ds",
        "ML8S_DATA_AWS_ENDPOINT_URL": "http://data",
        "ML8S_STORE_AWS_ACCESS_KEY_ID": "s",
        "ML8S_STORE_AWS_SECRET_ACCESS_KEY": "ss",
        "ML8S_STORE_AWS_SESSION_TOKEN": "st",
        "AWS_ACCESS_KEY_ID": "everyone's",
    }
    assert own_settings(Purpose.DATA, environment) == {"key": "d", "secret": "ds", "endpoint_url": "http://data"}
    assert own_settings(Purpose.STORE, environment) == {"key": "s", "secret": "ss", "token": "st"}
    assert own_settings(Purpose.REGISTRY, environment) == {}
