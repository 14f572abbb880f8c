import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from ganzoo.export import warm_up


@pytest.mark.parametrize(
    "kind", ["gan", "cgan", "infogan", "points", "stylegan2", "pix2pix", "cyclegan", "cut", "stargan"]
)
def test_every_signature_answers_its_warm_up_request(loaded, kind):
    """The file is read as the server reads it, and each request goes through the SavedModel, which answers in finite
    numbers, with a row for each row: no signature is left cold."""
    exported = loaded(kind)
    warmed = []
    for record in tf.data.TFRecordDataset(str(exported.path / warm_up.FILE)).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        name = request.model_spec.signature_name
        signature = exported.signatures[name]
        inputs = {key: tf.constant(tf.make_ndarray(value)) for key, value in request.inputs.items()}
        assert inputs.keys() == signature.structured_input_signature[1].keys()
        for key, value in signature(**inputs).items():
            assert value.shape.rank == 0 or len(value) == 1, (name, key)
            assert value.dtype in (tf.string, tf.bool) or np.isfinite(value).all(), (name, key)
        warmed.append(name)
    assert sorted(warmed) == sorted(exported.signatures)
