"""The first load of a stack in containers is judged by figures that can contradict each other, whatever the source."""

import runpy
from pathlib import Path
from typing import Any

import pytest

FIRST_LOAD = Path(__file__).parents[2] / "deploy" / "first_load.py"
TOLD = {"status": "SUCCESS", "kept": 900, "observations": 900, "in_documents": 900, "documents": 113}


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(FIRST_LOAD))


def faults(script: dict[str, Any], source: str, read: int = 2_350, **told: object) -> list[str]:
    found: list[str] = script["faults"](source, script["Held"](**{**TOLD, **told}), read)
    return found


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({}, []),
        ({"status": "FAILURE"}, ["status of the run: FAILURE, expected SUCCESS"]),
        ({"observations": 899, "in_documents": 899}, ["observations in staging: 899, expected 900"]),
        ({"in_documents": 892}, ["observations in documents: 892, expected 900"]),
        ({"kept": 0, "observations": 0, "in_documents": 0, "documents": 0}, ["no document"]),
        ({"read": 2_349}, ["records of 2024.json: 2349, expected 2350"]),
    ],
)
def test_a_source_without_known_figures_can_fail(
    script: dict[str, Any], told: dict[str, Any], fault: list[str]
) -> None:
    assert faults(script, "opendatasoft", **told) == fault


def test_a_source_with_known_figures_has_to_give_them(script: dict[str, Any]) -> None:
    december = {"kept": 14_979, "observations": 14_979, "in_documents": 14_979}
    assert faults(script, "meteofrance", **december, documents=1_893) == []
    assert faults(script, "meteofrance", **december, documents=1_892) == ["documents: 1892, expected 1893"]
