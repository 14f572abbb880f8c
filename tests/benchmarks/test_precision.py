from benchmarks import precision

SINGLE = {0: 40.0, 1: 44.0, 2: 42.0}


def runs(half):
    """Runs whose distances in half precision are float32's with so much added."""
    of = {"float32": 0.0, "mixed_bfloat16": half}
    return {
        (name, seed): {
            sampler: {"recall_3k": 0.5, "fd_digits10k": SINGLE[seed] + more} for sampler in precision.SAMPLERS
        }
        for seed in SINGLE
        for name, more in of.items()
    }


def test_a_mean_within_the_range_of_the_seeds_is_as_good():
    assert precision.shortfalls(precision.distances(runs(3.9))) == []
    assert precision.shortfalls(precision.distances(runs(-9.0))) == []


def test_a_mean_beyond_the_range_of_the_seeds_is_worse():
    lines = precision.shortfalls(precision.distances(runs(4.5)))
    assert lines[0] == "generate: 4.5 worse in half precision, where the seeds are 4 apart"
    assert len(lines) == len(precision.SAMPLERS)


def test_the_table_has_every_seed_and_their_mean():
    lines = precision.table(precision.distances(runs(1.0))).splitlines()[2:]
    assert lines[0] == "| float32 | generate | 40.0 | 44.0 | 42.0 | 42.0 |"
    assert "| mixed_bfloat16 | drs | 41.0 | 45.0 | 43.0 | 43.0 |" in lines
