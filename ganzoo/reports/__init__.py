"""The page of a run, `report.html`, and the page that compares runs: one file each, without a link to the outside."""
