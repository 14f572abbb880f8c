"""A trained run as a page: the proposals of `drs` drawn and decided in the browser, from any static server."""
