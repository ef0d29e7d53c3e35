import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def pins(lock_file: str) -> set[str]:
    """The lines that name a release, with the condition under which it is taken."""
    return set(re.findall(r"^(\S+==.+?) \\$", (REPOSITORY / lock_file).read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("lock_file", ["requirements.lock", "requirements-kubernetes.lock"])
def test_the_tests_run_on_the_releases_that_are_installed_for_use(lock_file: str) -> None:
    assert pins(lock_file)
    assert pins(lock_file) <= pins("requirements-dev.lock")
