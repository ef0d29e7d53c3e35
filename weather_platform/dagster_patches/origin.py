"""Where a run of this process belongs: Dagster leaves that out, and its Timeline and job pages leave out the run."""

from dagster import DagsterInstance
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

REPOSITORY_TAG = ".dagster/repository"


def repository_tag(location: str, repository: str) -> dict[str, str]:
    """The tag by which runs are filtered, to be given when the run is made."""
    return {REPOSITORY_TAG: f"{repository}@{location}"}


def place_run(instance: DagsterInstance, run_id: str, location: str, repository: str) -> None:
    """Record that a run is one of the code location's, as if it had been launched from there."""
    if run := instance.get_run_by_id(run_id):
        place = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(location), repository)
        instance.run_storage.replace_job_origin(run, RemoteJobOrigin(place, run.job_name))
