"""Fixtures for tests on the real cluster: `cluster`, `namespace`, `bucket`.

Each test has its own namespace, which forbids pods beyond `restricted`, and
its own prefix in the bucket. When a test fails, the state of its namespace is
part of the report. What a test leaves outside both fails the suite.
"""

import re
import uuid
from collections.abc import Generator, Iterator

import pytest

from tests.cluster.bed import evidence, objects
from tests.cluster.bed.cluster import Cluster, Space, connect, create_space
from tests.cluster.bed.home import Home
from tests.cluster.bed.places import standard
from tests.cluster.bed.problem import BedError
from tests.cluster.bed.storage import Bucket


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The running bed; what the tests left outside their own places fails the suite."""
    try:
        bed = connect(standard())
    except BedError as error:
        pytest.fail(str(error), pytrace=False)
    before = evidence.inventory(bed)
    stored = set(Bucket().names())
    yield bed
    mine = objects.TEST_LABEL
    bed.wait("the end of the tests' namespaces", lambda: not bed.kubectl.list("namespaces", selector=mine))
    left = sorted(evidence.inventory(bed) - before) + sorted(set(Bucket().names()) - stored)
    if left:
        pytest.fail("left behind by the tests:\n  " + "\n  ".join(left), pytrace=False)


@pytest.fixture
def home(request: pytest.FixtureRequest) -> Home:
    """The name that a test's namespace and prefix share."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))
    return Home(f"t-{words[:40].strip('-')}-{uuid.uuid4().hex[:6]}")


@pytest.fixture
def bucket(cluster: Cluster, home: Home) -> Iterator[Bucket]:
    """The test's part of the S3 bucket; it is emptied after the test."""
    part = Bucket(prefix=home.prefix)
    yield part
    part.remove()


@pytest.fixture
def namespace(cluster: Cluster, home: Home, bucket: Bucket) -> Iterator[Space]:
    """The test's namespace, ready for workflows; it is deleted after the test."""
    space = create_space(cluster, home.name, home.prefix, home.name)
    home.spaces.append(space)
    yield space
    space.delete()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the namespace's state to the report of a failed test, before it is deleted."""
    report = yield
    homes = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Home)]
    if report.when == "call" and report.failed:
        for name, space in ((home.name, space) for home in homes for space in home.spaces):
            folder = standard().failures / name
            report.sections.append((f"cluster: {space.name}", evidence.collect(space, folder)))
    return report
