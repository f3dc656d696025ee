"""The compiled examples before the real argo: it is the judge of what the compiler writes. Needs no bed."""

from pathlib import Path

import pytest

from tests.cluster.bed.builds import programs
from tests.cluster.bed.commands import run
from tests.cluster.bed.places import REPOSITORY, standard
from tests.cluster.bed.problem import BedError

TEMPLATES = REPOSITORY / "workflow-templates"
EXAMPLES = sorted(path.parent.name for path in TEMPLATES.glob("*/*-template.yaml"))


@pytest.fixture(scope="module")
def argo() -> Path:
    """The real CLI, which `make cluster-smoke` builds before its tests."""
    return programs(standard(), run(["go", "version"]).strip())["argo"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_argo_finds_nothing_wrong_with_a_compiled_example(argo: Path, example: str) -> None:
    said = run([argo, "lint", "--offline", "--no-color", *sorted((TEMPLATES / example).glob("*.yaml"))])
    assert "no linting errors found" in said


def test_argo_finds_a_reference_to_a_task_that_is_no_more(argo: Path, tmp_path: Path) -> None:
    text = (TEMPLATES / "fraud" / "fraud-train-template.yaml").read_text()
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace("{{tasks.validate.outputs", "{{tasks.nothing.outputs", 1))
    with pytest.raises(BedError, match=r"tasks\.nothing\.outputs"):
        run([argo, "lint", "--offline", broken])


def test_the_installation_is_one_kustomization() -> None:
    built = programs(standard(), run(["go", "version"]).strip())
    said = run([built["kubectl"], "kustomize", TEMPLATES / "install"])
    assert said.count("\nkind: ") + said.startswith("kind: ") == 12
    assert "namespace: ml8s" in said
