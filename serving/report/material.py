"""What may a page of the report speak of?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from configs.load import Configuration
from configs.phrases import Phrases
from serving.report.facts import Book


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a chapter may speak of."""

    book: Book
    tables: Mapping[str, pd.DataFrame]
    """accounts, milestones, every output of the morning and, where there is one, the figures of
    the newest backtest, by name."""
    run: Mapping[str, Any]
    """What run.json says."""
    configuration: Configuration
    phrases: Phrases
