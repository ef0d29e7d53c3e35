"""Assigns an in-process run to the code location; without it, Dagster's Timeline and job pages omit the run."""

from dagster import DagsterInstance
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

REPOSITORY_TAG = ".dagster/repository"


def repository_tag(location: str, repository: str) -> dict[str, str]:
    """The tag by which the UI filters runs; pass it when the run is created."""
    return {REPOSITORY_TAG: f"{repository}@{location}"}


def place_run(instance: DagsterInstance, run_id: str, location: str, repository: str) -> None:
    """Record a run as one of the code location, as if it had been launched from there."""
    if run := instance.get_run_by_id(run_id):
        place = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(location), repository)
        instance.run_storage.replace_job_origin(run, RemoteJobOrigin(place, run.job_name))
