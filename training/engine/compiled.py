"""How does a loop over numbers become machine code?"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(kernel: Callable[P, R]) -> Callable[P, R]:
    """Translate to machine code on first use, kept on disk and free of the interpreter lock.

    What is kept is let go when the kernel's own file changes, and no other: so a kernel is
    handed what another file knows, and never reads it.
    """
    translated: Callable[P, R] = numba.njit(cache=True, nogil=True)(kernel)
    return translated
