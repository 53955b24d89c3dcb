"""What must Prefect know before it is imported: where it keeps its things, and to keep still?

Nothing leaves this machine, nothing is written outside the lake, and a command that needs no
server starts a temporary one of its own in silence. Whoever has set one of these variables
already, for a server of their own say, keeps what they set. (MLflow's own are set in
``training/registry.py``, the only file that imports it.)
"""

import os
from pathlib import Path

from configs.errors import LakeError


def prepare(lake: Path) -> None:
    """Set what Prefect reads when it is imported; call it before anything imports Prefect."""
    for name, value in settings(lake).items():
        os.environ.setdefault(name, value)
    home = Path(os.environ["PREFECT_HOME"])
    try:
        # Prefect makes the last folder of the path only, and waits in vain where it cannot.
        home.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        problem = f"cannot be written ({wrong.strerror})"
        raise LakeError(str(home), problem, "Name another lake with --lake") from wrong


def settings(lake: Path) -> dict[str, str]:
    """What Prefect should be told, for another process."""
    return {
        "DO_NOT_TRACK": "true",
        "PREFECT_HOME": str(lake.absolute() / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
        # The first start lays out its database: 17 s on two idle cores, more on busy ones.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
        # What libraries log by themselves: a pool of connections tells of every request that
        # was given up, with its traceback. What matters is raised.
        "PREFECT_LOGGING_ROOT_LEVEL": "CRITICAL",
        "PREFECT_CLI_PROMPT": "false",
    }
