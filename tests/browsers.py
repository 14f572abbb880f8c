"""Pages in a real browser: a tab with what it asked for and printed, and what every page must be."""

import shutil

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: `apt install chromium` brings one"),
]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Opens an address; what it requests and what it prints to the console is in `requests` and `messages`."""
    contexts = []

    def opened(url, width=1280, scheme="light", script=None):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        tab = context.new_page()
        tab.requests, tab.messages = [], []
        tab.on("request", lambda request: tab.requests.append(request.url))
        tab.on("console", lambda message: tab.messages.append(message.text))
        tab.on("pageerror", lambda error: tab.messages.append(str(error)))
        if script:
            tab.add_init_script(script)
        tab.goto(url)
        return tab

    yield opened
    for context in contexts:
        context.close()


def assert_usable(tab, width):
    """Nothing was printed, the page does not scroll sideways, and axe-core finds nothing."""
    from axe_playwright_python.sync_playwright import Axe

    assert tab.messages == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
    violations = Axe().run(tab).response["violations"]
    assert [(found["id"], found["nodes"][0]["html"]) for found in violations] == []
