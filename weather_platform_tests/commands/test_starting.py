"""What a command imports before it does anything, and the list of commands, which imports none."""

import json
import subprocess
import sys

import pytest
import typer
from typer.core import TyperGroup

from weather_platform.cli import COMMANDS, app, help_of

_IMPORTED = """
import json, sys
from weather_platform.cli import app
try:
    app(sys.argv[1:])
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def imported_by(*arguments: str) -> set[str]:
    command = [sys.executable, "-c", _IMPORTED, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_the_list_of_commands_imports_none_of_them() -> None:
    imported = imported_by("--help")
    assert {name for name in imported if name.startswith("weather_platform.commands.")} == {
        "weather_platform.commands.console"
    }
    assert imported.isdisjoint({"numpy", "sqlalchemy", "dagster", "httpx2", "kombu", "pydantic_settings"})


def test_a_command_imports_no_other_and_no_numbers_for_its_help() -> None:
    imported = imported_by("status", "--help")
    assert {"weather_platform.commands.status"} <= imported
    assert imported.isdisjoint({"weather_platform.commands.climate", "numpy", "dagster", "kombu"})


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_its_own_help_says(name: str) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    command = group.get_command(typer.Context(group), name)
    assert command is not None
    assert command.help == help_of(name) != ""
