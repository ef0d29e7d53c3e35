"""`weather withdraw`: withdraw a posting, or undo that, through the API."""

import getpass
from typing import Annotated

import typer

from weather_platform.commands.console import show_json, show_table
from weather_platform.commands.ingest import asked, opened
from weather_platform.domain.errors import BadInput


def withdraw(
    ingestion: Annotated[str, typer.Argument(help="id of the posting, as shown by `weather ingest`", metavar="ID")],
    reason: Annotated[str, typer.Option("--reason", help="reason, stored with the files")] = "",
    by: Annotated[str, typer.Option("--by", help="who withdraws it", show_default="your login")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="restore the posting at its old place in the order")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the receipt as JSON")] = False,
) -> None:
    """Withdraw a posting and make its months again without it (API at WEATHER_API_URL).

    The files are kept, marked as withdrawn. Another posting of the same records keeps counting.
    """
    if not (undo or reason):
        raise BadInput("A withdrawal needs a reason.", "Add --reason TEXT.")
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
