import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def pins(lock_file: str) -> set[str]:
    """The lines that name a release, with the condition under which it is taken."""
    return set(re.findall(r"^(\S+==.+?) \\$", (REPOSITORY / lock_file).read_text(), flags=re.MULTILINE))


def test_the_tests_run_on_the_releases_that_are_installed_for_use() -> None:
    assert pins("requirements.lock")
    assert pins("requirements.lock") <= pins("requirements-dev.lock")
