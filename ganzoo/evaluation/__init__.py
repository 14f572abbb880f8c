"""How good are the samples: metrics, the suites that pick those that suit the data, and the reports of a run.

A metric is a registered function in a file of its own, with its direction beside it (`registry`). Models that sample
and translators are measured by the same functions: an evaluator makes what the functions take (`views`).

>>> from ganzoo.evaluation.evaluator import Evaluator
>>> evaluator = Evaluator(train, test)  # two parts of the reals that share nothing
>>> sorted(evaluator.measure(samples))  # the metrics that suit points of a mixture
['high_quality_1k', 'jsd_1k', 'modes_1k', 'std_1k']
>>> evaluator.floor()["modes_1k"]       # the score of reals
2.0
"""

SAMPLERS = ("generate", "drs", "obrs", "mh")
"""The signatures of an export that draw samples, in the order of the report."""
