"""A real Chromium for tests that look at pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.servers.programs import have_program

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# It asks nobody for news, and needs no sandbox: it shows pages of the test itself alone.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
HOW_TO = (
    "These tests need Chromium: put `chromium` on the PATH "
    "(Debian: apt-get install chromium; macOS: brew install chromium)."
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a Chromium without a window, and end it.

    Raises:
        NoServerError: There is none and it cannot be installed here; the text says what to do.
    """
    program = have_program(_NAMES, packages=("chromium",), how_to=HOW_TO)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()
