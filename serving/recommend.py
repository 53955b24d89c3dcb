"""Which milestone should each account reach next, and what can a CSM do to help?

For now a plain and honest rule: the first milestone of the ladder that is open. It is labelled
``descriptive``, because nothing here has estimated what reaching it does to staying.
"""

import pandas as pd

from configs.playbook import Playbook

DESCRIPTIVE = "descriptive"


def next_milestones(standing: pd.DataFrame, playbook: Playbook) -> pd.DataFrame:
    """Choose one open milestone for each account that has any.

    Indexed by account_id: milestone, action and evidence, and the milestone's own columns of
    ``standing``. An account at the top of its ladder, or with everything locked, is not in it.
    """
    place = {milestone.slug: number for number, milestone in enumerate(playbook.milestones)}
    actions = {m.slug: m.actions[0] if m.actions else None for m in playbook.milestones}
    is_open = standing.loc[standing["state"] == "open"]
    in_order = is_open.assign(place=is_open["milestone"].map(place)).sort_values(
        ["account_id", "place"], kind="stable"
    )
    chosen = in_order.drop_duplicates("account_id").drop(columns="place")
    return chosen.assign(
        action=chosen["milestone"].map(actions), evidence=DESCRIPTIVE
    ).set_index("account_id")
