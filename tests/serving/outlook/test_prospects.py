from dataclasses import replace

import pandas as pd

from serving.outlook.prospects import look_ahead


def test_what_lies_ahead_is_what_each_account_had_signed_before_the_morning(company):
    features, day = company.features, company.day
    first, second = features.snapshots.loc[features.snapshots["day"] == day, "account_id"][:2]
    steps = pd.DataFrame(
        [
            (second, day + 9, day - 1, 500.0),
            (first, day + 50, day - 1, 900.0),
            (first, day + 20, day - 30, 700.0),
            (first, day + 60, day, 1.0),  # signed this morning: not yet known
            (second, day, day - 1, 400.0),  # has begun
            (second, day + 30, day - 1, 0.0),  # an end, of which nobody signs
            ("nobody", day + 5, day - 1, 300.0),
        ],
        columns=["account_id", "day", "known_day", "arr"],
    )
    others = features.arr.loc[~features.arr["account_id"].isin([first, second])]
    others = others.loc[others["day"] <= day]
    arr = pd.concat([others, steps.assign(before=float("nan"))], ignore_index=True)
    arr = arr.sort_values(["account_id", "day"], ignore_index=True)
    ahead = look_ahead(
        replace(features, arr=arr),
        company.models,
        company.configuration.project,
        day=day,
        is_model=True,
    )
    ids = ahead.accounts["account_id"]
    told = ahead.signed.assign(account_id=ids.iloc[ahead.signed["account"]].to_numpy())
    assert told[["account_id", "in_days", "arr"]].to_numpy().tolist() == [
        [second, 9, 500.0],
        [first, 20, 700.0],
        [first, 50, 900.0],
    ]
    assert ahead.accounts["arr"][ids == second].tolist() == [400.0]
