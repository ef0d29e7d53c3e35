"""`weather rebuild` makes staging and documents again from the raw objects, and nothing else."""

from weather_platform.pipeline import open_stores
from weather_platform.settings import Settings
from weather_platform_tests.commands.conftest import Weather


def test_outdated_months_are_made_again_from_raw(weather: Weather, weather_home: object) -> None:  # noqa: ARG001
    assert weather("load", "2023-12", "--source", "sample", "--city", "nice").code == 0
    stores = open_stores(Settings.from_environment())
    documents = list(stores.curated.find())
    assert weather("rebuild").err == "Nothing to rebuild: every month was made by this release.\n"
    with stores.staging.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE _months SET code_version = 'older'")
        connection.exec_driver_sql("UPDATE nice SET t = 300")
        connection.exec_driver_sql("ALTER TABLE nice DROP COLUMN ht_neige")
    assert weather("rebuild", "2022").err == "Nothing to rebuild: every month was made by this release.\n"
    ran = weather("rebuild")
    assert (ran.code, ran.out, ran.err) == (0, "", "1 months rebuilt, 2023-12 to 2023-12.\n")
    assert list(stores.curated.find()) == documents
    assert stores.staging.outdated_months() == []
    assert weather("rebuild", "--all").code == 0
    assert list(stores.curated.find()) == documents
