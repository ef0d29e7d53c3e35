"""The table of rules as Markdown, for docs/quality.md."""

from weather_platform.domain.climate.rules import LIMITS_C, REJECTED, RULES, Rule


def as_tables() -> str:
    """Markdown: the rules, the limits of E1, and what was tried and left out."""
    rules = _table(
        ("Rule", "Verdict", "Fields", "Flags", "Threshold", "Hits in 13 months", "Source"),
        [
            (rule.id, rule.verdict, ", ".join(rule.fields), rule.says, _threshold(rule), rule.hits, rule.source)
            for rule in RULES.values()
        ],
    )
    limits = _table(
        ("Climate", "Lowest, °C", "Highest, °C"), [(z, f"{a:g}", f"{b:g}") for z, (a, b) in LIMITS_C.items()]
    )
    rejected = _table(("Tried and left out", "Why"), list(REJECTED.items()))
    return f"{rules}\nLimits of E1:\n\n{limits}\n{rejected}"


def _threshold(rule: Rule) -> str:
    if rule.id == "E1":
        return "below"
    return f"{rule.threshold:g} {rule.unit}" if rule.unit else ""


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
