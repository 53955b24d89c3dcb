import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ConfigError
from configs.load import load
from configs.playbook import DoneWhen, LostWhen, Milestone, Playbook
from configs.project import Project
from tests.configs.given_files import PLAYBOOK, PROJECT, a_folder, complaint


def keys_of(model):
    return sorted(field.alias or name for name, field in model.model_fields.items())


@given(
    model=st.sampled_from([Project, Playbook, Milestone, DoneWhen, LostWhen]), data=st.data()
)
def test_a_misspelt_key_is_always_named_with_the_key_that_was_meant(
    tmp_path_factory, model, data
):
    key = data.draw(st.sampled_from([k for k in keys_of(model) if len(k) > 4]))
    wrong = key[:-1] + "q"
    project, playbook = PROJECT, PLAYBOOK
    if model is Project:
        project = f"{wrong} = 1\n{PROJECT}"
    elif model is Playbook:
        playbook = f"{wrong} = 1\n{PLAYBOOK}"
    elif model is Milestone:
        playbook = PLAYBOOK.replace("expected_days = 10", f"{wrong} = 1")
    elif model is DoneWhen:
        playbook = PLAYBOOK.replace("at_least = 1,", f"at_least = 1, {wrong} = 1,")
    else:
        playbook = PLAYBOOK.replace(
            "expected_days = 10", f'lost_when = {{ silent_days = 9, {wrong} = "x" }}'
        )
    told = complaint(tmp_path_factory.mktemp("config"), project=project, playbook=playbook)
    assert f"{wrong}` is not a key here (did you mean `{key}`?)" in told


def as_toml(value: object) -> str:
    """JSON is TOML for numbers, texts and lists; tables are written inline."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {as_toml(inner)}" for key, inner in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(as_toml(inner) for inner in value) + "]"
    return json.dumps(value, ensure_ascii=True)


scalars = st.one_of(
    st.integers(-3, 400), st.booleans(), st.sampled_from(["", "a", "{x", "${", "connected"])
)
nonsense = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(
            st.sampled_from(["slug", "capability", "default", "x"]), inner, max_size=2
        ),
    ),
    max_leaves=4,
)


@given(
    section=st.sampled_from([*Project.model_fields, "horizons"]),
    key=st.sampled_from(["kind", "tables", "horizons_days", "large", "attributes", "url"]),
    step=st.sampled_from([*Milestone.model_fields, "x"]),
    written=nonsense,
)
def test_nonsense_anywhere_is_a_mistake_in_words_and_never_a_crash(
    tmp_path_factory, section, key, step, written
):
    folder = tmp_path_factory.mktemp("config")
    for project in (
        f"{section} = {as_toml(written)}",
        f"{section} = {{ {key} = {as_toml(written)} }}",
    ):
        playbook = (
            f'[[milestones]]\nslug = "a"\n{step}{"_" * (step == "slug")} = {as_toml(written)}'
        )
        a_folder(folder, project=f"{project}\n", playbook=f"{playbook}\n")
        with pytest.raises(ConfigError) as told:
            load(folder, {})
        assert "\n" not in str(told.value)
