"""How does a new folder take the place of an old one without a moment in which there is none?

Linux and macOS can exchange two folders in one step; readers see the old one or the new one.
Where the file system cannot (NFS, some FUSE), the old folder steps aside first; a run that dies
between the two steps is put right by the next one (``restore``).
"""

import ctypes
import errno
import os
import shutil
import sys
from pathlib import Path

_CANNOT = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EXDEV, errno.EPERM}
_AT_FDCWD = -100
_EXCHANGE = 2
"""RENAME_EXCHANGE on Linux and RENAME_SWAP on macOS happen to be the same number."""


def take_the_place_of(new: Path, old: Path) -> None:
    """Put the folder `new` where `old` is, or will be; what was there before is deleted."""
    flush(new)
    old.parent.mkdir(parents=True, exist_ok=True)
    if not old.exists():
        new.rename(old)
    elif exchanged(new, old):
        shutil.rmtree(new)
    else:
        aside = _aside(new)
        old.rename(aside)
        new.rename(old)
        shutil.rmtree(aside)
    _flush_folder(old.parent)


def restore(new: Path, old: Path) -> None:
    """Undo what a run that died left behind between `new` and `old`."""
    aside = _aside(new)
    if aside.exists() and not old.exists():
        aside.rename(old)
    for left in (new, aside):
        shutil.rmtree(left, ignore_errors=True)


def exchanged(one: Path, other: Path) -> bool:
    """Exchange two paths in one step, or say that this file system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        failed = libc.renamex_np(*names, _EXCHANGE)
    elif hasattr(libc, "renameat2"):
        failed = libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE)
    else:
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in _CANNOT:
        return False
    raise OSError(code, os.strerror(code), str(one), None, str(other))


def flush(folder: Path) -> None:
    """Have the disk hold every file before the folder takes its name: power fails, too."""
    for inside, _, files in os.walk(folder):
        for file in files:
            with (Path(inside) / file).open("rb") as written:
                os.fsync(written.fileno())
        _flush_folder(Path(inside))


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _aside(new: Path) -> Path:
    return new.with_name(f"{new.name}.before")
