"""An OpenDataSoft portal with one dataset: the two requests that a month takes, and how they are refused."""

import json
import re
from collections.abc import Mapping, Sequence

from weather_platform_tests.sources.web_server import Answer, Request

Record = Mapping[str, object]

_DATASET = "/api/explore/v2.1/catalog/datasets/donnees-synop-essentielles-omm/"
_STATION = r"numer_sta = '(\d{5})'"
_DAY = r"date'(\d{4}-\d\d-\d\d)'"
_WHERE = re.compile(rf"date >= {_DAY} AND date < {_DAY}(?: AND \({_STATION}(?: OR {_STATION})*\))?")


class Portal:
    """Holds flat v2.1 records whose dates are in UTC, as an export gives them."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records

    def answer(self, request: Request) -> Answer:
        if request.path not in (_DATASET + "records", _DATASET + "exports/json"):
            return refusal(404, "NotFoundResource", f"The requested resource {request.path} does not exist.")
        where = request.query.get("where", "")
        if not _WHERE.fullmatch(where):
            return refusal(400, "ODSQLSyntaxError", f"ODSQL syntax exception: {where}")
        found = self._matching(where)
        if request.path.endswith("records"):
            limit = int(request.query.get("limit", "10"))
            if limit > 100:
                message = (
                    f"Invalid value for limit API parameter: {limit} was found but -1 <= limit <= 100 is expected."
                )
                return refusal(400, "InvalidRESTParameterError", message)
            return Answer(body=to_json({"total_count": len(found), "results": found[:limit]}))
        order = request.query["order_by"].split(",")
        return Answer(
            body=export_of(sorted(found, key=lambda record: [str(record[name]) for name in order])), chunked=True
        )

    def _matching(self, where: str) -> list[Record]:
        begin, end = re.findall(_DAY, where)
        stations = re.findall(_STATION, where)
        return [
            record
            for record in self.records
            if begin <= str(record["date"]) < end and (not stations or record["numer_sta"] in stations)
        ]


def refusal(status: int, error_code: str, message: str) -> Answer:
    return Answer(status=status, body=to_json({"error_code": error_code, "message": message}))


def export_of(records: Sequence[Record]) -> bytes:
    return b"[" + b",\n".join(map(to_json, records)) + b"]"


def to_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
