import os
from pathlib import Path

import pytest

from weather_platform.commands.settings import as_page
from weather_platform.domain.errors import BadSettings
from weather_platform.domain.months import Month
from weather_platform.settings import Settings, all_settings, hashed_key, shown

_REPOSITORY = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("variables", "cause", "cure"),
    [
        ({"WEATHER_SOURCE": "x"}, "WEATHER_SOURCE is 'x'.", "Set it to one of meteofrance, opendatasoft, sample."),
        ({"WEATHER_API_PORT": "many"}, "WEATHER_API_PORT is 'many'.", "Set it to a whole number from 1 to 65535."),
        ({"WEATHER_RUNS_AT_ONCE": "0"}, "WEATHER_RUNS_AT_ONCE is '0'.", "Set it to a whole number from 1 to 1000."),
        (
            {"WEATHER_RAW_URL": "ftp://me:s3cret@host/raw"},
            "WEATHER_RAW_URL is 'ftp://***@host/raw', which no adapter reads.",
            "Use one of s3://…, file://….",
        ),
        (
            {"WEATHER_CURATED_URL": "mongodb://me:s3[cret@host/weather"},
            "WEATHER_CURATED_URL is 'mongodb://***@host/weather', which is not an address (Invalid IPv6 URL).",
            "Write [ and ] in a password as %5B and %5D.",
        ),
        (
            {"WEATHER_FIRST_MONTH": "May", "WEATHER_SITE_PORT": "0"},
            "WEATHER_FIRST_MONTH is 'May', which is not a month. WEATHER_SITE_PORT is '0'.",
            "Write it as YYYY-MM, for example 2023-12. Set it to a whole number from 1 to 65535.",
        ),
        (
            {"WEATHER_DAGSTER_PORT": "x"},  # the address of Dagster is made of it
            "WEATHER_DAGSTER_PORT is 'x'.",
            "Set it to a whole number from 1 to 65535.",
        ),
        (
            {"WEATHER_DAGSTER_LOGIN": "ops:s3cret"},
            "WEATHER_DAGSTER_LOGIN is not a name, a colon and a password of 12 characters.",
            "Make a password with `openssl rand -hex 16`.",
        ),
    ],
)
def test_a_bad_setting_has_a_cause_and_a_cure(variables: dict[str, str], cause: str, cure: str) -> None:
    with pytest.raises(BadSettings) as error:
        Settings.from_environment(variables)
    assert (error.value.cause, error.value.cure) == (cause, cure)
    assert "s3cret" not in str(error.value.__cause__)


def test_an_empty_variable_leaves_the_default() -> None:
    empty = Settings.from_environment({setting.variable: "" for setting in all_settings()})
    assert empty == Settings.from_environment({})


def test_a_variable_of_every_setting_is_read(tmp_path: Path) -> None:
    values = {
        "WEATHER_HOME": str(tmp_path),
        "WEATHER_RAW_URL": "s3://bucket",
        "WEATHER_STAGING_URL": "sqlite:////s",
        "WEATHER_STAGING_READ_URL": "sqlite:////r",
        "WEATHER_CURATED_URL": "sqlite:////c",
        "WEATHER_CURATED_READ_URL": "sqlite:////d",
        "WEATHER_CSV_FOLDER": str(tmp_path / "csv"),
        "WEATHER_QC_OVERRIDES": str(tmp_path / "overrides.csv"),
        "WEATHER_FIRST_MONTH": "2012-02",
        "WEATHER_SOURCE": "sample",
        "WEATHER_LAUNCHER": "default",
        "WEATHER_EXECUTOR": "k8s",
        "WEATHER_BROKER_URL": "redis://r",
        "WEATHER_API_LIMITS_URL": "redis://l",
        "WEATHER_DAGSTER_LOGIN": "ops:a long enough password",
        "WEATHER_DAGSTER_STORAGE_URL": "mysql+pymysql://h/d",
        "WEATHER_DAGSTER_LOGS_URL": "s3://logs",
        "WEATHER_ADMIN_MYSQL_URL": "mysql+pymysql://h/m",
        "WEATHER_ADMIN_MONGODB_URL": "mongodb://h/m",
        "WEATHER_API_READING": "key",
        "WEATHER_API_ROOT_PATH": "/lake",
        "WEATHER_API_KEYS": f"alice:{hashed_key('a key')}",
        "DAGSTER_HOME": str(tmp_path / "dagster"),
    }
    for setting in all_settings():
        if setting.variable.endswith("_URL"):
            values.setdefault(setting.variable, f"http://{setting.path[-1]}")
        elif setting.default.isdigit() or setting.default.startswith("$"):
            values.setdefault(setting.variable, "7")
        else:
            values.setdefault(setting.variable, "else")
    read = Settings.from_environment(values)
    secret = dict.fromkeys(("WEATHER_API_KEY", "WEATHER_S3_SECRET_KEY", "WEATHER_DAGSTER_LOGIN"), "**********")
    masked = {**secret, "WEATHER_API_KEYS": "alice"}
    assert {setting.variable: shown(read, setting) for setting in all_settings()} == {**values, **masked}


def test_no_secret_is_in_what_a_log_would_show() -> None:
    settings = Settings.from_environment(
        {
            "WEATHER_S3_SECRET_KEY": "hush1",
            "WEATHER_API_KEY": "hush2",
            "WEATHER_STAGING_URL": "mysql+pymysql://me:hush3@host/d",
            "WEATHER_ADMIN_MONGODB_URL": "mongodb://root:hush4@host/d",
            "WEATHER_BROKER_URL": "redis://:hush5@host/0",
        }
    )
    assert "hush" not in f"{settings} {settings!r} {settings.api!r} {settings.s3} {settings.admin!r}"
    assert "host" in repr(settings.admin)


def test_an_env_file_stands_below_the_environment(weather_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEATHER_ENV_FILE")
    monkeypatch.chdir(_REPOSITORY / "data")
    file = weather_home.parent / "mine.env"
    file.write_text("# mine\nWEATHER_FIRST_MONTH=2015-05\nWEATHER_SOURCE=opendatasoft\nMYSQL_ROOT_PASSWORD=x\n")
    monkeypatch.setenv("WEATHER_SOURCE", "sample")
    (weather_home.parent / ".env").symlink_to(file)
    unread = Settings.from_environment()
    monkeypatch.chdir(file.parent)
    read = Settings.from_environment()
    monkeypatch.chdir("/")
    monkeypatch.setenv("WEATHER_ENV_FILE", str(file))
    named = Settings.from_environment()
    assert [(s.first_month, s.source) for s in (unread, read, named)] == [
        (Month(1996, 1), "sample"),
        (Month(2015, 5), "sample"),
        (Month(2015, 5), "sample"),
    ]
    assert "WEATHER_FIRST_MONTH" not in os.environ


def test_the_page_of_settings_is_made_from_the_class() -> None:
    assert (_REPOSITORY / "docs/configuration.md").read_text() == as_page()
