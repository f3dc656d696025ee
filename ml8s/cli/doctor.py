"""``ml8s doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from ml8s.health import Check
    from ml8s.platform.model import Platform

COLUMNS = ("check", "state", "found")


@click.command("doctor")
@click.argument("part", type=click.Choice(["storage", "cluster"]), required=False, metavar="[storage|cluster]")
@click.option("--store", envvar="ML8S_STORE", metavar="URI", show_envvar=True, help="The store; else the platform's.")
@click.option("--platform", metavar="FILE", help="The platform; else ML8S_PLATFORM, else ./platform.yaml.")
@options.dry_run_option
@options.output_option
def command(part: str | None, store: str | None, platform: str | None, dry_run: bool, output: str) -> None:
    """Check that a store and a cluster are fit for ML8s, with the cure for what is not.

    `storage` probes the store from this machine. `cluster` asks the cluster that kubectl knows for versions, kinds,
    rights and objects, and runs three small pods that look at images, secrets and the store. Without a word: both, as
    far as a platform is named. All checks are made; the first that fails decides the exit status.
    """
    from ml8s.health import verdict
    from ml8s.platform.named import named_platform
    from ml8s.platform.reading import load_platform

    named = platform or named_platform()
    asked = load_platform(platform) if named or part == "cluster" else None
    checks: list[Check] = []
    if part != "cluster":
        checks += _storage(store, asked, dry_run, only=part == "storage")
    if part != "storage" and asked is not None:
        checks += _cluster(asked, dry_run)
    ui.emit([check.to_json() for check in checks], output, COLUMNS)
    for check in checks:
        if check.cure and check.error is None:
            ui.note(f"{check.name}: {check.found}; cure: {check.cure}")
        elif check.state == "warning":
            ui.warning(f"{check.name}: {check.found}; cure: {check.cure}")
    if error := verdict(checks):
        raise error
    if asked is None and part is None:
        ui.note("no platform is named, so no cluster was looked at: ML8s trains on this machine")
    ui.next_command("ml8s run CONFIG")


def _storage(store: str | None, platform: Platform | None, dry_run: bool, only: bool) -> list[Check]:
    from ml8s.health import State, unknown
    from ml8s.storage import open_store
    from ml8s.storage.examination import examine_store
    from ml8s.storage.probe import WRITERS, keys_of

    uri = store or (platform.store.uri if platform else options.DEFAULT_STORE)
    if platform and not store:
        from ml8s.cluster.planning import use_store_of

        use_store_of(platform)
    if dry_run:
        writes = f"some {keys_of(open_store(uri).endpoint) * WRITERS:,} small writes below probe/, removed afterwards"
        return [unknown("store", f"{uri} would be probed: {writes}")]
    check = examine_store(uri, lambda done, total: None)
    if check.state is State.FAILED and platform and not only and check.error and check.error.exit_status != 2:
        from ml8s.errors import StoreRefused

        # A platform's store may be one that only pods reach: their checks tell.
        if not isinstance(check.error, StoreRefused):
            return [unknown("store", f"from this machine: {check.found}", f"{check.cure}; runs need it from pods only")]
    return [check]


def _cluster(platform: Platform, dry_run: bool) -> list[Check]:
    import secrets

    from ml8s.cluster.examination import examine_cluster
    from ml8s.cluster.kubectl import Kubectl
    from ml8s.cluster.trial import try_workflow
    from ml8s.health import State, unknown

    kubectl = Kubectl(platform.namespace)
    checks = examine_cluster(kubectl, platform)
    if dry_run:
        return [*checks, unknown("trial", "a workflow of three pods would be submitted")]
    blocking = ("cluster", "Argo Workflows", f"namespace {platform.namespace}", "rights on workflows")
    if broken := [check.name for check in checks if check.state is State.FAILED and check.name in blocking]:
        return [*checks, unknown("trial", f"not submitted: {broken[0]} failed")]
    name = f"ml8s-doctor-{secrets.token_hex(4)}"
    ui.note(f"submitting {name}: three small pods, a minute or so")
    return [*checks, *try_workflow(kubectl, platform, name, lambda text: None)]
