"""How good are the samples: metrics, the suites that pick those that suit the data, and the reports of a run.

A metric is a registered function in a file of its own, with its direction beside it (`registry`). Models that sample
and translators are measured by the same functions: an evaluator makes what the functions take (`views`).

>>> from ganzoo.evaluation.evaluator import Evaluator
>>> from ganzoo.evaluation.table import format_table
>>> evaluator = Evaluator(train, test)                                # two parts of the reals that share nothing
>>> print(format_table({"generate": evaluator.measure(samples), "floor": evaluator.floor()}))
"""

SAMPLERS = ("generate", "drs", "obrs", "mh")
"""The signatures of an export that draw samples, in the order of the report."""
