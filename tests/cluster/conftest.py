"""Fixtures for tests on the real cluster: `cluster`, `namespace`, `bucket`, and `lodging` for those of a whole file.

Each test has its own namespace, which forbids pods beyond `restricted`, and
its own prefix in the bucket. When a test fails, or the making of what it
needs, the state of the namespaces in use is part of the report. What a test
leaves outside both fails the suite.
"""

import re
import uuid
from collections.abc import Callable, Generator, Iterator

import pytest

from tests.cluster.bed import evidence, leftovers
from tests.cluster.bed.cluster import Cluster, Space, connect, create_space
from tests.cluster.bed.home import Home
from tests.cluster.bed.places import standard
from tests.cluster.bed.problem import BedError
from tests.cluster.bed.storage import Bucket

# The homes in use: a test's own, and one that the tests of its file share.
IN_USE = pytest.StashKey[list[Home]]()
Lodge = Callable[[pytest.FixtureRequest, Home], Space]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The running bed; what the tests left outside their own places fails the suite."""
    try:
        bed = connect(standard())
        with leftovers.refused(bed, Bucket().names):
            yield bed
    except BedError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def lodge(cluster: Cluster, pytestconfig: pytest.Config) -> Lodge:
    """Give a home its namespace for as long as the asking fixture lives.

    The namespace goes in a finalizer: it is still there when the report of a
    failure is made, also when the fixture itself fails half-way.
    """

    def settle(request: pytest.FixtureRequest, home: Home) -> Space:
        space, in_use = cluster.space(home.name), pytestconfig.stash.setdefault(IN_USE, [])

        def leave() -> None:
            in_use.remove(home)
            space.delete()

        home.spaces.append(space)
        in_use.append(home)
        request.addfinalizer(leave)
        return space

    return settle


def named(words: str) -> Home:
    """Return a new home whose name begins with words of the test or file."""
    plain = re.sub(r"[^a-z0-9]+", "-", words.lower().removeprefix("test_"))
    return Home(f"t-{plain[:40].strip('-')}-{uuid.uuid4().hex[:6]}")


@pytest.fixture
def home(request: pytest.FixtureRequest) -> Home:
    """The name that a test's namespace and prefix share."""
    return named(request.node.name)


@pytest.fixture
def bucket(cluster: Cluster, home: Home) -> Iterator[Bucket]:
    """The test's part of the S3 bucket; it is emptied after the test."""
    part = Bucket(prefix=home.prefix)
    yield part
    part.remove()


@pytest.fixture
def namespace(cluster: Cluster, lodge: Lodge, home: Home, bucket: Bucket, request: pytest.FixtureRequest) -> Space:
    """The test's namespace, ready for workflows; it is deleted after the test."""
    lodge(request, home)
    return create_space(cluster, home.name, home.prefix, home.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the state of the namespaces in use to the report of what failed, before they are deleted."""
    report = yield
    if report.failed and call.excinfo is not None:
        for home in item.config.stash.get(IN_USE, []):
            report.sections += _state(home, item.name, call.excinfo.value)
    return report


def _state(home: Home, test: str, failure: BaseException) -> list[tuple[str, str]]:
    """Collect a home's state; once where a fixture's failure takes down every test of a file."""
    folder = standard().failures / home.name
    if home.failure is failure:
        return [(f"cluster: {home.name}", f"as after the same failure above, in {folder}")]
    home.failure = failure
    into = folder / re.sub(r"[^A-Za-z0-9_]+", "-", test)[:80]
    return [(f"cluster: {space.name}", evidence.collect(space, into)) for space in home.spaces]
