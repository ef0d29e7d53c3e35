import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def pins(lock_file: str) -> set[str]:
    """The releases it names, ignoring their conditions."""
    return set(re.findall(r"^(\S+==[^\s;]+)", (REPOSITORY / lock_file).read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("lock_file", [f"requirements{extra}.lock" for extra in ("", "-servers", "-kubernetes")])
def test_the_tests_run_on_the_releases_that_are_installed_for_use(lock_file: str) -> None:
    assert pins(lock_file)
    assert pins(lock_file) <= pins("requirements-dev.lock")


def test_the_default_install_is_permissive() -> None:
    """MySQL's own connector is GPL; only a Dagster history in MySQL needs it."""
    assert not [pin for pin in pins("requirements.lock") if pin.startswith(("mysql-connector", "dagster-mysql"))]
    assert [pin for pin in pins("requirements-servers.lock") if pin.startswith("mysql-connector")]
