"""How good are the samples: each metric a pure function in its own file, and the `Evaluator` that picks the right ones.

>>> from ganzoo.evaluation.evaluator import Evaluator
>>> from ganzoo.evaluation.table import format_table
>>> evaluator = Evaluator(train, test)                                # two parts of the reals that share nothing
>>> print(format_table({"generate": evaluator.measure(samples), "floor": evaluator.floor()}))
"""

SAMPLERS = ("generate", "drs", "obrs", "mh")
"""The signatures of an export that draw samples, in the order of the report."""
