"""Where tests leave things: namespaces, and a prefix of the bucket of the same name."""

from dataclasses import dataclass, field

from tests.cluster.bed.cluster import Space


@dataclass
class Home:
    """The namespaces of a test, or of a file's tests, and the prefix of its objects; they bear one name."""

    name: str
    spaces: list[Space] = field(default_factory=list)
    # The failure after which its state was collected last: it is shown by every test that the failure takes down.
    failure: BaseException | None = None

    @property
    def prefix(self) -> str:
        """Its part of the bucket."""
        return f"tests/{self.name}/"
