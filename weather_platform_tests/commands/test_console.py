"""How commands speak: what comes from files is shown as text, and never obeyed."""

import pytest

from weather_platform.commands.console import say, show_table


def test_a_table_shows_signs_as_they_are_and_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Records are written by strangers: `[red]` is a text, and ESC would let them rewrite the screen."""
    show_table(
        ["station", "value"], [["[red]PAU[/]", 12_345], ["\u001b[31mPAU\r\u202e", None], ["l'été à 20 °C", True]]
    )
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["station", "value"],
        ["[red]PAU[/]", "12,345"],
        ["�[31mPAU��", "–"],
        ["l'été", "à", "20", "°C", "yes"],
    ]


def test_a_line_is_never_broken_nor_read_as_markup(capsys: pytest.CaptureFixture[str]) -> None:
    line = "[/] [Errno 28] \u001b[2J " + "long " * 100
    say(line)
    assert capsys.readouterr().err == line.replace("\u001b", "�") + "\n"
