"""What may be registered as a metric."""

import pytest

import ganzoo
from ganzoo.errors import GanzooError
from ganzoo.evaluation.registry import METRICS
from ganzoo.evaluation.suites import MODULES, direction, users_metrics

pytestmark = pytest.mark.usefixtures("own_metrics")


@pytest.mark.parametrize("name", ["fd", "precision", "cycle_error"])
def test_a_name_of_the_package_is_taken(name):
    with pytest.raises(GanzooError, match=f"there is a metric named '{name}' already"):

        @ganzoo.register_metric(name, direction="lower")
        def mine(samples):
            return 0.0

    assert METRICS[name].function.__module__.startswith("ganzoo.")


def test_a_name_of_another_function_is_taken_and_the_same_function_may_come_again():
    for _ in range(2):  # as of a notebook's cell that runs twice

        @ganzoo.register_metric("ink", direction=None)
        def ink(samples):
            return 0.0

    with pytest.raises(GanzooError, match="there is a metric named 'ink' already"):

        @ganzoo.register_metric("ink", direction=None)
        def other(samples):
            return 0.0

    assert users_metrics() == ["ink"]
    assert METRICS["ink"].function is ink


def test_an_unknown_direction_is_refused():
    with pytest.raises(GanzooError, match="the metric 'ink' has the direction 'up'. Give 'lower' or 'higher'"):
        ganzoo.register_metric("ink", direction="up")


def test_a_parameter_that_no_evaluation_has_is_refused_unless_it_has_a_default():
    def ink(samples, fakes):
        return 0.0

    def with_option(samples, *, fakes=3):
        return 0.0

    with pytest.raises(GanzooError, match="the metric 'ink' takes 'fakes', but a metric can take samples, reals"):
        ganzoo.register_metric("ink", direction=None)(ink)
    ganzoo.register_metric("ink", direction=None)(with_option)
    assert METRICS["ink"].takes == ("samples",)


def test_the_longest_name_says_the_direction():
    """A user's `fd_mine` is not `fd` in features named "mine"."""
    ganzoo.register_metric("fd_mine", direction="higher")(lambda samples: 0.0)
    assert direction("fd_mine_10k") == "higher"
    assert direction("fd_monet_160") == direction("fd_digits10k") == direction("fd") == "lower"
    assert direction("fdx_10k") is None


def test_every_metric_of_the_package_lies_in_a_file_of_the_suites():
    files = {module.__name__ for module in MODULES}
    assert {metric.function.__module__ for metric in METRICS.values()} == files
