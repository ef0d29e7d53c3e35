"""Marks in MongoDB: one small read tells whether anything changed, however many months are stored.

Every transaction that changes what readers see inserts a document of its own, which no other transaction touches: a
document that two of them write would make one of them begin again. Later writers fold old marks into one token.
"""

import secrets
from typing import Any

from pymongo import ASCENDING
from pymongo.client_session import ClientSession
from pymongo.database import Database

COLLECTION = "_marks"
MOST_MARKS = 16
"""Marks that a look reads, beside those of transactions that commit at the same time."""
_FOLDED = "folded"
"""Sorts after every mark, whose names are hexadecimal."""


def mark(database: Database[Any], session: ClientSession) -> None:
    """Mark a transaction as one that changes what readers see."""
    database[COLLECTION].insert_one({"_id": secrets.token_hex(8)}, session=session)


def fold_marks(database: Database[Any]) -> None:
    """Replace old marks by a new token, outside of any transaction.

    The token comes before the marks go, and a look reads it after the marks. So what a look sees after a commit, which
    is the mark or a token that was made later, was never seen before it; wherever a process is killed.
    """
    marks = database[COLLECTION]
    found = [str(each["_id"]) for each in marks.find({}, {"_id": 1})]
    if _FOLDED in found and len(found) <= MOST_MARKS:
        return
    marks.update_one({"_id": _FOLDED}, {"$set": {"token": secrets.token_hex(8)}}, upsert=True)
    marks.delete_many({"_id": {"$in": [each for each in found if each != _FOLDED]}})


def marks_token(database: Database[Any]) -> str | None:
    """A text that changes with each marked transaction; None where no writer of this release was ever."""
    *marks, folded = list(database[COLLECTION].find({}, sort=[("_id", ASCENDING)])) or [{}]
    if "token" not in folded:
        return None
    return "".join([*(mark["_id"] for mark in marks), folded["token"]])
