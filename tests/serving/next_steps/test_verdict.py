import pytest

from configs.playbook import Playbook
from serving.next_steps.verdict import (
    DRIVES,
    NOTHING_MEASURED,
    TOO_FEW,
    is_filler,
    verdict,
)
from tests.builders import a_step
from training.effects.effect import Effect

PLAYBOOK = Playbook.model_validate(
    {"milestones": [a_step("first"), a_step("second"), a_step("third", requires=["second"])]}
)
KEEPS = Effect("startup", "second", "adjusted", -0.05, -0.08, -0.02)
UNCLEAR = Effect("startup", "first", "descriptive", -0.01, -0.03, 0.02, remark="covers zero")


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        (KEEPS, DRIVES),
        (UNCLEAR, NOTHING_MEASURED),
        (Effect("startup", "first", "adjusted", 0.05, 0.02, 0.08), NOTHING_MEASURED),
        (Effect("startup", "first", "too_few"), TOO_FEW),
        (None, TOO_FEW),
    ],
)
def test_only_evidence_of_keeping_customers_earns_the_word(effect, said):
    assert verdict(effect) == said


@pytest.mark.parametrize(
    ("slug", "effect", "said"),
    [
        ("first", UNCLEAR, True),
        ("second", UNCLEAR, False),
        ("first", KEEPS, False),
        ("first", None, False),
    ],
)
def test_filler_opens_nothing_and_shows_nothing_though_enough_accounts_tell(slug, effect, said):
    step = next(step for step in PLAYBOOK.milestones if step.slug == slug)
    assert is_filler(step, effect, PLAYBOOK) is said
