"""How laws are tried: as many examples as usual, without deadlines on a shared machine."""

from hypothesis import settings

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
