from training.effects.effect import Effect, Effects

KEEPS = Effect("startup", "first", "adjusted", points=-0.04, low=-0.06, high=-0.02, reached=90)
UNSURE = Effect("startup", "second", "descriptive", points=-0.01, low=-0.03, high=0.01)


def test_effects_come_back_from_their_text_as_they_were():
    effects = Effects((KEEPS, UNSURE), (UNSURE,), horizon_days=180, window_days=14)
    assert Effects.from_json(effects.to_json()) == effects
    assert Effects.from_json(Effects().to_json()) == Effects()


def test_an_effect_is_found_by_its_segment_and_milestone_alone():
    effects = Effects((KEEPS, UNSURE))
    assert effects.of("startup", "first") is KEEPS
    assert effects.of("enterprise", "first") is None


def test_only_evidence_is_shown_and_only_what_lowers_the_risk_keeps():
    assert KEEPS.is_shown
    assert KEEPS.keeps
    assert not UNSURE.is_shown
    assert not UNSURE.keeps
    harms = Effect("startup", "third", "adjusted", points=0.03, low=0.01, high=0.05)
    assert harms.is_shown
    assert not harms.keeps
