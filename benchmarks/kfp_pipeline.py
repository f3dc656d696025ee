"""The fraud example's pipeline for the kfp SDK: the same eight tasks and edges. Run by benchmarks/compile_time.py.

python kfp_pipeline.py FILE
"""

import sys
from collections.abc import Callable
from typing import Any

from kfp import compiler, dsl

IMAGE = "registry.example.com/ml8s-train@sha256:" + "2" * 64


def step(name: str, inputs: int) -> Any:
    """A container step that takes some digests and hands one on."""
    names = [f"input{number}" for number in range(inputs)]
    words = "".join(f", {each}: str" for each in names)
    source = (
        f"def {name}(result: dsl.OutputPath(str){words}):\n"
        f"    return dsl.ContainerSpec(image={IMAGE!r}, command=['python', '-m', 'ml8s.steps'],"
        f" args=[{name!r}, '--result', result, {', '.join(names)}])\n"
    )
    scope: dict[str, Any] = {"dsl": dsl}
    exec(source, scope)  # noqa: S102 -- kfp reads the names of the parameters
    return dsl.container_component(scope[name])


validate, split, featurize = step("validate", 0), step("split", 1), step("featurize", 2)
search, select, evaluate, register = step("search", 1), step("select", 3), step("evaluate", 7), step("register", 8)


def called(component: Callable[..., Any], *tasks: Any) -> Any:
    """A task fed by the digests of others; two CPUs and 4 GiB, retried three times, as ours."""
    given = {f"input{number}": task.outputs["result"] for number, task in enumerate(tasks)}
    return component(**given).set_cpu_limit("1").set_memory_limit("2Gi").set_retry(3)


@dsl.pipeline(name="fraud-train")
def fraud(config: str = "") -> None:
    """Validate, split, featurize, two searches, select, evaluate, register."""
    first = called(validate)
    folds = called(split, first)
    matrix = called(featurize, first, folds)
    searches = [called(search, matrix) for _ in range(2)]
    chosen = called(select, matrix, *searches)
    judged = called(evaluate, first, folds, matrix, chosen, *searches, chosen)
    called(register, first, folds, matrix, chosen, judged, *searches, judged)


compiler.Compiler().compile(fraud, sys.argv[1])
