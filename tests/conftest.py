"""How laws are tried: as many examples as usual, and no deadline on a machine that is shared."""

from hypothesis import settings

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
