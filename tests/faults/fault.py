"""A small fault that is put into the package by hand, and the tests that have to catch it."""

from typing import NamedTuple


class Fault(NamedTuple):
    """One change that makes the package wrong.

    Attributes:
        name: what is wrong then.
        old: the right code, which must stand in the package exactly once, so that a file may move.
        new: the wrong code in its place.
        tests: whose failure is asked for, named by the end of their path; `file.py::name` is one test of the file.
    """

    name: str
    old: str
    new: str
    tests: str
