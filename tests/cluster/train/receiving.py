"""A compiled workflow whose first step tells what config it received, instead of working."""

from ml8s.artifacts import Json, canonical_json, sha256
from ml8s.config.loader import parse_config
from tests.cluster.bed.objects import Object

# It reads its config as a step does, and leaves the digest of all its values where Argo picks a result up.
RECEIVE = (
    "import sys, pathlib\n"
    "from argparse import Namespace\n"
    "from ml8s.artifacts import canonical_json, sha256\n"
    "from ml8s.runner.container import read_config\n"
    "config = read_config(Namespace(config=None))\n"
    "said = sha256(canonical_json(config.model_dump(mode='json')))\n"
    "pathlib.Path(sys.argv[sys.argv.index('--result') + 1]).write_text(said)\n"
)


def receiving(template: Object) -> Object:
    """A Workflow of a compiled template as it is, but that its first step tells what it received, and is the last."""
    [first] = [each for each in template["spec"]["templates"] if each["name"] == "validate"]
    first["container"]["command"] = [first["container"]["command"][0], "-c", RECEIVE]
    parameters = template["spec"]["arguments"]["parameters"]
    [until] = [each for each in parameters if each["name"] == "until"]
    until["value"] = "validate"
    kept = {name: template["metadata"][name] for name in ("labels", "annotations")}
    head = {"apiVersion": template["apiVersion"], "kind": "Workflow"}
    return {**head, "metadata": {**kept, "generateName": "hostile-"}, "spec": template["spec"]}


def received(text: str) -> str:
    """Return what the step says that received this config whole."""
    values: Json = parse_config(text, "hostile.yaml").config.model_dump(mode="json")
    return sha256(canonical_json(values))
