"""`python -m ganzoo.serving.measure_latency`, by the name it has had in a checkout."""

import runpy

if __name__ == "__main__":
    runpy.run_module("ganzoo.serving.measure_latency", run_name="__main__", alter_sys=True)
