"""Pages from a static server in a real browser: the samples of the SavedModel, no request elsewhere, axe-core."""

import functools
import json
import re
import shlex
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from ganzoo.pictures import drawing
from ganzoo.playground import in_node, pages
from tests.browsers import IN_A_BROWSER, assert_usable
from tests.exports import TRANSLATORS

KINDS = ["gan", "points", "cgan", "infogan", "pix2pix", "cyclegan", "stargan"]

pytestmark = IN_A_BROWSER


class Handler(SimpleHTTPRequestHandler):
    """`python -m http.server`, silent: no headers of cross-origin isolation, so no SharedArrayBuffer."""

    def log_message(self, *arguments):
        pass


@pytest.fixture
def served(page):
    """kind or folder -> the address of its page, at a path below the server's root."""
    servers = []

    def of(kind):
        folder = page(kind)[1] if isinstance(kind, str) else kind
        handler = functools.partial(Handler, directory=folder.parent)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/{folder.name}/"

    yield of
    for server in servers:
        server.shutdown()
        server.server_close()


def finished(tab, text="accepted, from"):
    """Waits until a drawing is done, and gives what the page says of it."""
    status = tab.locator("[role=status]", has_text=text)
    status.wait_for(state="attached", timeout=120_000)
    return status.text_content()


def fates(tab):
    tiles = tab.locator("ol.proposals li:visible").all()
    return [tile.get_attribute("class") for tile in tiles]


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_usable_by_everybody_and_asks_its_own_server_alone(open_page, served, tmp_path, kind):
    drawing.write_png(tmp_path / "picture.png", np.full((30, 20, 1), 200, np.uint8))
    address = served(kind)
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            tab = open_page(address, width, scheme)
            if kind in TRANSLATORS:
                tab.get_by_label("picture").first.set_input_files(tmp_path / "picture.png")
            finished(tab, "in ")
            assert not tab.evaluate("crossOriginIsolated")
            assert all(url.startswith((address, "data:")) for url in tab.requests)
            assert not tab.locator("#problem").is_visible()
            assert_usable(tab, width)


@pytest.mark.parametrize("kind", ["gan", "cgan"])
def test_what_the_page_shows_is_what_node_draws(open_page, served, page, node, kind):
    """Every proposal's fate in its order; Node's draw is held against the SavedModel's in test_pages."""
    what, folder, _ = page(kind)
    tab = open_page(served(kind))
    said = finished(tab)
    labels = [number % 10 for number in range(40)] if kind == "cgan" else None
    request = in_node.request("drs", 40, gamma=what.facts["sampling"]["gamma_percentile"], labels=labels)
    (drawn,) = in_node.drawn(folder, [1, 0], latents=1, draws=[request])["draws"]
    assert said.startswith(f"40 of 40 samples accepted, from {drawn['num_proposed']} proposals")
    shown = fates(tab)
    assert shown.count("accepted") == 40
    if kind == "gan":
        assert len(shown) == drawn["num_proposed"]
        pixels = tab.evaluate(
            """() => Array.from(document.querySelector("li.accepted canvas").getContext("2d")
            .getImageData(0, 0, 16, 16).data.filter((_, place) => place % 4 === 0))"""
        )
        np.testing.assert_allclose(pixels, (drawn["samples"][:256] + 1) * 127.5, atol=0.6)
    else:
        assert len(shown) <= drawn["num_proposed"]
        assert "class 0: " in tab.locator("ol.proposals canvas").first.get_attribute("aria-label")


def test_the_settings_go_by_keys_and_change_what_is_drawn(open_page, served):
    tab = open_page(served("gan"))
    before = finished(tab)
    gamma = tab.get_by_role("slider", name="gamma")
    gamma.focus()
    tab.keyboard.press("Home")
    tab.locator("pre", has_text="--gamma_percentile 0 ").wait_for()
    fewer = [f"from {count} proposals" for count in range(40, int(re.search(r"from (\d+)", before)[1]))]
    finished(tab, re.compile("|".join(fewer)))  # more of them are accepted
    assert gamma.get_attribute("aria-valuetext") == "0 %, larger is stricter"
    tab.get_by_role("radio", name="obrs: by a budget").check()
    budget = tab.get_by_role("slider", name="budget")
    budget.wait_for()
    assert not gamma.is_visible()
    budget.focus()
    tab.keyboard.press("End")
    assert "20 proposals per sample" in budget.get_attribute("aria-valuetext")
    assert "--signature obrs" in tab.locator("pre").text_content()
    tab.get_by_role("radio", name="none: the generator alone").check()
    finished(tab, "from 40 proposals (100 %)")
    assert set(fates(tab)) == {"accepted"}
    samples = tab.get_by_role("slider", name="samples")
    samples.focus()
    tab.keyboard.press("Home")
    finished(tab, "1 of 1 samples accepted")
    first = tab.locator("ol.proposals canvas").first.screenshot()
    tab.get_by_role("button", name="Next seed").press("Enter")
    tab.locator("pre", has_text="--seed 2").wait_for()
    finished(tab, "1 of 1 samples accepted")
    tab.wait_for_timeout(500)
    assert tab.locator("ol.proposals canvas").first.screenshot() != first
    assert tab.messages == []


def test_rejected_proposals_can_be_left_out(open_page, served):
    tab = open_page(served("gan"))
    finished(tab)
    assert "rejected" in fates(tab)
    tab.get_by_role("checkbox", name="show rejected proposals").uncheck()
    assert set(fates(tab)) == {"accepted"}
    assert len(fates(tab)) == 40


def test_classes_are_chosen(open_page, served):
    tab = open_page(served("cgan"))
    finished(tab)
    for number in range(10):
        box = tab.get_by_role("checkbox", name=str(number), exact=True)
        box.uncheck()
    tab.get_by_text("Choose a class.").wait_for()
    tab.get_by_role("checkbox", name="7", exact=True).check()
    tab.locator("pre", has_text="--labels 7").wait_for()
    finished(tab)
    tab.wait_for_timeout(500)
    labels = [one.get_attribute("aria-label") for one in tab.locator("ol.proposals li:visible canvas").all()]
    assert labels
    assert all(", class 7: " in label for label in labels)


def test_the_command_names_classes_as_sample_takes_them(open_page, served, page, tmp_path):
    """Names go before numbers there: a folder "2" has another number, and a name may need quotes."""
    site = shutil.copytree(page("cgan")[1], tmp_path / "site")
    facts = json.loads((site / "playground.json").read_text())
    facts["class_names"] = ["2", "it's, so"] + [f"class {label}" for label in range(2, 10)]
    (site / "playground.json").write_text(json.dumps(facts))
    tab = open_page(served(site))
    finished(tab)
    for name in facts["class_names"][2:]:
        tab.get_by_role("checkbox", name=name, exact=True).uncheck()
    words = shlex.split(tab.locator("pre", has_text=re.compile("so\"' --out")).text_content())
    assert words[words.index("--labels") + 1] == '2,"it\'s, so"'


def test_codes_are_chosen(open_page, served):
    tab = open_page(served("infogan"))
    finished(tab)
    assert not tab.get_by_role("slider", name="category").is_visible()
    tab.get_by_role("radio", name="chosen").check()
    category = tab.get_by_role("slider", name="category")
    category.focus()
    tab.keyboard.press("End")
    tab.locator("pre", has_text="generate_from_codes").wait_for()
    finished(tab)
    assert tab.messages == []


def test_the_histogram_names_the_threshold(open_page, served):
    tab = open_page(served("points"))
    finished(tab)
    label = tab.locator(".histogram").get_attribute("aria-label")
    assert "40 were accepted" in label
    assert "Half are accepted at: " in label
    assert tab.locator(".histogram rect.accepted").count() > 0
    assert tab.locator(".histogram rect.rejected").count() > 0
    assert "40 accepted points" in tab.locator("canvas.scatter").get_attribute("aria-label")


def pixels(tab, name):
    """The grey levels of a canvas under a caption."""
    canvas = tab.locator("figure", has_text=name).locator("canvas")
    return canvas.evaluate(
        """canvas => Array.from(canvas.getContext("2d").getImageData(0, 0, 16, 16).data)
        .filter((_, place) => place % 4 === 0)"""
    )


def test_a_picture_is_translated_as_the_savedmodel_does(open_page, served, page, node, tmp_path):
    """By a file: the output's pixels are those of Node, which test_pages holds against the SavedModel."""
    tab = open_page(served("cyclegan"))
    levels = np.random.default_rng(0).integers(0, 256, (16, 16, 1), np.uint8)
    drawing.write_png(tmp_path / "picture.png", levels)
    tab.get_by_label("picture").first.set_input_files(tmp_path / "picture.png")
    finished(tab, "Translated in")
    np.testing.assert_array_equal(pixels(tab, "Input"), levels.ravel())
    found = in_node.translated(page("cyclegan")[1], levels[None] / np.float32(127.5) - 1, 1)["images"]
    np.testing.assert_allclose(pixels(tab, "Output"), (found + 1) * 127.5, atol=0.6)
    tab.get_by_role("radio", name="light to dark").check()
    tab.get_by_role("img", name="translated from light to dark").wait_for()
    tab.get_by_label("picture").first.set_input_files(__file__)
    refusal = "test_browser.py is no picture that this browser can read."
    finished(tab, refusal)
    tab.wait_for_timeout(1000)
    finished(tab, refusal)  # the picture of before, translated again, would have taken its place
    assert tab.messages == []


def test_a_picture_can_be_dropped(open_page, served):
    tab = open_page(served("stargan"))
    tab.get_by_role("radio", name="to middling").wait_for()
    tab.evaluate(
        """async () => {
          const canvas = new OffscreenCanvas(40, 20);
          canvas.getContext("2d").fillRect(0, 0, 40, 20);
          const data = new DataTransfer();
          data.items.add(new File([await canvas.convertToBlob()], "dropped.png", { type: "image/png" }));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
    )
    finished(tab, "Translated in")
    assert set(pixels(tab, "Input")) == {0}
    assert tab.messages == []


def test_a_drawing_is_translated_by_mouse_and_by_keys(open_page, served):
    tab = open_page(served("pix2pix"))
    drawn = tab.locator("canvas.drawable")
    drawn.wait_for()
    assert set(pixels(tab, "Input")) == {0}
    box = drawn.bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    tab.mouse.up()
    finished(tab, "Accepted translation")
    by_mouse = pixels(tab, "Input")
    assert max(by_mouse) == 255
    assert fates(tab).count("accepted") == 1
    tab.get_by_role("button", name="Clear").click()
    assert set(pixels(tab, "Input")) == {0}
    drawn.focus()
    tab.keyboard.press("Space")
    for _ in range(4):
        tab.keyboard.press("ArrowDown")
    assert pixels(tab, "Input")[16 * 11 + 8] > 100
    finished(tab, "Accepted translation")
    tab.get_by_role("radio", name="black on white").check()
    assert set(pixels(tab, "Input")) == {255}
    assert tab.messages == []


def test_opened_from_the_disk_it_says_how_to_serve_it(open_page, page):
    tab = open_page((page("points")[1] / "index.html").resolve().as_uri())
    assert "Serve the folder, by “python -m http.server” in it" in tab.locator("#problem").text_content()


@pytest.mark.parametrize(
    "script, said",
    [
        ("WebAssembly.validate = () => false", "This browser's WebAssembly has no SIMD"),
        ("delete globalThis.WebAssembly", "This browser has no WebAssembly"),
        ("WebAssembly.Memory = function () { throw new TypeError(); }", "has no shared memory"),
    ],
)
def test_a_browser_that_cannot_run_it_is_told_why(open_page, served, script, said):
    tab = open_page(served("points"), script=script)
    assert said in tab.locator("#problem").text_content()
    assert not tab.get_by_role("slider").first.is_visible()


def test_without_scripts_it_says_that_it_needs_them(browser, served):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(served("points"))
    assert "This page needs JavaScript" in tab.locator("#problem").text_content()
    context.close()


@pytest.mark.parametrize("name", ["propose.onnx", "burn_in.f32", "playground.json", "onnxruntime/ort-wasm.wasm"])
def test_a_file_that_is_missing_is_named(open_page, served, page, tmp_path, name):
    shutil.copytree(page("points")[1], tmp_path / "site")
    (tmp_path / "site" / name).unlink()
    tab = open_page(served(tmp_path / "site"))
    tab.locator("#problem", has_text=name).wait_for(timeout=60_000)
    assert pages.FACTS in {url.rpartition("/")[2] for url in tab.requests}
