"""Who may do what, how often, and when the API refuses to start."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from api.errors import TooOften
from api.rates import RateLimit, SharedCounts
from api.security import refuse_placeholders
from weather_platform.domain.errors import BadSettings
from weather_platform.settings import Settings, hashed_key
from weather_platform_tests.api.serving import as_json, observations, served, settings_at
from weather_platform_tests.servers.redis import Redis

BODY = as_json(observations(days=1))
KEYS = f"alice:{hashed_key('key-of-alice')},bob:{hashed_key('key-of-bob')}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"x-api-key": "wrong"}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Basic key-of-alice"}, 401),
        ({"x-api-key": "key-of-alice"}, 200),
        ({"authorization": "Bearer key-of-bob"}, 200),
    ],
)
def test_writing_needs_a_known_key(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    with served(settings_at(tmp_path, WEATHER_API_KEYS=KEYS)) as api:
        assert api.post_file("/ingest-fast", BODY, headers=headers).status_code == status
        assert api.client.post("/quarantine/replay", json={}, headers=headers).status_code == status
        assert api.get("/curated/cities").status_code == 200


def test_reading_can_be_closed(tmp_path: Path) -> None:
    with served(settings_at(tmp_path, WEATHER_API_KEYS=KEYS, WEATHER_API_READING="key")) as api:
        for path in ("/curated/cities", "/raw/files", "/stations", "/ingestions", "/metrics"):
            assert api.get(path).status_code == 401
            assert api.get(path, headers={"x-api-key": "key-of-bob"}).status_code == 200
        assert api.get("/livez").status_code == 200


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"origin": "null"}])
def test_without_keys_no_web_page_and_no_other_name_writes(tmp_path: Path, headers: dict[str, str]) -> None:
    with served(settings_at(tmp_path)) as api:
        assert api.post_file("/ingest-fast", BODY, headers=headers).status_code == 403
        assert api.post_file("/ingest-fast", BODY).status_code == 200


def test_cors_is_off_unless_set(tmp_path: Path) -> None:
    asked = {"origin": "https://friend.example"}
    with served(settings_at(tmp_path / "off")) as api:
        assert "access-control-allow-origin" not in api.get("/livez", headers=asked).headers
    with served(settings_at(tmp_path / "on", WEATHER_API_CORS_ORIGINS="https://friend.example")) as api:
        assert api.get("/livez", headers=asked).headers["access-control-allow-origin"] == "https://friend.example"


def test_the_person_at_the_keyboard_has_no_limit(tmp_path: Path) -> None:
    with served(settings_at(tmp_path, WEATHER_API_READS_PER_MINUTE="2")) as api:
        assert {api.get("/curated/cities").status_code for _ in range(9)} == {200}


def test_more_requests_than_the_limit_are_429_with_the_time_to_wait(tmp_path: Path) -> None:
    with served(settings_at(tmp_path, WEATHER_API_READS_PER_MINUTE="2", WEATHER_API_KEYS=f"me:{'a1' * 32}")) as api:
        answers = [api.get("/curated/cities") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 31


def test_a_caller_that_waits_as_told_is_let_in_again() -> None:
    now = 0.0
    limit = RateLimit(60, clock=lambda: now)
    for _ in range(60):
        limit.take("alice")
    limit.take("bob")
    with pytest.raises(TooOften) as refused:
        limit.take("alice")
    now += refused.value.retry_after_s
    limit.take("alice")


def test_replicas_count_the_requests_of_a_caller_together(
    tmp_path: Path, redis_url: str, redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.rates._SILENT_S", 0.1)
    settings = settings_at(
        tmp_path,
        WEATHER_API_READS_PER_MINUTE="5",
        WEATHER_API_KEYS=KEYS,
        WEATHER_API_LIMITS_URL=redis_url,
    )
    with served(settings) as one, served(settings) as other:
        both = [api.get("/curated/cities") for _ in range(3) for api in (one, other)]
        assert [answer.status_code for answer in both] == [200] * 5 + [429]
        assert 1 <= int(both[-1].headers["retry-after"]) <= 61
        key = {"x-api-key": "key-of-alice"}
        assert one.get("/curated/cities", headers=key).status_code == 200  # another caller
        redis_server.kill()  # each counts alone now, and answers within a second
        started = time.monotonic()
        alone = [api.get("/curated/cities").status_code for _ in range(6) for api in (one, other)]
        assert (alone, time.monotonic() - started < 10) == ([200] * 10 + [429] * 2, True)
        redis_server.start()
        time.sleep(0.2)
        assert other.get("/curated/cities").status_code in (200, 429)


def test_a_caller_that_waits_as_told_is_let_in_by_every_replica(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.rates._WINDOW_S", 1)
    one, other = (RateLimit(3, "trial", SharedCounts(redis_url)) for _ in range(2))
    for _ in range(3):
        one.take("alice")
    with pytest.raises(TooOften) as refused:
        other.take("alice")
    time.sleep(refused.value.retry_after_s)
    other.take("alice")


@pytest.mark.parametrize(
    "variables",
    [
        {"WEATHER_API_HOST": "192.0.2.1"},
        {"WEATHER_API_KEYS": "alice:changeme"},
        {"WEATHER_API_KEYS": f"alice:{hashed_key('changeme')}"},
        {"WEATHER_API_KEYS": f"alice:{'0' * 64}"},
        {"WEATHER_API_KEYS": f"alice:{hashed_key('example')}"},
        {"WEATHER_API_READING": "key"},
        {"WEATHER_API_PORT": "many"},
    ],
)
def test_settings_that_would_let_strangers_in_are_refused(variables: dict[str, str]) -> None:
    with pytest.raises(BadSettings, match="WEATHER_API"):
        Settings.from_environment(variables)


def test_the_server_does_not_start_open_to_the_world(tmp_path: Path) -> None:
    environment = {"WEATHER_HOME": str(tmp_path), "WEATHER_API_HOST": "192.0.2.1", "PATH": "/usr/bin"}
    ended = subprocess.run(
        [sys.executable, "-m", "api"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, "everyone could write" in ended.stderr, "Traceback" in ended.stderr) == (1, True, False)


@pytest.mark.parametrize(
    "variables",
    [
        {"WEATHER_STAGING_URL": "mysql+pymysql://writer:changeme@db/weather"},
        {"WEATHER_STAGING_READ_URL": "mysql+pymysql://reader:Password123%21@db/weather"},
        {"WEATHER_CURATED_URL": "mongodb://writer:@db/weather"},
        {"WEATHER_CURATED_READ_URL": "mongodb://reader:weather@db/weather"},
        {"WEATHER_BROKER_URL": "redis://:secret@redis:6379/0"},
        {"WEATHER_DAGSTER_STORAGE_URL": "mysql+pymysql://dagster:example@db/dagster"},
        {"WEATHER_S3_SECRET_KEY": "minioadmin"},
    ],
)
def test_placeholder_secrets_are_for_the_local_default_alone(variables: dict[str, str]) -> None:
    refuse_placeholders(Settings.from_environment(variables))
    with pytest.raises(BadSettings, match=f"password in {next(iter(variables))} is a placeholder"):
        refuse_placeholders(Settings.from_environment({**variables, "WEATHER_API_KEYS": KEYS}))


def test_secrets_of_their_own_are_taken() -> None:
    address = "mysql+pymysql://weather:b7Xk-29secretQ@db/weather"
    refuse_placeholders(Settings.from_environment({"WEATHER_STAGING_URL": address, "WEATHER_API_KEYS": KEYS}))


def test_the_server_does_not_start_with_a_placeholder(tmp_path: Path) -> None:
    environment = {
        "WEATHER_HOME": str(tmp_path),
        "WEATHER_API_KEYS": KEYS,
        "WEATHER_STAGING_URL": "mysql+pymysql://weather:changeme@127.0.0.1:9/weather",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "api"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, "WEATHER_STAGING_URL is a placeholder" in ended.stderr) == (1, True)


def test_wrong_keys_are_slowed_down_and_the_right_one_is_let_in(tmp_path: Path) -> None:
    with served(settings_at(tmp_path, WEATHER_API_KEYS=KEYS)) as api:
        wrong = [api.get("/curated/cities", headers={"x-api-key": f"guess-{n}"}) for n in range(25)]
        right = api.get("/curated/cities", headers={"x-api-key": "key-of-alice"})
    assert [answer.status_code for answer in wrong[:20]] == [401] * 20
    assert wrong[-1].status_code == 429
    assert int(wrong[-1].headers["retry-after"]) >= 1
    assert right.status_code == 200


def test_the_start_imports_neither_dagster_nor_pandas_nor_a_driver() -> None:
    heavy = ("dagster", "dagster_graphql", "gql", "pandas", "pyarrow", "sqlalchemy", "pymongo", "boto3")
    code = f"import sys, api.main; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
