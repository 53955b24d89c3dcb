"""Can every step of the ladder be reached, and is it in an order a customer could follow?

These checks look at the bare order only, so that they speak even while other keys of a
milestone are still wrong.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from configs.nearest import did_you_mean

Stage = Literal["onboarding", "implementation", "post_onboarding"]
STAGES: tuple[str, ...] = get_args(Stage)
EARLY_WIN_DAYS = 30
ELSEWHERE = "everyone"


@dataclass(frozen=True, slots=True)
class Step:
    """One milestone without its contents; no segments means all of them."""

    place: str
    slug: str
    requires: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    stage: str = STAGES[0]
    expected_days: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at one place of a file."""

    place: str
    what: str


def climb_mistakes(steps: Sequence[Step], segments: Iterable[str] = ()) -> list[Mistake]:
    """Find every reason why the ladder cannot be climbed.

    Without ``segments``, the names of the project's segments, their spelling is not judged.
    """
    known = tuple(segments)
    by_slug: dict[str, Step] = {}
    for step in steps:
        by_slug.setdefault(step.slug, step)
    cycles = list(_cycles(by_slug))
    return [
        *_twice(steps),
        *_unknown_requirements(steps, by_slug),
        *_unknown_segments(steps, known),
        *cycles,
        *([] if cycles else _unreachable(steps, by_slug, known)),
    ]


def climb_warnings(steps: Sequence[Step]) -> Iterator[str]:
    """Say what is lawful but probably not meant."""
    by_slug = {step.slug: step for step in steps}
    listed: set[str] = set()
    for step in steps:
        for slug in step.requires:
            yield from _odd_requirement(step, by_slug[slug], already=slug in listed)
        listed.add(step.slug)
        yield from _odd_times(step)
    yield from _slow_start(steps)


def _odd_requirement(step: Step, needed: Step, *, already: bool) -> Iterator[str]:
    if not already:
        yield f"`{step.slug}` is listed before `{needed.slug}`, which it requires"
    if STAGES.index(step.stage) < STAGES.index(needed.stage):
        yield (
            f"`{step.slug}` belongs to {step.stage} but requires `{needed.slug}`, "
            f"a step of {needed.stage}"
        )
    if needed.segments and (barred := _lacking(step, needed)):
        yield (
            f"`{step.slug}` requires `{needed.slug}`, which does not apply to {barred}: "
            "nobody there can reach it"
        )


def _lacking(step: Step, needed: Step) -> str:
    if not step.segments:
        return f"segments other than {', '.join(needed.segments)}"
    return ", ".join(name for name in step.segments if name not in needed.segments)


def _odd_times(step: Step) -> Iterator[str]:
    if not step.expected_days:
        yield f"`{step.slug}` has no expected_days, so nobody can be late for it"
    for name in step.expected_days:
        if step.segments and name != "default" and name not in step.segments:
            yield f"`{step.slug}` expects days in segment {name}, to which it does not apply"


def _slow_start(steps: Sequence[Step]) -> Iterator[str]:
    first = [
        (min(step.expected_days.values()), step.slug)
        for step in steps
        if not step.requires and step.expected_days
    ]
    if first and min(first)[0] > EARLY_WIN_DAYS:
        yield (
            f"no first step is expected within {EARLY_WIN_DAYS} days (the quickest is "
            f"`{min(first)[1]}`, {min(first)[0]} days): begin with a small early win"
        )
    elif first and first[0][0] > EARLY_WIN_DAYS:
        yield (
            f"the ladder begins with `{first[0][1]}`, expected after {first[0][0]} days, "
            f"although `{min(first)[1]}` takes {min(first)[0]}: list small early wins first"
        )


def _twice(steps: Sequence[Step]) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for step in steps:
        if step.slug in seen:
            yield Mistake(
                f"{step.place}.slug", f"is {step.slug!r}, as {seen[step.slug]} is too"
            )
        seen.setdefault(step.slug, step.place)


def _unknown_requirements(
    steps: Sequence[Step], by_slug: Mapping[str, Step]
) -> Iterator[Mistake]:
    for step in steps:
        for position, slug in enumerate(step.requires):
            if slug not in by_slug:
                hint = did_you_mean(slug, by_slug)
                place = f"{step.place}.requires[{position}]"
                yield Mistake(place, f"is {slug!r}, which is no milestone{hint}")


def _unknown_segments(steps: Sequence[Step], known: Sequence[str]) -> Iterator[Mistake]:
    if not known:
        return
    for step in steps:
        for position, name in enumerate(step.segments):
            if name not in known:
                hint = did_you_mean(name, known)
                place = f"{step.place}.segments[{position}]"
                yield Mistake(place, f"is {name!r}, which is no segment{hint}")
        for name in step.expected_days:
            if name not in ("default", *known):
                hint = did_you_mean(name, ("default", *known))
                yield Mistake(f"{step.place}.expected_days.{name}", f"is no segment{hint}")


def _cycles(by_slug: Mapping[str, Step]) -> Iterator[Mistake]:
    """Walk upwards from every step; a step met again on the way closes a cycle."""
    settled: set[str] = set()

    def walk(slug: str, trail: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if slug in trail:
            yield (*trail[trail.index(slug) :], slug)
        elif slug not in settled and slug in by_slug:
            for needed in by_slug[slug].requires:
                yield from walk(needed, (*trail, slug))
            settled.add(slug)

    for slug, step in by_slug.items():
        for cycle in walk(slug, ()):
            around = " → ".join(f"`{name}`" for name in cycle)
            place = f"{by_slug[cycle[0]].place if cycle[0] in by_slug else step.place}.requires"
            yield Mistake(place, f"goes in a circle: {around}")


def _unreachable(
    steps: Sequence[Step], by_slug: Mapping[str, Step], known: Sequence[str]
) -> Iterator[Mistake]:
    named = {name for step in steps for name in step.segments}
    everybody = frozenset([*known, *named, ELSEWHERE])
    reach: dict[str, frozenset[str]] = {}

    def reached_by(step: Step) -> frozenset[str]:
        if step.slug not in reach:
            by = frozenset(step.segments) or everybody
            for slug in step.requires:
                by &= reached_by(by_slug[slug]) if slug in by_slug else everybody
            reach[step.slug] = by
        return reach[step.slug]

    for step in steps:
        needed = [by_slug[slug] for slug in step.requires if slug in by_slug]
        if not reached_by(step) and all(reached_by(other) for other in needed):
            whose = ", ".join(
                f"`{other.slug}` is for {' and '.join(sorted(reached_by(other)))}"
                for other in needed
                if reached_by(other) != everybody
            )
            yield Mistake(
                f"{step.place}.requires",
                f"asks for steps that no segment of `{step.slug}` takes ({whose})",
            )
