"""Pages opened from the disk in a real browser: nothing is requested, every picture decodes, axe-core finds nothing."""

import numpy as np
import pytest

from ganzoo.pictures import drawing
from ganzoo.reports import compare, page
from tests.browsers import IN_A_BROWSER, assert_usable
from tests.reports.conftest import KINDS, write_curves

KINDS_OF_PAGES = [*KINDS, "without curves", "not finite", "stopped", "compared"]

pytestmark = IN_A_BROWSER


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
    address = path_of(kind).resolve().as_uri()
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            tab = open_page(address, width, scheme)
            assert [url for url in tab.requests if not url.startswith("data:")] == [address]
            broken = "[...document.images].filter(image => !image.complete || image.naturalWidth === 0).length"
            assert tab.evaluate(broken) == 0
            assert_usable(tab, width)


def test_the_slider_goes_by_keys_and_plays(open_page, new_run):
    workdir = new_run(finished=False)
    for step, grey in ((100, 50), (200, 100), (300, 150)):
        drawing.write_png(workdir / "samples" / f"step_{step:06d}.png", np.full((8, 8, 1), grey, np.uint8))
    tab = open_page(page.write(workdir).resolve().as_uri())
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
        open_page(path.resolve().as_uri(), scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
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
