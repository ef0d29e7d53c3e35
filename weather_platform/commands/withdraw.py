"""`weather withdraw`: take a posting back, or undo that, by the API."""

import getpass
from typing import Annotated

import typer

from weather_platform.commands.console import show_json, show_table
from weather_platform.commands.ingest import asked, opened
from weather_platform.domain.errors import BadInput


def withdraw(
    ingestion: Annotated[str, typer.Argument(help="its id, as `weather ingest` shows it", metavar="ID")],
    reason: Annotated[str, typer.Option("--reason", help="why; kept with the files")] = "",
    by: Annotated[str, typer.Option("--by", help="who says so", show_default="your login")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="let it count again, in its old place")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the receipt as JSON")] = False,
) -> None:
    """Let posted files not count any more, and make their months again without them (WEATHER_API_URL).

    The files are kept, marked as withdrawn. Another posting of the same records keeps counting.
    """
    if not (undo or reason):
        raise BadInput("A withdrawal needs a reason.", "Add --reason, in a few words.")
    with opened() as api:
        if undo:
            receipt = asked(api, "POST", f"/ingestions/{ingestion}/restore")
        else:
            why = {"reason": reason, "by": by or getpass.getuser()}
            receipt = asked(api, "POST", f"/ingestions/{ingestion}/withdraw", json=why)
    if as_json:
        show_json(receipt)
        return
    withdrawn = receipt["withdrawn"]
    state = f"withdrawn by {withdrawn['by']}: {withdrawn['reason']}" if withdrawn else "counts"
    show_table(("file", "state"), [[file["name"], state] for file in receipt["files"]])
