"""Nothing is said to a customer that is not known, or that tells on too few others."""

import re

import pandas as pd
import pytest

from features.store import read_features, write_features
from serving.next_steps.nudges import nudge_texts
from serving.next_steps.recommend import next_milestones
from tests.company import Company

FEWEST = 5
UNFIT = re.compile(r"[{}_]|\bnan\b|\bNone\b|<NA>|\bNaT\b")


def messages(company: Company, standing: pd.DataFrame, accounts: pd.DataFrame) -> pd.Series:
    playbook = company.configuration.playbook
    chosen = next_milestones(standing, playbook)
    by_id = accounts.set_index("account_id")
    return nudge_texts(chosen, standing, by_id, playbook, fewest_peers=FEWEST).dropna()


@pytest.mark.parametrize("pace", ["on_track", "behind", "stuck"])
@pytest.mark.parametrize("progress", [0.0, 0.4, 0.5, 0.99])
def test_no_message_shows_how_it_was_made(company, tmp_path, pace, progress):
    nameless = company.features.snapshots["account_id"].str.endswith(("1", "2", "3"))
    snapshots = company.features.snapshots.assign(
        name=company.features.snapshots["name"].mask(nameless, None)
    )
    write_features(company.told(snapshots=snapshots), tmp_path)
    features = read_features(tmp_path)
    standing = features.standing.assign(
        pace=pace, progress=progress, state="open", as_of=company.as_of
    )
    today = features.snapshots.query("day == @company.day")
    for slug, open_ones in standing.groupby("milestone"):
        others = standing.loc[standing["milestone"] != slug].assign(state="done")
        said = messages(company, pd.concat([open_ones, others]), today)
        assert not said.str.contains(UNFIT).any(), said[said.str.contains(UNFIT)].iloc[0]


def test_peers_are_spoken_of_only_where_they_are_enough(company):
    told = company.scores(company.models).accounts
    peers = told.loc[told["nudge"].fillna("").str.contains("companies like yours")]
    size = told.groupby("segment")["account_id"].size()
    assert company.configuration.project.nudges.fewest_peers == FEWEST
    assert (peers["segment"].map(size) >= FEWEST).all()
    few = told.groupby("segment").head(FEWEST - 1)["account_id"]
    standing = company.features.standing.assign(as_of=company.as_of)
    standing = standing.loc[standing["account_id"].isin(few)]
    said = messages(company, standing, told)
    assert not said.str.contains("companies like yours").any()


def test_who_has_reached_everything_is_left_alone(company):
    climbed = company.features.standing.assign(state="done", progress=1.0, as_of=company.as_of)
    assert messages(company, climbed, company.scores(company.models).accounts).empty
