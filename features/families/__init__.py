"""Which families of inputs are there? Every module of this folder is one.

A module gives its columns' function under the name ``FAMILY``; putting the file here is all
that it takes. They are asked in alphabetical order.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from features.family import AcrossAccounts, Family


def families() -> tuple[Family | AcrossAccounts, ...]:
    """Every family, those that speak of each account by itself first."""
    found = _found(tuple(sorted(module.name for module in iter_modules(__path__))))
    return tuple(sorted(found, key=lambda family: isinstance(family, AcrossAccounts)))


@cache
def _found(names: tuple[str, ...]) -> tuple[Family | AcrossAccounts, ...]:
    modules = [import_module(f"{__name__}.{name}") for name in names]
    lacking = [m.__name__ for m in modules if not hasattr(m, "FAMILY")]
    if lacking:
        raise TypeError(f"{', '.join(lacking)} gives no FAMILY")
    return tuple(module.FAMILY for module in modules)
