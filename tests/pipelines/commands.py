"""``milepost`` as a person types it: what it says, on which stream, and how it ends."""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines import cli

MILEPOST = Path(sys.executable).with_name("milepost")
A_STEP = re.compile(r"  \S.*  \d+\.\d s")
"""What progress looks like: a step that is done, and how long it took."""


@dataclass(frozen=True)
class Said:
    """What a command left on the screen."""

    status: int
    out: str
    err: str

    @property
    def complaints(self) -> list[str]:
        """What standard error holds besides progress."""
        return [line for line in self.err.splitlines() if not A_STEP.fullmatch(line)]

    def the_error(self) -> str:
        """The one line that says what is wrong: ``where: problem. remedy.``"""
        assert self.status == 2, self
        (line,) = self.complaints
        assert re.fullmatch(r"[^:]+(:[^ ][^:]*)*: \S.*\. [A-Z`].*\.", line), line
        return line


def typed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object
) -> Said:
    """Run a command in this process, exactly as its script does."""
    monkeypatch.setattr(sys, "argv", ["milepost", *map(str, words)])
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capfd.readouterr()
    return Said(int(ended.value.code or 0), out, err)


def run_alone(*words: object, environment: Mapping[str, str], timeout: int = 300) -> Said:
    """Run a command in a process of its own, with this environment and no other."""
    done = subprocess.run(
        [str(MILEPOST), *map(str, words)],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)
