"""Repairs of Dagster, dagster-celery and kombu, and nothing else. Each is removed once upstream has fixed the fault.

Seen with Dagster 1.13.27, dagster-celery 0.29.27 and kombu 5.7.0, which `pyproject.toml` holds to their minor version.
At each upgrade: remove a repair, run its test, and drop the repair if the test passes.

==================  ========================================================  =====================================
module              what goes wrong without it                                upstream, and when it can go
==================  ========================================================  =====================================
launcher            a run whose worker was lost, or whose task ended before   dagster#33493 (open): goes with it, but
                    the run did, shows as STARTED for ever; a stopped run is  for the stop, which has no issue yet
                    taken for a crash and retried
own_runs            a run of `weather load` that was killed shows as STARTED  dagster#4319 (open)
                    for ever
retries             the daemon forgets a retry that it promised, or gives it  dagster#33741 (closed, still seen):
                    up because the code server was restarting                 goes when its test fails at the line
                                                                              that says so
daemon              a daemon that looks before the code server serves fails   dagster#18640, #28204, #33527: goes
                    backfills for good                                        when an unreachable code location is
                                                                              always waited for
prompt              a backfill waits up to 30 s for the daemon's next look;   dagster#11649 (open), #26194 (open):
                    a queued run waits up to 1.5 s while a slot is free       goes when its test fails at the line
                                                                              that says so
webserver           the verdict of a check that is reported without a run is  none: goes when its test fails at the
                    taken once for a partition, and answered with 500 then    line that says so
coordinator         a run waits up to a second for the daemon's next look at  dagster#26194 (open): goes when the
                    an empty queue; a launch by GraphQL without an answer     queue is told of a run, and when
                    cannot be repeated safely                                 ``launchRun`` takes a key
sqlite_storage      each statement of an instance in SQLite opens a database  none (sqlalchemy#7490 for the pool):
                    and waits for the disk twice: a third of a month's run    goes when its test fails at the line
                                                                              that says so
opening             processes that open a fresh home at once leave it with    dagster#27390 (open): goes when
                    two heads in ``alembic_version``, for good                creation is locked
folder_broker       kombu's folder broker hands a half-written message to a   kombu#1551 (open), kombu#1281 (open):
                    reader, and keeps control messages to dead workers        goes when messages are renamed into
                                                                              place and expire
==================  ========================================================  =====================================
"""
