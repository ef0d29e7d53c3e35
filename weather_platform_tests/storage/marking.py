"""A process that changes both stores in transactions, marks them, and waits before the commit until it is killed.

``python -m weather_platform_tests.storage.marking STAGING_URL CURATED_URL`` prints ``marked`` when it waits.
"""

import signal
import sys
from datetime import datetime

import sqlalchemy as sa
from pymongo.client_session import ClientSession
from sqlalchemy.engine import Connection

from weather_platform.domain.months import Month
from weather_platform.domain.parts import ALL_STATIONS
from weather_platform.storage.curated import by_id
from weather_platform.storage.curated_mongodb import MongoCurated
from weather_platform.storage.databases import in_transaction, open_engine
from weather_platform.storage.marks import mark
from weather_platform.storage.staging_tables import VERDICTS
from weather_platform_tests.storage.documents import month_documents

DECEMBER = Month(2023, 12)
ROW = {"month": "2023-12", "check_name": "c", "place": 1, "passed": True, "description": ""}


def main(staging_url: str, curated_url: str) -> None:
    curated = MongoCurated(curated_url)

    def documents(session: ClientSession) -> None:
        days = (DECEMBER.first_day, DECEMBER.last_day)
        produced = by_id(days, month_documents(DECEMBER, 1.0, range(1)), ALL_STATIONS)
        curated._replace_at_once(days, ALL_STATIONS, produced, session)
        in_transaction(open_engine(staging_url), verdict)

    def verdict(connection: Connection) -> None:
        connection.execute(sa.insert(VERDICTS), [{**ROW, "noted": datetime(2024, 2, 1, 12)}])  # noqa: DTZ001
        mark(connection)
        print("marked", flush=True)  # noqa: T201  # what the test waits for
        signal.pause()

    curated.changing(documents)


if __name__ == "__main__":
    main(*sys.argv[1:])
