"""What is one row of adoption.parquet?"""

from typing import NamedTuple

from serving.adoption.measures import Figure


class Row(NamedTuple):
    """One figure: of whom, since when, about which milestone, capability or third of time."""

    segment: str
    cohort: str
    subject: str
    metric: str
    figure: Figure
