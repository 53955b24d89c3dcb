"""The pages in a real browser: they load alone, sort, sift, and visibly add up."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from serving.report.render import write_report
from tests.serving.report_settings import a_configuration
from tests.serving.report_world import a_world
from tests.serving.test_news import an_alert

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

if not CHROMIUM.exists() and os.environ.get("CI", "").lower() != "true":
    pytest.skip(
        f"{CHROMIUM} is not installed (apt-get install chromium): nothing can show the pages",
        allow_module_level=True,
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(folder, **a_world(a_configuration(folder, account_pages=300), count=260))
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser) -> Iterator[Any]:
    """A page that remembers every complaint and every request it makes."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.complaints, page.requests = [], []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.requests.append(request.url))
    yield page
    page.close()


def visit(page: Any, path: Path) -> None:
    page.goto(path.as_uri())


def ranks(page: Any) -> list[int]:
    return [int(text) for text in page.locator("table.accounts td.rank").all_inner_texts()]


def first_account(report: Path) -> Path:
    return report / "accounts" / "acc-0000.html"


@pytest.mark.parametrize("name", ["index.html", "definitions.html", "accounts/acc-0000.html"])
def test_a_page_loads_alone_and_without_complaint(page, report, name):
    visit(page, report / name)
    assert page.complaints == []
    assert all(url.startswith(("file://", "data:")) for url in page.requests), page.requests


@pytest.mark.parametrize("width", [1440, 768, 390])
@pytest.mark.parametrize("name", ["index.html", "definitions.html", "accounts/acc-0000.html"])
def test_no_page_is_wider_than_the_window(page, report, name, width):
    page.set_viewport_size({"width": width, "height": 900})
    visit(page, report / name)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_alerts_of_long_names_are_read_on_a_phone_without_moving_it(page, tmp_path):
    alert = an_alert("acc-0000", "renewal", "raised", text="It is near, and not ready " * 4)
    held = an_alert("acc-0001", "high", "held", note="held: its owner hears of enough " * 3)
    world = a_world(a_configuration(tmp_path), count=12)
    world["accounts"]["name"] = "Rhein-Donau Dampfschifffahrtsgesellschaft & Co"
    tables = {"alerts": pd.DataFrame([alert, held]), "alerts_record": pd.DataFrame()}
    write_report(tmp_path, **world, tables=tables)
    page.set_viewport_size({"width": 390, "height": 900})
    visit(page, tmp_path / "alerts.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_owner_with_a_very_long_name_does_not_widen_a_phone(page, tmp_path):
    world = a_world(a_configuration(tmp_path), count=12)
    world["accounts"]["owner"] = "Customer Success, Europe, the Middle East and Africa, team 2"
    write_report(tmp_path, **world)
    page.set_viewport_size({"width": 390, "height": 900})
    visit(page, tmp_path / "index.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_list_shows_the_first_accounts_and_more_when_asked(page, report):
    visit(page, report / "index.html")
    assert ranks(page) == list(range(1, 201))
    assert page.inner_text(".sieve output") == "first 200 of 260 accounts"
    page.click(".more button")
    assert len(ranks(page)) == 260


def test_the_list_sorts_both_ways(page, report):
    visit(page, report / "index.html")
    page.click("[data-by=arr] .sort")
    amounts = page.eval_on_selector_all(
        "table.accounts tbody tr", "rows => rows.map(row => Number(row.dataset.arr))"
    )
    assert amounts == sorted(amounts, reverse=True)
    assert page.get_attribute("th:has([data-by=arr])", "aria-sort") == "descending"
    page.click("[data-by=arr] .sort")
    assert page.get_attribute("th:has([data-by=arr])", "aria-sort") == "ascending"
    page.click("[data-by=rank] .sort")
    assert ranks(page) == list(range(1, 201))


def test_accounts_without_a_value_come_last_whichever_way(page, report):
    visit(page, report / "index.html")
    page.click(".more button")
    for _ in range(2):
        page.click("[data-by=risk] .sort")
        assert "not scored" in page.inner_text("table.accounts tbody tr:last-child td.risk")


def test_the_list_sifts_by_owner_week_and_words(page, report):
    visit(page, report / "index.html")
    page.select_option("select[name=owner]", "Ana Ortiz")
    owners = page.eval_on_selector_all(
        "table.accounts tbody tr", "rows => rows.map(row => row.dataset.owner)"
    )
    assert set(owners) == {"Ana Ortiz"}
    page.check("input[name=week]")
    assert len(ranks(page)) == 5
    assert page.inner_text(".sieve output") == "5 of 260 accounts"
    page.uncheck("input[name=week]")
    page.select_option("select[name=owner]", "")
    page.fill("input[name=find]", "acc-0123")
    assert page.locator("table.accounts tbody tr").count() == 1


def test_the_bars_lead_from_the_average_account_to_the_risk(page, report):
    visit(page, first_account(report))
    cells = page.locator("td.points").all_inner_texts()
    numbers = [float(c.replace("\u2212", "-").replace("%", "").replace("+", "")) for c in cells]
    assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=1e-9)
    ends = page.eval_on_selector_all(
        ".way svg", "all => all.map(svg => svg.querySelector('path').getAttribute('d'))"
    )
    assert ends[-2] == ends[-1], "the last step ends where the account's own bar ends"
    shown = float(page.inner_text("#risk").replace("%", ""))
    assert shown == pytest.approx(numbers[-1], abs=0.51)


def test_a_reader_finds_the_meaning_of_a_word_one_click_away(page, report):
    visit(page, report / "index.html")
    page.click("table.accounts th .term >> text=Pace")
    assert page.url.endswith("definitions.html#pace")
    assert page.locator("#pace dt").is_visible()


def test_pages_lead_on_to_the_next_account(page, report):
    visit(page, report / "index.html")
    page.click("table.accounts tbody tr:first-child a.name")
    first = page.inner_text("h1")
    here = page.url
    page.click("a[rel=next]")
    assert page.url != here
    page.click("a[rel=prev]")
    assert page.url == here
    assert page.inner_text("h1") == first


def test_everything_can_be_read_without_javascript(browser, report):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    visit(page, report / "index.html")
    assert page.locator("table.accounts tbody tr").last.is_visible()
    assert not page.locator(".sieve").is_visible()
    visit(page, first_account(report))
    assert page.locator(".way tr.whole").last.is_visible()
    context.close()


def test_on_paper_every_owners_week_is_open(page, report):
    visit(page, report / "index.html")
    page.emulate_media(media="print")
    closed = page.locator("details.week:not([open]) .work")
    assert closed.count() >= 3
    heights = closed.evaluate_all("lists => lists.map(list => list.offsetHeight)")
    assert all(height > 0 for height in heights)
    assert not page.locator(".sieve").is_visible()
