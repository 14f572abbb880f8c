import tensorflow as tf

from benchmarks import exports_in_turn
from benchmarks.export_sizes import Contents, contents, measure, table
from benchmarks.exports_in_turn import OTHER, THIS


def saved(folder, additions):
    """A SavedModel with so many additions in the function of its signature."""
    module = tf.Module()
    module.weights = tf.Variable(tf.zeros([1000]))

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)], autograph=False)
    def add(x):
        for _ in range(additions):
            x = x + module.weights[0]
        return x

    module.add = add
    tf.saved_model.save(module, str(folder))
    return folder


def test_operations_of_functions_and_the_files_are_counted(tmp_path):
    few, more, many = (contents(saved(tmp_path / str(count), count)) for count in (1, 2, 7))
    assert few.operations < more.operations
    assert many.operations - few.operations == 6 * (more.operations - few.operations)
    assert few.graph_mb == (tmp_path / "1" / "saved_model.pb").stat().st_size / 1e6
    assert 0.004 < few.weights_mb < 0.008
    assert few.weights_mb == many.weights_mb


def test_both_builds_exports_are_measured(tmp_path, monkeypatch):
    folders = {THIS: saved(tmp_path / "this", 1), OTHER: saved(tmp_path / "other", 3)}
    asked = []
    monkeypatch.setattr(exports_in_turn, "exports", lambda *arguments: asked.append(arguments) or folders)
    found = measure("cyclegan", "1e8b19c", 3, tmp_path)
    assert asked == [("1e8b19c", ["--model", "cyclegan", "--steps", "3"], tmp_path)]
    assert found[OTHER].operations > found[THIS].operations
    assert min(found[THIS].seconds, found[OTHER].seconds) > 0
    measure("gan", "1e8b19c", 3, tmp_path)
    assert "--config.ratio.refit.steps=3" in asked[1][1]


def test_the_table_has_both_builds_in_each_cell():
    found = {"gan": {THIS: Contents(0.5, 4.0, 1_200, 0.25), OTHER: Contents(1.0, 8.0, 4_800, 0.5)}}
    header, _, line = table(found).splitlines()
    assert header == "| entry | graph, MB | weights, MB | operations | seconds to load |"
    assert line == "| gan | 1.00 → 0.500 | 8.00 → 4.00 | 4,800 → 1,200 | 0.500 → 0.250 |"
