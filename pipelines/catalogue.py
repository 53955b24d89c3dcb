"""Which inputs does a build hold, or would one hold if every table were there?"""

from pathlib import Path

from configs.load import load
from features.catalogue import Catalogue
from features.specimen import specimen
from features.store import read_catalogues
from pipelines.lake import Lake


def catalogues(config: Path | None, lake: Path) -> tuple[Catalogue, Catalogue]:
    """The inputs of an account and those of an open milestone: of the newest build, or any."""
    if config is None:
        features = specimen()
        return features.catalogue, features.step_catalogue
    store = Lake(lake, load(config).project.name)
    return read_catalogues(store.path("builds", store.found("builds")))
