"""Each error class is expected by some test, used by the product, and names its object and its cure.

Read from the sources, so that it holds for every class at every run: what a test expects stands in ``pytest.raises``,
in the table of a parametrized test, or as the code that a command prints.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ml8s import errors
from ml8s.errors import ML8sError

ROOT = Path(__file__).parents[2]
FAMILIES = ML8sError.__subclasses__()
CODES = {
    kind.__name__: kind.code
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ML8sError) and kind is not ML8sError and kind not in FAMILIES
}
LISTS = {ROOT / "tests" / "test_errors.py", Path(__file__)}


def names(node: ast.AST) -> set[str]:
    """The names in an expression."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def expected(source: str, codes: Mapping[str, str]) -> set[str]:
    """The classes that the tests of a module expect to be raised."""
    module = ast.parse(source)
    tables = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.raises":
            found |= {name for one in node.args[:1] for name in names(one)}
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.parametrize":
            listed = {name for one in node.args for name in names(one)}
            found |= listed.union(*(names(tables[name]) for name in listed & set(tables)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {name for name, code in codes.items() if code in node.value}
    return found & set(codes)


def used(source: str) -> set[str]:
    """The names that a module uses beyond importing them."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def speechless(source: str, codes: Mapping[str, str]) -> Iterator[str]:
    """The places where an error is made without a cure, or with neither a place nor an object in its message."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] not in codes:
            continue
        words = {keyword.arg: keyword.value for keyword in node.keywords}
        cure = words.get("cure")
        if cure is None or (isinstance(cure, ast.Constant) and not cure.value):
            yield f"line {node.lineno}: {ast.unparse(node.func)} names no cure"
        if "where" not in words and node.args and isinstance(node.args[0], ast.Constant):
            yield f"line {node.lineno}: {ast.unparse(node.func)} names no object"


def sources(folder: str) -> dict[Path, str]:
    return {path: path.read_text() for path in sorted((ROOT / folder).rglob("*.py")) if path not in LISTS}


@pytest.fixture(scope="module")
def expectations() -> set[str]:
    return {name for source in sources("tests").values() for name in expected(source, CODES)}


@pytest.mark.parametrize("name", CODES)
def test_some_test_expects_an_error(name: str, expectations: set[str]) -> None:
    assert name in expectations, f"no test expects {name} ({CODES[name]}) to be raised"


def test_the_product_uses_every_error() -> None:
    found = {name for path, source in sources("ml8s").items() if "errors" not in path.parts for name in used(source)}
    assert set(CODES) - found == set()


def test_every_error_names_its_object_and_its_cure() -> None:
    found = {
        f"{path.relative_to(ROOT)} {words}"
        for path, text in sources("ml8s").items()
        for words in speechless(text, CODES)
    }
    assert found == set()


def test_the_check_sees_what_is_missing() -> None:
    codes = {"Lost": "ML8S-X001", "Told": "ML8S-X002"}
    assert expected("with pytest.raises(Told): call()\nLost('a', cure='b')\n# ML8S-X001", codes) == {"Told"}
    assert expected("@pytest.mark.parametrize('kind', [(1, Lost)])\ndef test(): assert 'ML8S-X002' in x", codes) == set(
        codes
    )
    assert (
        list(speechless("raise Lost(f'{name} is gone', cure='find it')\nraise Told('it', where='a', cure=x)", codes))
        == []
    )
    assert list(speechless("raise Lost(f'{name} is gone', cure='')", codes)) == ["line 1: Lost names no cure"]
    assert list(speechless("raise Lost('it is gone', cure='find it')", codes)) == ["line 1: Lost names no object"]
