"""How is the catalogue shown: which inputs are there, and what does each of them mean?"""

from collections.abc import Iterable, Iterator, Mapping

from configs.filled import NAMED
from configs.phrases import Phrases
from features.catalogue import Catalogue, Feature

PAGE_COMMAND = ".venv/bin/milepost features --page > features/CATALOGUE.md"
_HEAD = f"""# The catalogue: every input that a model may read

Made by `{PAGE_COMMAND}`; a test checks that it is current.
Names in angle brackets stand for what the data name; with `--config configs/<name>` the
command lists the inputs of the newest build with their own names. A clock is an input whose
value at a future day is known today. Every value is what was known on the as-of morning, also
where rows arrived late."""
_STEPS = "Asked of each open milestone only"


def lines(inputs: Catalogue, step_inputs: Catalogue, phrases: Phrases) -> Iterator[str]:
    """Give the catalogue for a screen: a heading per family, and a paragraph per input."""
    for family, features in _sections(inputs, step_inputs, phrases):
        yield from (family, "")
        for feature in features:
            yield f"  {feature.name}"
            yield f"      {_unit(feature)}: {feature.meaning}; {feature.absence}"
        yield ""


def page(inputs: Catalogue, step_inputs: Catalogue, phrases: Phrases) -> Iterator[str]:
    """Give the catalogue as a Markdown page: a table per family."""
    yield _HEAD
    for family, features in _sections(inputs, step_inputs, phrases):
        yield from ("", f"## {family}", "")
        yield "| input | unit | window | meaning | absence |"
        yield "|---|---|---|---|---|"
        for feature in features:
            window = f"{feature.window_days} days" if feature.window_days else ""
            told = (_unit(feature), window, _plain(feature.meaning), _plain(feature.absence))
            yield f"| `{feature.name}` | {' | '.join(told)} |"


def _sections(
    inputs: Catalogue, step_inputs: Catalogue, phrases: Phrases
) -> Iterator[tuple[str, Iterable[Feature]]]:
    order = list(phrases.families)
    found = dict.fromkeys(feature.family for feature in inputs.values())
    for family in sorted(found, key=lambda f: order.index(f) if f in order else len(order)):
        own = [feature for feature in inputs.values() if feature.family == family]
        yield _heading(family, phrases), own
    if step_inputs:
        yield _STEPS, step_inputs.values()


def _heading(family: str, phrases: Phrases) -> str:
    name, told = phrases.family_name(family), phrases.families.get(family)
    return f"{name} (`{family}`): {told.means.format(**_named(phrases))}" if told else name


def _named(phrases: Phrases) -> Mapping[str, str]:
    one, many = phrases.words.account, phrases.words.milestone
    named = dict(zip(NAMED, (*one, *many), strict=True))
    named |= {name.capitalize(): word.capitalize() for name, word in named.items()}
    return named | {"horizon": "the horizon's", "capacity": "the capacity's"}


def _unit(feature: Feature) -> str:
    return f"{feature.unit}, a clock" if feature.is_clock else feature.unit


def _plain(text: str) -> str:
    """Keep Markdown from reading a name in angle brackets as a tag."""
    return text.replace("<", "\\<").replace("|", "\\|")
