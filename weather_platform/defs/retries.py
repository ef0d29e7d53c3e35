"""The sensor that requests retries missed by Dagster's daemon (`dagster_patches.retries`)."""

import dagster as dg

from weather_platform.dagster_patches.retries import report_forgotten


@dg.sensor(
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Has the daemon retry a run whose worker was lost, where it forgot to or could not at the time.",
)
def forgotten_retries(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    reported = report_forgotten(context.instance)
    return dg.SkipReason(f"Reported once more: {', '.join(reported)}" if reported else "No retry was forgotten.")
