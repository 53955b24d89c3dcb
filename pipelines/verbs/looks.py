"""The verbs that only look, and write nothing."""

from datetime import date

from pipelines.verbs.options import AsOf, Config, as_day, out


def check(config: Config, as_of: AsOf = None) -> None:
    """Validate configuration and data, and say what can be learnt from them."""
    from pipelines.check import readiness

    for line in readiness(config, as_day(as_of), today=date.today()):
        out.print(line)


VERBS = (check,)
