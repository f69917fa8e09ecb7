"""The page in a real Chromium, as operators use it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, expect
from sqlalchemy import delete

from dbsbm.dashboard.data import Pace
from dbsbm.db.models import AlertSilence, Incident
from tests.integration.dashboard.fleet import SQL, BusyFleet, ago, busy_minute, incident, rows
from tests.integration.dashboard.served import PASSWORD, USER, Served, serve_dashboard
from tests.servers.chromium import chromium

# Soon enough for whoever waits for news, and it leaves the machine to the browser.
PACE = Pace(live=0.5, fresh=0.0)
SECTIONS = ["Health", "Tasks", "Queries", "API", "Cache", "System", "Alerts", "Findings"]

# What a chart says in words, within the error of its quantiles.
HEALTHY = re.compile(r"interactive: last (49\.\d|50(\.\d)?).ms, between (49|50)\S*.ms and (49|50)")
SLOW = re.compile(r"interactive: last (49\.\d|50(\.\d)?).ms, between (49|50)\S*.ms and (8\.9|9)")

# What sticks out where the page can be scrolled sideways.
BEYOND_THE_EDGE = """() => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  const isOut = (element) => element.getBoundingClientRect().right > innerWidth;
  const found = [...document.querySelectorAll("body *")].filter((element) => isOut(element));
  return found.map((element) => element.outerHTML.slice(0, 80));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=30_000)  # a busy machine draws slowly
    with chromium() as started:
        yield started


class Watched:
    """What a page asked for and complained of."""

    def __init__(self, page: Page) -> None:
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        page.on("request", self._request)
        page.on("console", lambda said: self._said(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _request(self, request: Request) -> None:
        if not request.url.startswith("data:"):
            self.hosts.add(urlsplit(request.url).netloc)

    def _said(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)


@pytest.fixture(scope="module")
def fleet(
    _sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, BusyFleet]]:
    """A dashboard of a busy fleet, for all tests."""
    path = shutil.copy(_sqlite_template, tmp_path_factory.mktemp("dashboard") / "fleet.db")
    with serve_dashboard(f"sqlite:///{path}", PACE) as served:
        busy_minute(served.past, ago(days=3), queue_wait=9.0)
        served.add(*rows())
        yield served, BusyFleet(served.past)


@pytest.fixture
def filled(fleet: tuple[Served, BusyFleet]) -> Iterator[Served]:
    """The same, at work until this minute; what operators did is undone after the test."""
    served, busy = fleet
    busy.work()
    yield served
    for table in (Incident, AlertSilence):
        served.database.transact(lambda session, table=table: session.execute(delete(table)))


@pytest.fixture
def stranger(browser: Browser, filled: Served) -> Iterator[Page]:
    """A page that is not logged in yet."""
    with browser.new_context(base_url=filled.url) as context:
        yield from watched(context.new_page(), filled)


@pytest.fixture(scope="module")
def operator(browser: Browser, fleet: tuple[Served, BusyFleet]) -> Iterator[BrowserContext]:
    """Whoever has logged in once; the browser keeps the chart library from page to page."""
    viewport = {"width": 1280, "height": 800}
    with browser.new_context(viewport=viewport, base_url=fleet[0].url) as context:
        page = context.new_page()
        log_in(page)
        page.close()
        yield context


@pytest.fixture
def page(operator: BrowserContext, filled: Served) -> Iterator[Page]:
    """The first page, after the login."""
    for shown in watched(operator.new_page(), filled):
        shown.goto("/", wait_until="commit")
        yield shown


def watched(page: Page, served: Served) -> Iterator[Page]:
    """Hand a page out; in the end nothing may have gone elsewhere or wrong."""
    seen = Watched(page)
    yield page
    page.close()
    assert seen.hosts == {urlsplit(served.url).netloc}
    assert seen.complaints == []


def log_in(page: Page, goal: str = "/") -> None:
    page.goto(goal)
    page.get_by_label("Name").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("navigation", name="Sections")).to_be_visible()


def drawn(page: Page, title: str) -> Locator:
    """The picture of a chart that has been drawn."""
    return page.get_by_role("img", name=re.compile(f"^Chart: {title}"))


def see(page: Page, panel: str) -> None:
    """Scroll to a panel: what is out of sight is not read."""
    page.locator(f"#{panel}").scroll_into_view_if_needed()
    expect(page.locator(f"#{panel} .loading:visible")).to_have_count(0)


def test_the_first_page_says_how_the_fleet_is(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile("The fleet works, and needs attention")
    )
    expect(page.locator("#tile-hit-rate .value")).to_have_text("95%")
    expect(page.locator("#tile-queue-wait .value")).to_have_text(re.compile(r"^50\.?\d*ms$"))
    expect(page.locator("#live")).to_have_text(re.compile(r"^Live, last sample .+ ago$"))
    expect(page.get_by_text("None: no rule is broken.")).to_be_visible()


def test_news_arrive_without_a_reload(page: Page, filled: Served) -> None:
    expect(page.locator("#tile-incidents .value")).to_have_text("0")
    page.evaluate("window.isSamePage = true")

    filled.add(incident(7))

    expect(page.locator("#tile-incidents .value")).to_have_text("1")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("The fleet is not well"))
    expect(
        page.get_by_role("link", name="Members wait for their slips", exact=True)
    ).to_be_visible()
    expect(page.get_by_role("link", name="Alerts 1 open")).to_be_visible()
    assert page.evaluate("window.isSamePage") is True


def test_a_range_changes_charts_and_tables_and_back_undoes_it(page: Page) -> None:
    page.get_by_role("link", name="Tasks", exact=True).click()
    expect(drawn(page, "Wait by queue, p95")).to_have_attribute("aria-label", HEALTHY)

    page.get_by_role("link", name="the last 7 days").click()

    wait = drawn(page, "Wait by queue, p95")
    expect(wait).to_have_attribute("aria-label", SLOW)
    assert page.url.endswith("/tasks?range=7d")
    expect(page.get_by_role("link", name="the last 7 days")).to_have_attribute(
        "aria-current", "true"
    )
    page.go_back()
    expect(wait).to_have_attribute("aria-label", HEALTHY)
    expect(page.get_by_role("link", name="the last hour")).to_have_attribute("aria-current", "true")


def test_a_shared_link_shows_the_same_after_the_login(stranger: Page) -> None:
    log_in(stranger, "/queries?range=6h")

    expect(stranger.get_by_role("heading", level=1)).to_have_text("Queries")
    assert urlsplit(stranger.url)[2:4] == ("/queries", "range=6h")


def test_a_statement_leads_to_its_text_plan_and_charts(page: Page) -> None:
    page.get_by_role("link", name="Queries", exact=True).click()
    see(page, "statements")
    page.get_by_role("link", name=SQL).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Statement a1b2")
    expect(page.get_by_text("type: ALL")).to_be_visible()
    expect(drawn(page, "Time")).to_be_visible()
    page.get_by_role("link", name="← Queries").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Queries")


def test_a_trace_is_followed_from_its_id(page: Page) -> None:
    page.get_by_role("link", name="Tasks", exact=True).click()
    page.get_by_label("Follow a trace").fill("trace-1")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Trace trace-1")
    expect(page.get_by_role("row")).to_have_count(6)


def test_an_incident_is_acknowledged_on_its_page(page: Page, filled: Served) -> None:
    filled.add(incident(7))
    page.get_by_role("link", name="Members wait for their slips", exact=True).click()

    page.get_by_role("button", name="Acknowledge").click()

    expect(page.get_by_text("operator (dashboard)")).to_be_visible()
    page.get_by_role("button", name="Silence for 1 hour").click()
    page.get_by_role("link", name="Alerts 1 open").click()
    expect(page.get_by_role("region", name="Silences").get_by_text("incident 7")).to_be_visible()


def test_a_fix_is_copied_from_the_findings_page(operator: BrowserContext, page: Page) -> None:
    operator.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Findings").click()
    page.locator("#findings").get_by_role("link", name="table games").click()
    helps = page.locator(".panel", has=page.get_by_role("heading", name="What helps"))
    helps.get_by_role("button", name="Copy").click()

    expect(helps.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "CREATE INDEX ix ON games (league)"


def test_a_table_is_sorted_by_its_heads(page: Page) -> None:
    page.get_by_role("link", name="Queries", exact=True).click()
    see(page, "statements")
    region = page.get_by_role("region", name="Statements")
    region.get_by_role("button", name="runs").click()
    head = region.get_by_role("columnheader", name="runs")

    expect(head).to_have_attribute("aria-sort", "descending")
    expect(region.get_by_role("row").nth(1)).to_contain_text(SQL[:30])
    region.get_by_role("button", name="runs").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(region.get_by_role("row").nth(1)).to_contain_text("c3d4")


def test_everything_can_be_reached_by_keyboard_alone(page: Page) -> None:
    focused = page.locator(":focus")
    expect(page.get_by_role("region", name="Verdict")).to_be_visible()
    page.keyboard.press("Tab")
    expect(focused).to_have_text("Skip to the content")
    expect(focused).to_be_in_viewport()
    tab_to(page, "Tasks")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
    expect(focused).to_have_text("Tasks")  # the heading: a reader hears where it is

    page.keyboard.press("Shift+Tab")
    expect(focused).to_have_attribute("class", "verdict small attention")
    page.keyboard.press("Shift+Tab")
    expect(focused).to_have_accessible_name("the last year")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/tasks\?range=6h$"))
    expect(focused).to_have_accessible_name("the last 6 hours")

    values = page.locator("#task-wait-queue summary")
    values.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Values: Wait by queue, p95")).to_be_visible()
    expect(page.locator("#task-wait-queue details td").first).to_contain_text("ms")


def tab_to(page: Page, text: str) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == text:
            return
    raise AssertionError(f"twenty steps do not lead to {text!r}")


def test_news_leave_the_focus_where_it_is(page: Page, filled: Served) -> None:
    on_alerts = page.get_by_role("link", name="Alerts")
    on_tile = page.locator("#tile-hit-rate")
    expect(on_tile).to_be_visible()
    for number, focused in enumerate([on_alerts, on_tile], start=1):
        focused.focus()
        filled.add(incident(number, series=f"queue={number}"))
        expect(page.get_by_role("link", name=f"Alerts {number} open")).to_be_visible()
        expect(page.locator("#tile-incidents .value")).to_have_text(str(number))
        expect(focused).to_be_focused()

    reason = page.get_by_role("link", name="dead letter")
    reason.focus()
    filled.add(incident(3, series="queue=3"))
    expect(page.get_by_role("region", name="Verdict").get_by_role("listitem")).to_have_count(4)
    expect(reason).to_be_focused()


def test_a_dark_phone_shows_every_section_without_scrolling_sideways(
    page: Page, filled: Served
) -> None:
    filled.add(incident(7))
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 320, "height": 640})
    expect(page.get_by_role("link", name="Alerts 1 open")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    for section in SECTIONS:
        page.get_by_role("link", name=re.compile(f"^{section}")).click()
        expect(page).to_have_title(f"{section} · DBSBM")
        assert page.evaluate(BEYOND_THE_EDGE) == [], section
    # Charts with long legends, and tables with long statements.
    for path in ["/tasks", "/queries"]:
        page.goto(path)
        expect(page.locator(".panel").first).to_be_visible()
        for panel in page.locator(".panel[id]").all():
            panel.scroll_into_view_if_needed()
            expect(panel.locator(".loading:visible")).to_have_count(0)
        assert page.evaluate(BEYOND_THE_EDGE) == [], path


def test_the_switch_of_colours_is_remembered_and_redraws_the_charts(page: Page) -> None:
    page.get_by_role("link", name="System", exact=True).click()
    line = page.locator("#process-memory .js-line").first
    before = line.get_attribute("style")
    page.get_by_role("button", name="Switch to dark colours").click()

    expect(line).not_to_have_attribute("style", before)
    page.reload()
    expect(page.get_by_role("button", name="Switch to light colours")).to_be_visible()
    expect(page.locator("body")).to_have_css("background-color", "rgb(14, 20, 27)")
    page.get_by_role("button", name="Switch to light colours").click()
    expect(page.locator("body")).to_have_css("background-color", "rgb(244, 246, 249)")


def test_a_stream_that_breaks_is_said_so_and_numbers_come_by_asking(
    operator: BrowserContext, filled: Served
) -> None:
    page = operator.new_page()
    page.route("**/data/live", lambda route: route.abort())
    page.goto("/")

    expect(page.locator("#live")).to_have_text(re.compile("^Not live, asking every 15 s, last"))
    expect(page.locator("#tile-hit-rate .value")).to_have_text("95%")
    page.close()


def test_old_numbers_are_called_old(browser: Browser, served: Served) -> None:
    busy_minute(served.past, ago(hours=3.5))
    served.past.store()
    with browser.new_context(base_url=served.url) as context:
        page = context.new_page()
        log_in(page)

        expect(page.locator("#live.stale")).to_have_text(re.compile("last sample 3 hours ago"))
        expect(page.get_by_text("no monitor is at work")).to_be_visible()


def test_leaving_shows_the_form_again(stranger: Page) -> None:
    log_in(stranger)
    stranger.get_by_role("button", name="Log out").click()

    expect(stranger.get_by_role("heading", level=1)).to_have_text("DBSBM")
    stranger.goto("/tasks")
    expect(stranger.get_by_label("Password")).to_be_visible()
