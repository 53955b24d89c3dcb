"""The pages: whole, honest, offline, the same bytes from the same scores."""

import hashlib
import re
from pathlib import Path

import pytest

from serving.report.render import write_report
from tests.serving.pages import Page, pages
from tests.serving.report_settings import a_configuration, students
from tests.serving.report_world import a_world


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
