"""Pages opened from the disk in a real browser: nothing is requested, every picture decodes, axe-core finds nothing."""

import shutil

import numpy as np
import pytest

from ganzoo.pictures import drawing
from ganzoo.reports import compare, page
from tests.reports.conftest import KINDS, write_curves

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
KINDS_OF_PAGES = [*KINDS, "without curves", "not finite", "stopped", "compared"]

pytestmark = [
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
    """Opens a file; what it requests and what it prints to the console is in the lists `requests` and `messages`."""
    contexts = []

    def opened(path, width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        tab = context.new_page()
        tab.requests, tab.messages = [], []
        tab.on("request", lambda request: tab.requests.append(request.url))
        tab.on("console", lambda message: tab.messages.append(message.text))
        tab.on("pageerror", lambda error: tab.messages.append(str(error)))
        tab.goto(path.resolve().as_uri())
        return tab

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def path_of(made, new_run, tmp_path):
    def path(kind):
        if kind in KINDS:
            return page.write(made(kind))
        if kind == "compared":
            runs = [new_run(f"run-{seed}", seed=seed) for seed in range(3)]
            return compare.write(runs, tmp_path / "compare.html")
        workdir = new_run(finished=kind != "stopped", with_curves=False)
        if kind == "not finite":
            write_curves(workdir, {"generator_loss": {20: 1.0, 40: float("nan"), 60: 2.0}, "r1": {20: float("nan")}})
        return page.write(workdir)

    return path


@pytest.mark.parametrize("kind", KINDS_OF_PAGES)
def test_a_page_needs_nothing_and_is_usable_by_everybody(open_page, path_of, kind):
    from axe_playwright_python.sync_playwright import Axe

    path = path_of(kind)
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            tab = open_page(path, width, scheme)
            assert [url for url in tab.requests if not url.startswith("data:")] == [path.resolve().as_uri()]
            assert tab.messages == []
            broken = "[...document.images].filter(image => !image.complete || image.naturalWidth === 0).length"
            assert tab.evaluate(broken) == 0
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
            violations = Axe().run(tab).response["violations"]
            assert [(found["id"], found["nodes"][0]["html"]) for found in violations] == []


def test_the_slider_goes_by_keys_and_plays(open_page, new_run):
    workdir = new_run(finished=False)
    for step, grey in ((100, 50), (200, 100), (300, 150)):
        drawing.write_png(workdir / "samples" / f"step_{step:06d}.png", np.full((8, 8, 1), grey, np.uint8))
    tab = open_page(page.write(workdir))
    slider, image = tab.get_by_role("slider"), tab.locator("[data-slider] img")
    last = image.get_attribute("src")
    slider.focus()
    tab.keyboard.press("ArrowLeft")
    assert tab.locator("output").text_content() == "step 200"
    assert slider.get_attribute("aria-valuetext") == "step 200"
    assert image.get_attribute("src") != last
    tab.keyboard.press("Home")
    assert image.get_attribute("alt") == "Samples at step 1"
    tab.keyboard.press("End")
    assert image.get_attribute("src") == last
    tab.get_by_role("button", name="Play").press("Enter")
    assert tab.locator("output").text_content() == "step 1"
    tab.locator("output", has_text="step 300").wait_for(
        timeout=20_000
    )  # the page's policy lets no test evaluate a string


def test_colours_follow_the_readers_system(open_page, made):
    path = page.write(made("pictures"))
    colours = [
        open_page(path, scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 24, 29)"]


def test_without_scripts_the_last_picture_is_there(browser, made):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(page.write(made("pictures")).resolve().as_uri())
    assert tab.locator("[data-slider] img").get_attribute("alt") == "Samples at step 300"
    assert not tab.get_by_role("slider").is_visible()
    context.close()
