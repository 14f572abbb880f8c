import pytest

from ganzoo.evaluation.registry import METRICS


@pytest.fixture
def own_metrics():
    """What a test registers is forgotten after it."""
    metrics, definitions = dict(METRICS), dict(METRICS._definitions)
    yield
    METRICS.clear()
    METRICS.update(metrics)
    METRICS._definitions = definitions
