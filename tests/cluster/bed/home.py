"""Where tests leave things: namespaces, and a prefix of the bucket of the same name."""

from dataclasses import dataclass, field

from tests.cluster.bed.cluster import Space


@dataclass
class Home:
    """The namespaces of a test, or of a file's tests, and the prefix of its objects; they bear one name."""

    name: str
    spaces: list[Space] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """Its part of the bucket."""
        return f"tests/{self.name}/"
