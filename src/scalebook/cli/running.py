"""`scalebook run`: labs on real engines, with a verdict each."""

from __future__ import annotations

from typing import Any

import click

from scalebook.cli import choices, tether

__all__ = ["command"]


@click.command("run")
@click.argument("names", metavar="UNIT...", nargs=-1)
@click.option("--chapter", "chapters", multiple=True, help="All labs of this chapter.")
@click.option("--quick", is_flag=True, help="Two points, five pairs: about 5 s a lab.")
@click.option("--full", is_flag=True, help="As close as it gets; it may take many minutes.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change a constant of the lab."
)
@choices.engines_option
@click.option("--at", "points", metavar="POINTS", help="Only these points, such as 10,1000.")
@click.option("--seed", type=int, help="Repeat the choices of an earlier run.")
@click.option("--reference", is_flag=True, help="Write result.json, which the page quotes.")
@click.option("--events", is_flag=True, help="One JSON object a line, as it happens.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array at the end.")
@click.option("--until-eof", is_flag=True, help="End, as on Ctrl-C, when standard input ends.")
def command(
    names: tuple[str, ...],
    chapters: tuple[str, ...],
    quick: bool,
    full: bool,
    events: bool,
    as_json: bool,
    until_eof: bool,
    **options: Any,
) -> int:
    """Run labs: start the engines, compare the variants, judge the published claim.

    Exit status: 0 valid, 1 a promise or a gate failed, 2 wrong use, 3 an engine is missing,
    4 the harness or the machine failed, 130 interrupted.

    \b
    Examples:
      scalebook run redis/key-value-cache
      scalebook run --quick 1 2 3 --json
      scalebook run counter --engine redis=/usr/bin/redis-server
    """
    flags = {"--quick": quick, "--full": full, "--events": events, "--json": as_json}
    flags |= {"--reference": options["reference"], "--set": bool(options["settings"])}
    choices.refuse_clashes(flags | {"--at": options["points"] is not None})
    if until_eof:
        tether.end_with_input()
    asked = choices.named(names, chapters)
    settings = choices.assignments(options["settings"], "--set")
    # Imported here, because the engines' drivers take a moment, and wrong use should not.
    from scalebook.cli.session import Order, Session

    order = Order(
        budget="quick" if quick else "full" if full else "default",
        settings={name: choices.plain(value) for name, value in settings.items()},
        engines=choices.assignments(options["engines"], "--engine"),
        points=choices.points_of(options["points"]),
        seed=options["seed"],
        reference=options["reference"],
        form="events" if events else "json" if as_json else "report",
    )
    return Session(order).run(asked)
