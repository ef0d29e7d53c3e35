"""Overrule flags of quality control (API at WEATHER_API_URL)."""

import getpass
from typing import Annotated, Any

import typer

from weather_platform.commands.console import say, show_json, show_table
from weather_platform.commands.ingest import asked, opened

app = typer.Typer(no_args_is_help=True, help=__doc__)

_PATH = "/quality/overrides"


@app.command("list")
def list_overrides(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """List the decisions: those of the file WEATHER_QC_OVERRIDES, which have no id, then those made through the API."""
    with opened() as api:
        found = asked(api, "GET", _PATH)["data"]
    if as_json:
        show_json(found)
        return
    _show(found)


@app.command()
def add(
    city: Annotated[str, typer.Argument(help="name, slug or WMO number")],
    field: Annotated[str, typer.Argument(help="column of the observations, such as t or tx12")],
    verdict: Annotated[str, typer.Argument(help="good, suspect or erroneous; `good` lifts flags")],
    first: Annotated[str, typer.Option("--from", metavar="TIME", help="first time (UTC), 2023-08-09T09:00")],
    reason: Annotated[str, typer.Option(help="why; shown with the flag")],
    last: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="last time, included", show_default="--from")
    ] = None,
    rule: Annotated[str, typer.Option(help="rule whose flags `good` lifts; `*` for all")] = "*",
    by: Annotated[str, typer.Option(help="who decides", show_default="your login")] = "",
) -> None:
    """Lift or set flags of a station's values, and make their months again. No value is changed."""
    decision = {
        "city": city,
        "first": first,
        "last": last or first,
        "field": field,
        "rule": rule,
        "verdict": verdict,
        "reason": reason,
        "by": by or getpass.getuser(),
    }
    with opened() as api:
        _tell(asked(api, "POST", _PATH, json=decision))


@app.command()
def remove(
    override: Annotated[str, typer.Argument(metavar="ID", help="id as `weather quality list` shows it")],
) -> None:
    """Remove a decision made through the API, and make its months again without it."""
    with opened() as api:
        _tell(asked(api, "DELETE", f"{_PATH}/{override}"))


def _tell(found: dict[str, Any]) -> None:
    _show([found])
    say("Its months were made again." if found["made_again"] else "None of its months is loaded.")


def _show(found: list[dict[str, Any]]) -> None:
    show_table(
        ("id", "city", "field", "from", "to", "rule", "verdict", "by", "reason"),
        [
            [
                each["id"] or "(file)",
                each["city"],
                each["field"],
                each["first"],
                each["last"],
                each["rule"],
                each["verdict"],
                each["who"],
                each["reason"],
            ]
            for each in found
        ],
    )
