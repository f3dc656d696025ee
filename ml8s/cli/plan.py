"""``ml8s plan``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("plan")
@options.config_argument
@click.option("--until", metavar="STEP", help="Plan up to this step.")
@click.option("--verify", is_flag=True, help="Hash every cached blob; what is damaged counts as not there.")
@options.local_option
@options.set_option
@options.store_option
@options.output_option
def command(**asked: object) -> None:
    """Show what is cached, what would run, and why a step is not cached. Runs nothing.

    Where a platform is named, the plan is that of a run on its cluster: a step that would run is a pod.
    """
    from ml8s.cli import cluster_running, running
    from ml8s.config.loader import load_config

    wanted = running.Asked(**asked)  # type: ignore[arg-type]
    place = cluster_running.place_of_runs(wanted.local)
    if place is not None:
        from ml8s.cluster.planning import Request as ClusterRequest
        from ml8s.cluster.planning import look

        loaded = load_config(wanted.config, wanted.overrides)
        sight = look(ClusterRequest(loaded, place.platform, wanted.until, verify=wanted.verify), mend=False)
        running.show_plan(sight.plan, wanted.output)
        cluster_running.say_sight(sight)
    else:
        from ml8s.runner.training import Request, prepare

        request = Request(load_config(wanted.config, wanted.overrides), wanted.store, until=wanted.until)
        running.show_plan(prepare(request).plan(verify=wanted.verify), wanted.output)
    ui.next_command(f"ml8s run {wanted.config}")
