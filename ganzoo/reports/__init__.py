"""The page of a run, `report.html`, and the page that compares runs: one file each, without a link to the outside."""

from pathlib import Path

STYLE = Path(__file__).with_name("templates") / "style.css"  # of all of ganzoo's pages
