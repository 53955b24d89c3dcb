"""How is one input of one account said, beside the same input of its peers?

The words are in configs/phrases.toml; here they are filled in. A sentence is never a column
name, and never makes a comparison that the two numbers do not bear out.
"""

import re
from collections.abc import Callable, Mapping

import numpy as np

from configs.phrases import Measure, Phrases, Sign
from features.catalogue import Feature
from serving import formats

Value = float | str | None
IN_THE_MIDDLE = 0.05
"""So near to half of the peers, an account is neither ahead of them nor behind."""


def sentence(
    feature: Feature,
    value: Value,
    *,
    phrases: Phrases,
    catalogue: Mapping[str, Feature],
    typical: Value = None,
    others: Mapping[str, Value] | None = None,
    currency: str = "USD",
) -> str:
    """Say one input of one account, beside its peers' where there are any.

    ``others`` holds the account's values of the inputs that the phrase refers to.
    """
    teller = Teller(feature, phrases, catalogue=catalogue, currency=currency)
    return teller.sentence(value, typical=typical, others=others or {})


class Teller:
    """Says one input of any account."""

    def __init__(
        self,
        feature: Feature,
        phrases: Phrases,
        *,
        catalogue: Mapping[str, Feature],
        currency: str,
    ) -> None:
        self.feature, self.phrases, self.currency = feature, phrases, currency
        self.measure = phrases.measure.get(feature.measure) or _fallback(feature)
        window = feature.window_days
        subject = _subject(feature, phrases, catalogue)
        self._fill = {
            "window": formats.weeks_or_days(window) if window else "while",
            "days": formats.days(window) if window else "days",
            "subject": subject,
            "subjects": plural(subject),
            "peers": phrases.words.peers,
        }
        self._pair = self.measure.then_and_now.get(window or 0)
        compared = catalogue.get(feature.subject or "") if self.measure.place else None
        self._compared = (
            Teller(compared, phrases, catalogue=catalogue, currency=currency)
            if compared
            else None
        )

    @property
    def others(self) -> tuple[str, ...]:
        """Name the other inputs that the sentence about this one needs."""
        now = (self._pair.now,) if self._pair else ()
        compared = (self._compared.feature.name,) if self._compared else ()
        equal = (self.measure.equals.input,) if self.measure.equals else ()
        turned = (self.measure.turned.input,) if self.measure.turned else ()
        return (*now, *compared, *equal, *turned)

    @property
    def subject(self) -> str:
        """Name the capability, role, kind or attribute that the input is about."""
        return self._fill["subject"]

    @property
    def bare_name(self) -> str:
        """Name what is measured, without the time that it looks back."""
        return self._filled(self.measure.name)

    @property
    def name(self) -> str:
        """Name the input, as words within a sentence."""
        name = self.bare_name
        window = self.feature.window_days
        dated = window is not None and "{window}" in self.measure.text and "weeks" not in name
        return f"{name} in the last {formats.weeks_or_days(window or 0)}" if dated else name

    def sentence(self, value: Value, *, typical: Value, others: Mapping[str, Value]) -> str:
        """Say the account's value, beside its peers' where that is known to be another."""
        value = value if formats.known(value) else None
        text = _capital(self.fact(value, _known(others)))
        if value is None or not self.measure.compare or isinstance(typical, str):
            return text
        if typical is None or not formats.known(typical):
            return text
        words = self.phrases.words
        usual = self.spoken(typical, with_noun=False)
        if usual == self.spoken(value, with_noun=False):
            # To be like one's peers speaks neither for a risk nor against it.
            return text
        return words.beside.format(text=text, peers=words.peers, typical=usual)

    def fact(self, value: Value, others: Mapping[str, Value]) -> str:
        """Say the account's own value, without its peers'."""
        measure, fill = self.measure, self._filled
        if value is None:
            return fill(self._without() or _spelt(self.feature.absence))
        if told := self._then_and_now(value, others) or self._placed(value, others):
            return told
        if measure.zero and self._sign(value) == 0:
            return fill(measure.zero)
        spoken = self.spoken(value)
        if measure.equals and others.get(measure.equals.input) == value:
            return fill(measure.equals.text, value=spoken)
        return fill(self._turned(others) or measure.text, value=spoken)

    def _without(self) -> str | None:
        """What to say where there is no value: of things counted, that there were none."""
        counted = self.feature.unit == "count" and self.measure.compare
        return self.measure.absent or (self.measure.zero if counted else None)

    def spoken(self, value: float | str, *, with_noun: bool = True) -> str:
        """Say a value with its unit."""
        measure = self.measure
        if label := measure.labels.get(_label_key(value)):
            return label
        if isinstance(value, str):
            return value.replace("_", " ")
        bare = self._bare(value)
        if measure.value is not None:
            sign = self._sign(value)
            manner = measure.value
            return (manner.zero, manner.above, manner.below)[sign].format(n=bare)
        if with_noun and measure.nouns:
            one, many = measure.nouns
            is_one = bare.removeprefix(formats.MINUS) == "1"
            return f"{bare} {self._filled(one if is_one else many)}"
        return bare

    def _bare(self, value: float) -> str:
        """Write the number alone: its size where words tell its sign."""
        if self.feature.unit == "ratio":
            change = abs(value - 1.0)
            if change >= formats.MOST_SHARE:
                return formats.percent(change)
            return f"{formats.count(round(change * 100))} %"
        size = abs(value) if self.measure.value is not None else value
        if self.feature.unit == "money":
            return formats.money(size, self.currency)
        return _WRITTEN.get(self.feature.unit, formats.count)(size)

    def _sign(self, value: float | str) -> int:
        """Tell 1, 0 or -1, of what is written and not of what is left out by rounding."""
        if isinstance(value, str):
            return 1
        amount = value - 1.0 if self.feature.unit == "ratio" else value
        seen = {"ratio": round(amount * 100), "days": round(amount), "count": round(amount, 1)}
        return int(np.sign(seen.get(self.feature.unit, amount)))

    def _then_and_now(self, value: Value, others: Mapping[str, Value]) -> str | None:
        """Say both amounts of a trend, whose ratio has one added on either side."""
        pair = self._pair
        now = others.get(pair.now) if pair else None
        if pair is None or isinstance(now, str | None) or isinstance(value, str | None):
            return None
        if value < 1e-9:
            return None
        # Through the ratio an amount comes back but for its last bits: they may tip a rounding.
        before = max((now + 1.0) / value - 1.0, 0.0)
        then, today = (formats.about(round(amount, 9)) for amount in (before, now))
        change = f"steady at {today}" if then == today else f"{then} → {today}"
        return self._filled(pair.text, change=change)

    def _turned(self, others: Mapping[str, Value]) -> str | None:
        """The sentence that tells by another input's sign which way it went."""
        turned = self.measure.turned
        way = others.get(turned.input) if turned else None
        if turned is None or not isinstance(way, float | int) or not formats.known(way):
            return None
        return turned.above if way > 0 else turned.below if way < 0 else None

    def _placed(self, value: Value, others: Mapping[str, Value]) -> str | None:
        """Say the amount behind a place among the peers, and the place."""
        place, compared = self.measure.place, self._compared
        own = others.get(compared.feature.name) if compared else None
        if place is None or compared is None or own is None or isinstance(value, str | None):
            return None
        told, share = place.behind, 1.0 - value
        if value > 0.5 - IN_THE_MIDDLE:
            told, share = place.middle, value
        if value > 0.5 + IN_THE_MIDDLE:
            told = place.first if value > 1.0 - 1e-9 else place.ahead
        fact = _capital(compared.fact(own, {}))
        return self._filled(told, own=fact, share=formats.percent(min(share, 0.99)))

    def _filled(self, template: str, **more: str) -> str:
        return template.format(**self._fill, **more)


def _subject(feature: Feature, phrases: Phrases, catalogue: Mapping[str, Feature]) -> str:
    """Name the capability, role, kind or attribute; another input by its own name."""
    subject = feature.subject or "it"
    other = catalogue.get(subject)
    if other is None:
        return phrases.subjects.get(subject, subject.replace("_", " "))
    measure = phrases.measure.get(other.measure)
    name = measure.name if measure else other.meaning
    name = name.format(subject=other.subject, subjects=plural(other.subject or "it"))
    window = other.window_days
    back = f" in the last {formats.weeks_or_days(window)}" if window else ""
    return f"{name}{back}".replace("_", " ")


_WRITTEN: Mapping[str, Callable[[float], str]] = {
    "days": formats.days,
    "share": formats.percent,
    "flag": lambda flag: "yes" if flag else "no",
}
_CHANGED = Sign(above="up {n}", zero="unchanged", below="down {n}")


def plural(noun: str) -> str:
    """Give the plural of an English noun, well enough for roles and kinds of touch.

    >>> plural("admin"), plural("reply"), plural("power user"), plural("coach")
    ('admins', 'replies', 'power users', 'coaches')
    """
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if re.search(r"(s|x|z|ch|sh)$", noun) else f"{noun}s"


def _fallback(feature: Feature) -> Measure:
    """Say an input that has no phrase by its meaning, which the catalogue always has."""
    meaning = feature.meaning.replace("{", "(").replace("}", ")").replace("_", " ")
    return Measure(
        name=meaning,
        text=f"{_capital(meaning)}: {{value}}",
        value=_CHANGED if feature.unit == "ratio" else None,
    )


def _known(others: Mapping[str, Value]) -> Mapping[str, Value]:
    return {name: other if formats.known(other) else None for name, other in others.items()}


def _spelt(text: str) -> str:
    return _capital(text.replace("_", " ").removeprefix("never null: "))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _label_key(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
