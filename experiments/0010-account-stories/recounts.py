"""Which sentence states which number of the raw rows?

One row for each way of saying: a pattern for the account's own fact, and what the raw rows say.
``n`` is the number said; a pattern without it says that there is none. The median of the peers
and a place among them are made from the same recount of every live account.
"""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
from raw import Account

Found = re.Match[str]
Recount = Callable[[Account, Found], float]
DAYS = {"7 days": 7, "4 weeks": 28, "8 weeks": 56, "13 weeks": 91, "26 weeks": 182}
N = r"(?P<n>[\d,.]+(?: %)?|[Aa]ll)"
W = r"in the last (?P<w>7 days|4 weeks|8 weeks|13 weeks|26 weeks)"
KIND, ROLE = r"(?P<kind>call|email|ticket|nudge)s?", r"(?P<role>admin|builder|viewer|member)s?"
THINGS = r"(?:milestones?|assignments?)"
KINDS = r"(?:capabilit(?:y|ies)|kinds? of content|capability|content|kind of content)"


def _window(found: Found) -> int:
    return DAYS[found["w"]]


def _count(a: Account, f: Found) -> float:
    return len(a.rows("activity", _window(f)))


def _volume(a: Account, f: Found) -> float:
    return float(a.rows("activity", _window(f))["quantity"].sum())


def _days(a: Account, f: Found) -> float:
    back = int(f["d"]) if "d" in f.re.groupindex and f["d"] else _window(f)
    return a.rows("activity", back)["occurred_at"].dt.normalize().nunique()


def _people(a: Account, f: Found) -> float:
    return a.rows("activity", _window(f))["user_id"].nunique()


def _kinds(a: Account, f: Found) -> float:
    return a.rows("activity", _window(f))["capability"].nunique()


def _dropped(a: Account, _: Found) -> float:
    quarter = set(a.rows("activity", 91)["capability"])
    return len(quarter - set(a.rows("activity", 28)["capability"]))


def _last(a: Account, _: Found) -> float:
    return a.ago(a.rows("activity")["occurred_at"].max())


def _role_people(a: Account, f: Found) -> float:
    return a.by_role(f["role"], _window(f))["user_id"].nunique()


def _role_last(a: Account, f: Found) -> float:
    return a.ago(a.by_role(f["role"])["occurred_at"].max())


def _touches(a: Account, f: Found) -> float:
    return float((a.rows("touches", _window(f))["kind"] == f["kind"]).sum())


def _last_touch(a: Account, f: Found) -> float:
    rows = a.rows("touches")
    return a.ago(rows.loc[rows["kind"] == f["kind"], "occurred_at"].max())


def _seats_active(a: Account, f: Found) -> float:
    return _people(a, f) / a.seats(a.as_of)


def _renewal(a: Account, _: Found) -> float:
    return -a.ago(a.renews)


def _done(a: Account, _: Found) -> float:
    return sum(not pd.isna(rung.met) for rung in a.ladder.values())


def _done_share(a: Account, f: Found) -> float:
    return _done(a, f) / len(a.ladder) if a.ladder else np.nan


def _open(a: Account) -> list[str]:
    return [s for s, r in a.ladder.items() if pd.isna(r.met) and not pd.isna(r.opened)]


def _open_count(a: Account, _: Found) -> float:
    return len(_open(a))


def _nearest(a: Account, _: Found) -> float:
    return max((a.ladder[slug].progress for slug in _open(a)), default=np.nan)


def _dated(a: Account) -> list[float]:
    return [
        float((r.met.normalize() - r.due).days)
        for r in a.ladder.values()
        if not pd.isna(r.met) and not pd.isna(r.due)
    ]


def _late_share(a: Account, _: Found) -> float:
    late = [days > 0 for days in _dated(a)]
    return float(np.mean(late)) if late else np.nan


def _mean_early(a: Account, _: Found) -> float:
    days = _dated(a)
    return -float(np.mean(days)) if days else np.nan


def _mean_late(a: Account, f: Found) -> float:
    return -_mean_early(a, f)


def _unlocked(a: Account) -> list[str]:
    met = {slug for slug, rung in a.ladder.items() if not pd.isna(rung.met)}
    return [m.slug for m in a._playbook if m.requires and set(m.requires) <= met]


def _begun(a: Account, _: Found) -> float:
    opened = _unlocked(a)
    begun = [a.ladder[slug].progress > 0 for slug in opened]
    return float(np.mean(begun)) if opened else np.nan


def _none_opened(a: Account, _: Found) -> float:
    return float(len(_unlocked(a)))


def _weeks_used(a: Account, f: Found) -> float:
    rows = a.rows("activity", _window(f))
    weeks = ((a.as_of - rows["occurred_at"].dt.normalize()).dt.days - 1) // 7
    return weeks.nunique() / (_window(f) / 7)


def _last_early(a: Account, _: Found) -> float:
    dated = [r for r in a.ladder.values() if not pd.isna(r.met) and not pd.isna(r.due)]
    if not dated:
        return np.nan
    last = max(dated, key=lambda rung: rung.met)
    return float((last.due - last.met.normalize()).days)


def _last_late(a: Account, f: Found) -> float:
    return -_last_early(a, f)


def _per_seat(a: Account, _: Found) -> float:
    return float(a.in_force(a.as_of)["arr"].sum()) / a.seats(a.as_of)


def _weekly(a: Account) -> np.ndarray:
    """Uses of the last 26 whole weeks, Monday to Sunday, the newest first."""
    ago = (_monday(a) - a.rows("activity")["occurred_at"].dt.normalize()).dt.days
    weeks = ((ago - 1) // 7).loc[(ago > 0) & (ago <= 182)]
    return np.bincount(weeks.to_numpy(dtype=int), minlength=26)


def _monday(a: Account) -> pd.Timestamp:
    return a.as_of - pd.Timedelta(days=a.as_of.weekday())


def _of_peak(a: Account, _: Found) -> float:
    """The last four whole weeks beside the best four in a row of 26."""
    fours = np.convolve(_weekly(a), np.ones(4), mode="valid")
    return float(fours[0] / fours.max()) if fours.max() else np.nan


def _shifted(a: Account, f: Found) -> float:
    """Weeks since the split of the whole weeks with us that tells them apart most."""
    with_us = (_monday(a) - a.own["signed_up_at"].normalize()).days // 7
    uses, found = _weekly(a)[: min(with_us, 26)], {}
    for weeks in range(4, len(uses) - 3):
        since, before = uses[:weeks], uses[weeks:]
        within = len(since) * since.var() + len(before) * before.var()
        spread = max(within / (len(uses) - 2), uses.mean())
        error = np.sqrt(spread * (1 / len(since) + 1 / len(before)))
        found[weeks] = (since.mean() - before.mean()) / error if spread else 0.0
    most = max(found, key=lambda weeks: abs(found[weeks]), default=None)
    is_so = most is not None and (found[most] > 0) == (f["way"] == "higher")
    return float(most) if most is not None and is_so else np.nan


def _of_capability(a: Account, f: Found) -> float:
    named = a.rows("activity", _window(f))["capability"].str.replace("_", " ")
    return float((named == f["what"]).sum())


def _siblings(a: Account, _: Found) -> float:
    return float(len(a.siblings()))


def _siblings_done(a: Account, f: Found) -> float:
    shares = [_done_share(each, f) for each in a.siblings()]
    return float(np.mean(shares)) if shares else np.nan


def _trend(a: Account, f: Found) -> tuple[float, float]:
    """Then and now, as a sentence about a trend tells them."""
    by_day = f["what"].startswith("Days")

    def amount(days: int, until: int = 0) -> float:
        at = a.rows("activity", days, until=until)["occurred_at"]
        return float(at.dt.normalize().nunique() if by_day else len(at))

    if f["back"] == "3 weeks":
        return amount(28, 7) / 3, amount(7)
    if f["back"] == "4 weeks":
        return amount(56, 28), amount(28)
    return amount(91, 28) * 28 / 63, amount(28)


TREND = re.compile(
    r"(?P<what>Uses|Visits|Days with use|Days with a visit) (?:per|in) (?:week|4 weeks) "
    r"(?:(?P<then>[\d,.]+) → (?P<now>[\d,.]+)|steady at (?P<both>[\d,.]+)) "
    r"against their own (?P<back>3 weeks|4 weeks|9 weeks) before"
)
RECOUNTS: tuple[tuple[str, Recount], ...] = (
    (
        rf"{N} (?:uses?|visits?) {W}|No (?:use at all|visit) {W.replace('?P<w>', '?P<v>')}",
        _count,
    ),
    (rf"(?:Volume of use: {N}|{N.replace('<n>', '<m>')} clicks?) {W}", _volume),
    (rf"(?:Used|Active) on {N} (?:days? )?of the last (?P<d>\d+) days", _days),
    (rf"Not (?:used|active) once {W}", _days),
    (rf"{N} (?:person|people) active {W}|Nobody active {W.replace('<w>', '<v>')}", _people),
    (rf"(?:{N}|No) {KINDS} used {W}", _kinds),
    (rf"{N} {KINDS} used in the last 13 weeks, but not in the last 4", _dropped),
    (rf"(?:{N}|No) {ROLE} active {W}", _role_people),
    (rf"Last use by any {ROLE} {N} days? ago", _role_last),
    (rf"(?:Last used|Last active|Last seen|Last visit) {N} days? ago", _last),
    (rf"(?:Renewal due|Its renewal,|The module ends|End of the module) in {N} days?", _renewal),
    (rf"(?:A renewal within|The module ends within) these \d+ days: in {N} days?", _renewal),
    (rf"No renewal within these \d+ days: the next is in {N} days?", _renewal),
    (rf"The module does not end within these \d+ days, but in {N} days?", _renewal),
    (
        rf"Use of the last 4 whole weeks is {N} of its best 4 weeks in the last 26 weeks",
        _of_peak,
    ),
    (rf"Weekly use has been (?P<way>higher|lower) for {N} weeks", _shifted),
    (rf"“(?P<what>[^”]+)” (?:{N} times?|not once) {W}", _of_capability),
    (rf"{N} other (?:accounts?|modules?) (?:of the same parent with us|under way)", _siblings),
    (rf"{N} of the assignments of their other modules are handed in", _siblings_done),
    (rf"Last {KIND} {N} days? ago", _last_touch),
    (rf"(?:{N}|No) {KIND} {W}", _touches),
    (rf"(?:{N} of the seats|No seat) active {W}", _seats_active),
    (rf"(?:{N}|No) {THINGS} (?:reached|handed in)(?: yet)?", _done),
    (rf"(?:{N}|None) of (?:its|the) {THINGS} (?:reached|handed in)(?: yet)?", _done_share),
    (rf"No {THINGS} is open|{N} {THINGS} open", _open_count),
    (rf"{N} of the way to the nearest open {THINGS}|No progress towards any.*", _nearest),
    (rf"{N} of the {THINGS} handed in came late|No assignment was handed in late", _late_share),
    (rf"(?:Milestones reached|Assignments handed in) {N} days? early on average", _mean_early),
    (rf"(?:Milestones reached|Assignments handed in) {N} days? late on average", _mean_late),
    (
        rf"(?:{N}|None) of the {THINGS} opened by (?:reached|earlier) ones (?:is|are) begun",
        _begun,
    ),
    (rf"No {THINGS} (?:handed in|reached) so far opened another", _none_opened),
    (rf"(?:Used|Active) in {N} {W.replace('in the', 'of the')}", _weeks_used),
    (rf"Seats: {N}|{N.replace('<n>', '<m>')} seats? paid for", lambda a, _: a.seats(a.as_of)),
    (rf"Last (?:milestone|assignment) (?:reached|handed in) {N} days? early", _last_early),
    (rf"Last (?:milestone|assignment) (?:reached|handed in) {N} days? late", _last_late),
    (rf"Pays \${N} a year per seat", _per_seat),
    (rf"Credits: {N}", lambda a, _: float(a.own["credits"])),
)
ATTRIBUTE = re.compile(r"(?P<name>[A-Z][a-z]+):? (?P<value>.+)")


def number(text: str | None) -> float:
    """Read a number as it was written; nothing is none."""
    if text is None:
        return 0.0
    if text.lower() == "all":
        return 1.0
    bare = float(text.replace(",", "").removesuffix(" %").rstrip("."))
    return bare / 100 if text.endswith("%") else bare


def is_near(said: str | None, true: float) -> bool:
    """Whether a number as written is the true one, rounded as numbers are written."""
    if pd.isna(true):
        return said is None
    told = number(said)
    if said is None:
        return abs(true) < 0.05
    if said.endswith("%") or said.lower() == "all":
        return abs(told - true) <= (0.0051 if told >= 0.0995 else 0.00051)
    step = 0.051 if "." in said else 0.501
    return abs(told - true) <= step or abs(told - round(true, 1)) <= 1e-9
