import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalogue import Catalogue, Feature, Unit
from features.encode import Encoder

few = settings(max_examples=40, deadline=None)
plans = st.lists(
    st.sampled_from(["team", "enterprise", "Rare", "a=b", None]), min_size=1, max_size=12
)


def a_feature(name: str, unit: Unit = "label") -> Feature:
    return Feature(
        name=name, family="account", measure=name, meaning=name, unit=unit, absence="not told"
    )


def catalogue_of(values: pd.DataFrame) -> Catalogue:
    is_number = values.dtypes.map(pd.api.types.is_numeric_dtype)
    return Catalogue(
        a_feature(name, "count" if is_number[name] else "label") for name in values
    )


def fitted(values: pd.DataFrame) -> Encoder:
    return Encoder.fit(values, catalogue_of(values))


def labels(*told: str | None) -> pd.DataFrame:
    return pd.DataFrame({"plan": pd.Series(told, dtype=object)})


def test_a_label_becomes_one_indicator_per_value():
    encoder = fitted(labels("team", "team", "enterprise"))
    assert encoder.columns == ("plan=enterprise", "plan=team", "plan=Rare")
    assert encoder.features == ("plan", "plan", "plan")
    assert encoder.matrix(labels("team", "enterprise")).tolist() == [[0, 1, 0], [1, 0, 0]]


def test_a_value_never_seen_before_is_rare_and_one_not_told_is_nothing():
    encoder = fitted(labels("team", "enterprise"))
    assert encoder.matrix(labels("government", None)).tolist() == [[0, 0, 1], [0, 0, 0]]


def test_values_of_few_accounts_share_one_indicator():
    encoder = fitted(labels(*["team"] * 60, *["enterprise"] * 60, "government", "school"))
    assert encoder.labels == {"plan": ("enterprise", "team")}
    assert encoder.matrix(labels("school")).tolist() == [[0, 0, 1]]


def test_a_value_that_is_itself_called_rare_has_no_second_column():
    encoder = fitted(labels("Rare", "team", "Rare", "team"))
    assert encoder.columns == ("plan=team", "plan=Rare")
    assert encoder.matrix(labels("Rare", "team")).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("told", [(None, None), ("team", "team")])
def test_a_label_that_never_varies_is_left_out(told):
    assert fitted(labels(*told)).columns == ()


def test_whether_a_label_was_told_at_all_may_matter():
    encoder = fitted(labels("team", None))
    assert encoder.matrix(labels("team", None))[:, 0].tolist() == [1, 0]


def test_a_number_passes_as_it_is_and_one_that_never_varies_is_left_out():
    values = pd.DataFrame(
        {"use": [1.0, np.nan, 3.0], "same": [2.0, 2.0, 2.0], "never": [np.nan] * 3}
    )
    encoder = fitted(values)
    assert encoder.columns == encoder.features == ("use",)
    np.testing.assert_array_equal(encoder.matrix(values)[:, 0], values["use"])


def test_columns_come_in_the_catalogues_order_numbers_first():
    values = pd.DataFrame({"b": [1, 2], "plan": ["x", "y"], "a": [3, 4], "area": ["u", "v"]})
    encoder = fitted(values)
    assert encoder.features == ("b", "a", "plan", "plan", "plan", "area", "area", "area")
    shuffled = values[["area", "a", "plan", "b"]]
    np.testing.assert_array_equal(encoder.matrix(shuffled), encoder.matrix(values))


def test_a_feature_that_is_no_longer_there_is_absent():
    values = pd.DataFrame({"use": [1.0, 2.0], "plan": ["x", "y"]})
    matrix = fitted(values).matrix(values[[]])
    assert np.isnan(matrix[:, 0]).all()
    assert not matrix[:, 1:].any()


def test_without_rows_there_is_nothing_to_learn():
    empty = pd.DataFrame({"use": pd.Series([], dtype="float64"), "plan": []})
    encoder = fitted(empty)
    assert encoder.columns == ()
    assert encoder.matrix(empty).shape == (0, 0)


def test_a_number_that_never_varies_is_kept_where_it_is_asked_for_and_known():
    values = pd.DataFrame({"use": [1.0, 1.0], "term": [365.0] * 2, "seats": [np.nan] * 2})
    asked = ("term", "seats")
    encoder = Encoder.fit(values, catalogue_of(values), always=asked)
    assert encoder.columns == ("term",)
    assert fitted(values).columns == ()


def test_a_flag_is_a_number_and_a_year_may_be_a_label():
    values = pd.DataFrame({"is_trial": [True, False], "year": [2024, 2025]})
    values["year"] = values["year"].astype(object)
    encoder = Encoder.fit(
        values, Catalogue([a_feature("is_trial", "flag"), a_feature("year", "label")])
    )
    assert encoder.columns == ("is_trial", "year=2024", "year=2025", "year=Rare")
    assert encoder.matrix(values).tolist() == [[1, 1, 0, 0], [0, 0, 1, 0]]


@given(plans, plans)
@few
def test_a_label_lights_one_indicator_or_none(seen, asked):
    matrix = fitted(labels(*seen)).matrix(labels(*asked))
    lit = matrix.sum(axis=1)
    told = np.array([value is not None for value in asked], dtype=float)
    if matrix.shape[1]:
        np.testing.assert_array_equal(lit, told)


@given(plans, st.lists(st.floats(allow_infinity=False), min_size=12, max_size=12))
@few
def test_what_was_learnt_comes_back_from_its_text(seen, numbers):
    values = labels(*seen)
    values["use"] = numbers[: len(values)]
    values["area"] = values["plan"]
    encoder = fitted(values)
    again = Encoder.from_json(encoder.to_json())
    assert again.columns == encoder.columns
    assert again.features == encoder.features
    np.testing.assert_array_equal(again.matrix(values), encoder.matrix(values))
    assert again.to_json() == encoder.to_json()


@given(plans, st.randoms())
@few
def test_the_order_of_training_rows_changes_nothing(seen, chance):
    shuffled = chance.sample(seen, len(seen))
    assert fitted(labels(*seen)).to_json() == fitted(labels(*shuffled)).to_json()


def test_the_text_is_plain_json():
    assert set(json.loads(fitted(labels("x", "y")).to_json())) == {"numbers", "labels"}
