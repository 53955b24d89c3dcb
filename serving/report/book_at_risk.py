"""Where does the risk sit, on whom does it rest, who may grow, and who has adopted what?"""

from collections.abc import Iterator

import pandas as pd

from serving import formats
from serving.outlook.retention import ALL
from serving.prioritise import held_out
from serving.records import Record, reasons_of, records
from serving.report.charts import share_bar
from serving.report.facts import why
from serving.report.figures import Cell, Figure, Line, heat_of
from serving.report.labels import segment_name
from serving.report.material import Material

SHOWN = 10
QUARTERS = 6


def heat_map(material: Material) -> Iterator[Figure]:
    """Cross segments with the quarter of the renewal, by what is at stake there."""
    # A cell that holds one account alone tells its risk.
    accounts = _in_programme(material)
    has_arr = bool(accounts["arr"].notna().any())
    renews = pd.to_datetime(accounts["renews_on"])
    if not renews.notna().any() or not accounts["churn_risk"].notna().any():
        return
    book = accounts.assign(
        quarter=renews.dt.to_period("Q"),
        stake=accounts["arr_at_risk"] if has_arr else accounts["churn_risk"],
    )
    known = sorted(book["quarter"].dropna().unique())[:QUARTERS]
    grouped = book.loc[book["quarter"].isin(known)].groupby(["segment", "quarter"])
    cells = grouped.agg(
        accounts=("account_id", "size"), stake=("stake", "sum"), risk=("churn_risk", "mean")
    ).reset_index()
    most = float(cells["stake"].max())
    found = {(row["segment"], row["quarter"]): row for row in records(cells)}
    lines = [
        Line(
            segment_name(name),
            tuple(_stake(found.get((name, q)), most, material, has_arr=has_arr) for q in known),
        )
        for name in sorted(set(book["segment"]))
    ]
    what = "ARR at risk"
    if not has_arr:
        what = f"{material.book.words.account[1].capitalize()} expected to leave"
    ends = material.phrases.definitions["renewal"].name
    title = f"Where the risk sits: {what}, by segment and quarter in which it {ends.lower()}"
    within = formats.days(material.book.horizon)
    note = f"{what} within {within}, by the scores of the accounts."
    names = {
        "stake": "arr_at_risk" if has_arr else "accounts_at_risk",
        "risk": "mean_churn_risk",
    }
    behind = cells.astype({"quarter": str}).rename(columns=names)
    heads = ("Segment", *(f"Q{q.quarter} {q.year}" for q in known))
    yield Figure("risk_by_renewal", title, note, heads, tuple(lines), behind)


def _in_programme(material: Material) -> pd.DataFrame:
    """Give the accounts of which people may be told what is known: all but those held out."""
    accounts = material.tables["accounts"]
    return accounts.loc[~held_out(accounts)]


def _stake(row: Record | None, most: float, material: Material, *, has_arr: bool) -> Cell:
    if row is None:
        return Cell(formats.NOTHING)
    stake = row["stake"]
    text = formats.money(stake, material.book.currency) if has_arr else formats.about(stake)
    note = f"{formats.count(row['accounts'])}, {formats.percent(row['risk'])} risk"
    return Cell(text, heat=heat_of(stake, most), note=formats.unbroken(note))


def rests_on(material: Material) -> Iterator[Figure]:
    """Name the accounts that hold most of what is expected to be lost."""
    accounts = _in_programme(material)
    has_arr = bool(accounts["arr_at_risk"].notna().any())
    stake = accounts["arr_at_risk"] if has_arr else accounts["churn_risk"]
    book = accounts.assign(stake=stake).dropna(subset="stake")
    book = book.sort_values(["stake", "account_id"], ascending=[False, True])
    if book.empty:
        return
    share = float(book["stake"].head(SHOWN).sum() / max(book["stake"].sum(), 1e-12))
    lines = [_rested(one, material, has_arr=has_arr) for one in records(book.head(SHOWN))]
    note = (
        f"These {len(lines)} hold {formats.percent(share)} of all that is expected to be lost."
    )
    columns = ["account_id", "name", "segment", "owner", "arr", "renews_on", "churn_risk"]
    behind = book[[*columns, "arr_at_risk"]]
    one, many = material.book.words.account
    ends = material.phrases.definitions["renewal"].name
    heads = (one.capitalize(), "Risk", ends, "First reason")
    yield Figure(
        "rests_on",
        f"Which {many} it rests on",
        formats.unbroken(note),
        heads,
        tuple(lines),
        behind,
    )


def _rested(account: Record, material: Material, *, has_arr: bool) -> Line:
    because = why(reasons_of(account), risk=account["churn_risk"], base=account["base_risk"])
    amount = formats.money(account["stake"], material.book.currency) if has_arr else ""
    cells = (
        Cell(formats.unbroken(formats.percent(account["churn_risk"])), note=amount),
        Cell(formats.day(account["renews_on"])),
        Cell(because[0].text if because else ""),
    )
    return _account(account, cells, material)


def targets(material: Material) -> Iterator[Figure]:
    """Name the accounts worth a conversation about more."""
    told = material.tables.get("expansion")
    if told is None or told.empty:
        return
    is_rule = bool((told["chance_source"] == "baseline").any())
    lines = []
    for account in records(told.head(SHOWN)):
        chance = account["expansion_chance"]
        reasons = [r for r in reasons_of(account) if r.points > 0 and r.family != "timing"]
        best = max(reasons, key=lambda r: r.points, default=None)
        won = formats.money(account["expected_arr"], material.book.currency)
        cells = (
            Cell(formats.unbroken(formats.percent(chance))),
            Cell(won),
            Cell(best.text if best else ""),
        )
        lines.append(_account(account, cells, material))
    note = f"Chance of paying more within {formats.days(material.book.horizon)}, best first."
    if is_rule:
        note += " No skill beyond a simple rule is shown: these are the rule's chances."
    if bool((told["growth_source"] == "baseline").any()):
        note += " By how much is a rule's word: the model knows no better."
    one = material.book.words.account[0].capitalize()
    heads = (one, "Chance", "Expected growth", "First reason")
    behind = told.drop(columns=["reasons", "growth_reasons"])
    yield Figure("expansion_targets", "Who may grow", note, heads, tuple(lines), behind)


def what_if(material: Material) -> Iterator[Figure]:
    """Tell what would change if more were worked, or a price rose."""
    told = material.tables.get("scenarios")
    if told is None or told.empty:
        return
    lines = [
        Line(
            formats.unbroken(row["scenario"][0].upper() + row["scenario"][1:]),
            (
                Cell("All" if row["segment"] == ALL else segment_name(row["segment"])),
                Cell(formats.count(row["accounts"])),
                _change(row, material),
                Cell(formats.unbroken(row["remark"])),
            ),
        )
        for row in records(told)
    ]
    note = (
        "Only effects that are evidenced are counted, with their 95 % intervals. Of a dearer "
        "price the interval is the 80 % one of the forecast; whether anybody leaves for it is "
        "not known."
    )
    many = material.book.words.account[1].capitalize()
    heads = ("What if", "Segment", many, "Change", "How far it is known")
    yield Figure("what_if", "What if", note, heads, tuple(lines), told)


def _change(row: Record, material: Material) -> Cell:
    amount = row["expected"]
    if amount is None:
        return Cell(formats.NOTHING)
    if not amount:
        return Cell("none")
    if row["measure"] == "arr_at_end":
        return Cell(
            f"+{formats.money(amount, material.book.currency)}", note=_gain(row, material)
        )
    interval = f"{formats.count(row['low'])} to {formats.count(row['high'])}"
    return Cell(f"{formats.count(amount)} leave", note=interval)


def _gain(row: Record, material: Material) -> str:
    if row["low"] is None:
        return "if all stay"
    ends = (formats.money(row[end], material.book.currency) for end in ("low", "high"))
    return f"{' to '.join(ends)} if nobody minds"


def _account(account: Record, cells: tuple[Cell, ...], material: Material) -> Line:
    account_id = str(account["account_id"])
    page = material.book.pages.get(account_id)
    label = str(account.get("name") or account_id)
    return Line(label, cells, page=f"accounts/{page}" if page else None)


def adoption(material: Material) -> Iterator[Figure]:
    """Tell how many live accounts have reached each milestone that is theirs."""
    steps = material.tables["milestones"]
    if steps.empty:
        return
    by_step = steps.assign(done=steps["state"] == "done", lost=steps["state"] == "lost")
    sums = by_step.groupby("milestone").agg(
        accounts=("account_id", "size"), done=("done", "sum"), lost=("lost", "sum")
    )
    found = {str(row["milestone"]): row for row in records(sums.reset_index())}
    order = [slug for slug in material.book.milestone_names if slug in found]
    lines = [_reached(found[slug], material.book.milestone_names[slug]) for slug in order]
    many = material.book.words.account[1]
    note = (
        f"Live {many} that have reached each milestone and not lost it again, of those it "
        "applies to."
    )
    names = {"done": "accounts_done", "lost": "accounts_lost"}
    behind = sums.loc[order].reset_index().rename(columns=names)
    heads = ("Milestone", "Reached", many.capitalize())
    yield Figure(
        "adoption_funnel", "How far the book has climbed", note, heads, tuple(lines), behind
    )


def _reached(row: Record, name: str) -> Line:
    share = row["done"] / row["accounts"]
    lost = f"{formats.count(row['lost'])} lost again" if row["lost"] else ""
    cells = (
        Cell(formats.unbroken(formats.percent(share)), share_bar(share), note=lost),
        Cell(f"{formats.count(row['done'])} of {formats.count(row['accounts'])}"),
    )
    return Line(name, cells)
