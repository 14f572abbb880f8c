"""`python -m ganzoo.reexport`, by the name it has had in a checkout."""

import runpy

if __name__ == "__main__":
    runpy.run_module("ganzoo.reexport", run_name="__main__", alter_sys=True)
