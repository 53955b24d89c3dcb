"""The pages: whole, honest, offline, the same bytes from the same scores."""

import hashlib
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from serving.report.render import write_report
from tests.serving.report_world import a_configuration, a_world, students

VOID = {"meta", "link", "input", "br", "rect", "path"}


class Page(HTMLParser):
    """What a page holds: its words, its addresses, and whether every tag is closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.anchors: set[str] = set()
        self.words: list[str] = []
        self._open: list[str] = []
        self.html = path.read_text(encoding="utf-8")
        self.feed(self.html)
        assert not self._open, self._open

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.addresses += [given[k] for k in ("href", "src", "action", "data") if k in given]
        if "id" in given:
            self.anchors.add(given["id"])
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self._open.pop() == tag, tag

    def handle_data(self, data):
        if not self._open or self._open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(folder, **a_world(a_configuration(folder)))
    return folder


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Path:
    """Students: no ARR, no owner, no name, no skill, and a page for few of them."""
    folder = tmp_path_factory.mktemp("students")
    configuration = students(folder, account_pages=10)
    write_report(folder, **a_world(configuration, has_arr=False, has_skill=False))
    return folder


def pages(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


def test_there_is_a_front_page_the_definitions_and_a_page_for_every_account(report):
    assert {p.name for p in report.glob("*.html")} == {"index.html", "definitions.html"}
    assert len(list((report / "accounts").iterdir())) == 60


def test_every_page_is_whole_html(report, plain):
    for path in pages(report) + pages(plain):
        Page(path)


def test_no_page_asks_the_network_for_anything(report, plain):
    for path in pages(report) + pages(plain):
        html = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|//[a-z]|url\(|@import|<link(?! rel=\"icon\")", html), (
            path
        )


def test_every_link_leads_somewhere(report, plain):
    for folder in (report, plain):
        anchors = {path.resolve(): Page(path).anchors for path in pages(folder)}
        for path in pages(folder):
            for address in Page(path).addresses:
                if address == "data:,":
                    continue
                file, _, anchor = address.partition("#")
                target = (path.parent / file).resolve() if file else path.resolve()
                assert target in anchors, (path, address)
                assert not anchor or anchor in anchors[target], (path, address)


def test_every_column_is_defined(report):
    heads = re.findall(
        r"<th[ >].*?</th>", (report / "index.html").read_text("utf-8"), re.DOTALL
    )
    assert len(heads) >= 15
    assert all('class="term" href="definitions.html#' in head for head in heads)


def test_the_definitions_speak_of_this_configurations_settings(report):
    text = Page(report / "definitions.html").text
    assert "within 90 days" in text
    assert "The first 5 accounts of each owner" in text
    assert not re.search(r"[{}]", text)
    assert "“workflow run” is used at least 10 times" in text


def test_the_same_scores_give_the_same_bytes(tmp_path):
    prints = []
    for name in ("once", "twice"):
        configuration = a_configuration(tmp_path)
        write_report(tmp_path / name, **a_world(configuration, count=12))
        prints.append(
            [hashlib.sha256(p.read_bytes()).hexdigest() for p in pages(tmp_path / name)]
        )
    assert prints[0] == prints[1]


def test_names_are_shown_as_written_and_never_run(tmp_path):
    world = a_world(a_configuration(tmp_path), count=8)
    attack = "<script>alert(1)</script>"
    world["accounts"]["name"] = attack
    world["accounts"]["owner"] = '"><img src=x onerror=alert(1)>'
    world["accounts"]["nudge"] = attack
    ids = world["accounts"]["account_id"].replace("acc-0000", "../../<b>&'\"")
    world["milestones"]["account_id"] = world["milestones"]["account_id"].replace(
        "acc-0000", "../../<b>&'\""
    )
    write_report(
        tmp_path / "out", **{**world, "accounts": world["accounts"].assign(account_id=ids)}
    )
    written = pages(tmp_path / "out")
    assert len(written) == 10
    for path in written:
        html = path.read_text(encoding="utf-8")
        assert attack not in html
        assert "<img" not in html
    assert attack in Page(tmp_path / "out" / "index.html").text


def test_no_null_reads_as_nan(report, plain):
    for path in pages(report) + pages(plain):
        assert not re.search(r"\bnan\b|\bNaT\b|\bNone\b|<NA>", Page(path).text), path


def test_no_column_name_reaches_a_reader(report):
    for path in pages(report):
        assert not re.search(r"\b\w+_(\d+d|count|days|share)\b", Page(path).text), path


def test_money_is_told_where_there_is_any(report):
    text = Page(report / "index.html").text
    assert "ARR at risk" in text
    assert re.search(r"\$\d{1,3}(,\d{3})+", text)


def test_nothing_of_money_owners_or_segments_is_shown_where_there_is_none(plain):
    for path in plain.rglob("*.html"):
        if path.name != "definitions.html":
            assert not re.search(r"\$|\bARR\b|renews", Page(path).text), path
    assert "First to work" in Page(plain / "index.html").text


def test_a_baselines_risk_is_never_dressed_up_as_the_models(report, plain):
    for path in plain.rglob("*.html"):
        if path.name != "definitions.html":
            text = Page(path).text
            assert "No skill beyond the baseline is shown" in text, path
            assert "not of the model" in text
    assert "No skill" not in Page(report / "index.html").text


def test_accounts_without_a_page_are_said_to_have_none(plain):
    assert len(list((plain / "accounts").iterdir())) == 10
    text = Page(plain / "index.html").text
    assert "The first 10 of 60 accounts by rank have a page of their own" in text


def test_all_accounts_are_in_the_list_by_rank(report, plain):
    for folder in (report, plain):
        html = (folder / "index.html").read_text("utf-8")
        ranks = [int(r) for r in re.findall(r'<tr data-rank="(\d+)"', html)]
        assert ranks == list(range(1, 61))


def test_an_account_without_a_score_says_why(report):
    new = Page(report / "accounts" / "acc-0057.html").text
    scarce = Page(report / "accounts" / "acc-0058.html").text
    assert "Too new to score" in new
    assert "not enough data" in scarce
    assert "not scored" in Page(report / "index.html").text


def test_the_reasons_on_the_page_sum_to_the_risk_on_the_page(report):
    seen = 0
    for path in (report / "accounts").iterdir():
        html = path.read_text("utf-8")
        cells = re.findall(r'<td class="right points">([^<]+)</td>', html)
        if not cells:
            continue
        numbers = [
            float(c.replace("\u2212", "-").replace("\u00a0%", "").replace("+", ""))
            for c in cells
        ]
        assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=1e-9)
        seen += 1
    assert seen == 57


def test_the_page_shows_the_ladder_in_the_playbooks_order(report):
    text = Page(report / "accounts" / "acc-0000.html").text
    names = ["Data source connected", "First workflow automated", "A team works in it"]
    ladder = text[text.index("Milestones") :]
    places = [ladder.index(name) for name in names]
    assert places == sorted(places)


def test_roles_are_shown_where_they_are_known(tmp_path):
    import pandas as pd

    world = a_world(a_configuration(tmp_path), count=6)
    roles = pd.DataFrame(
        {
            "account_id": ["acc-0001"] * 2,
            "role": ["admin", "power_user"],
            "active_people": [0, 4],
            "quarter_people": [2.0, 5.0],
            "last_active_on": [None, pd.Timestamp("2025-03-02")],
        }
    )
    write_report(tmp_path, **world, roles=roles)
    text = Page(tmp_path / "accounts" / "acc-0001.html").text
    assert "Power user 4 active in the last 4 weeks, 5 in the last 13 last 2 Mar 2025" in text


def test_an_effect_is_told_with_its_interval_and_how_it_is_known(tmp_path):
    world = a_world(a_configuration(tmp_path), count=12)
    world["accounts"] = world["accounts"].assign(
        next_effect_points=-0.031, next_effect_low=-0.05, next_effect_high=-0.01
    )
    write_report(tmp_path, **world)
    index = world["accounts"].loc[world["accounts"]["next_milestone"].notna(), "account_id"]
    text = Page(tmp_path / "accounts" / f"{index.iloc[0]}.html").text
    assert (
        "Reaching it changes the risk by \u22123.1 points (between \u22125.0 and \u22121.0)"
        in text
    )
    assert "which is no proof" in text


@pytest.mark.parametrize("count", [0, 1])
def test_the_smallest_books_have_a_page_too(tmp_path, count):
    world = a_world(a_configuration(tmp_path), count=6)
    kept = world["accounts"].nsmallest(count, "rank")
    mine = kept["account_id"]
    world["accounts"] = kept
    for table in ("milestones", "usage"):
        world[table] = world[table][world[table]["account_id"].isin(mine)]
    write_report(tmp_path, **world)
    assert f"Accounts {count} " in Page(tmp_path / "index.html").text


def test_what_arrow_gave_back_reads_like_what_was_written(tmp_path):
    from serving.scorecard import accounts_schema, as_table

    configuration = a_configuration(tmp_path)
    world = a_world(configuration, count=8)
    write_report(tmp_path / "before", **world)
    schema = accounts_schema(configuration.project.outcomes.horizons_days)
    world["accounts"] = as_table(world["accounts"], schema).to_pandas()
    write_report(tmp_path / "after", **world)
    for path in pages(tmp_path / "before"):
        twin = tmp_path / "after" / path.relative_to(tmp_path / "before")
        assert twin.read_text("utf-8") == path.read_text("utf-8")


def test_six_hundred_pages_take_seconds(tmp_path):
    world = a_world(a_configuration(tmp_path), count=600)
    before = time.process_time()
    write_report(tmp_path, **world)
    assert time.process_time() - before < 10
    assert len(list((tmp_path / "accounts").iterdir())) == 600


def test_the_inputs_are_left_as_they_were(tmp_path):
    world = a_world(a_configuration(tmp_path), count=8)
    before = world["accounts"].copy(deep=True)
    write_report(tmp_path, **world)
    assert world["accounts"].columns.equals(before.columns)
    assert np.array_equal(world["accounts"]["rank"], before["rank"])


def test_a_book_without_any_score_says_so_and_shows_the_rest(tmp_path):
    world = a_world(a_configuration(tmp_path), count=6)
    risks = [name for name in world["accounts"] if "churn_risk" in name]
    world["accounts"][[*risks, "base_risk", "arr_at_risk"]] = np.nan
    world["accounts"] = world["accounts"].assign(
        status="not_enough_data", risk_source=None, reasons=[[]] * 6
    )
    write_report(tmp_path, **world)
    text = Page(tmp_path / "index.html").text
    assert "Nothing is scored." in text
    assert "none of these accounts has a score" in text
    assert "Data source connected" in Page(tmp_path / "accounts" / "acc-0001.html").text


def test_the_number_of_people_is_not_drawn_where_each_account_is_one_person(tmp_path):
    world = a_world(a_configuration(tmp_path), count=6)
    write_report(tmp_path / "many", **world)
    world["usage"] = world["usage"].assign(active_users=1)
    write_report(tmp_path / "one", **world)
    assert "People active per week" in Page(tmp_path / "many/accounts/acc-0001.html").text
    assert "People active per week" not in Page(tmp_path / "one/accounts/acc-0001.html").text
