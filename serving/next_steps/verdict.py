"""What is known of a step, in a word, and is it more than filler?"""

from configs.playbook import Milestone, Playbook
from training.effects.effect import Effect

DRIVES, NOTHING_MEASURED, TOO_FEW = "drives retention", "no measurable effect", "too few"


def verdict(effect: Effect | None) -> str:
    """Say in a word what is known of an effect."""
    if effect is None or effect.evidence == "too_few":
        return TOO_FEW
    return DRIVES if effect.keeps else NOTHING_MEASURED


def is_filler(step: Milestone, effect: Effect | None, playbook: Playbook) -> bool:
    """Whether a step opens nothing and enough accounts tell no effect of it."""
    opens = any(step.slug in other.requires for other in playbook.milestones)
    return not opens and verdict(effect) == NOTHING_MEASURED
