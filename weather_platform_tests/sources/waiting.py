"""RetryPolicy that remembers its waits instead of waiting, at a moment that stands still."""

from datetime import UTC, datetime

from weather_platform.sources.transport import RetryPolicy

NOW = datetime(2024, 1, 10, 12, 0, 0, tzinfo=UTC)

FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 1.0


def retry_policy(waited_s: list[float], read_timeout_s: float = 5) -> RetryPolicy:
    """Four attempts; up to 0.5, 1 and 1 s between them; quotas of up to 300 s are waited out."""
    return RetryPolicy(
        attempts=4,
        connect_timeout_s=5,
        read_timeout_s=read_timeout_s,
        first_backoff_s=FIRST_BACKOFF_S,
        longest_backoff_s=LONGEST_BACKOFF_S,
        longest_reset_wait_s=300,
        sleep=waited_s.append,
        now=lambda: NOW,
    )
