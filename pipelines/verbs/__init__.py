"""Which verbs does the command line have? Each file here holds those of one kind.

A verb's function imports what it needs when it is called, so that ``--help`` comes at once.
"""

from collections.abc import Callable

from pipelines.verbs import answers, delivery, jobs, looks, record

VERBS: tuple[Callable[..., None], ...] = (
    *jobs.VERBS,
    *looks.VERBS,
    *record.VERBS,
    *delivery.VERBS,
    *answers.VERBS,
)
"""In the order in which ``--help`` lists them."""
