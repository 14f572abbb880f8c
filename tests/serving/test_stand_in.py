"""The stand-in answers as the server's binary would: what it checks, what it says, and how its JSON looks."""

import base64
import json
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from ganzoo.errors import GanzooError
from ganzoo.serving.stand_in.server import StandIn, config_of

HEALTH_CHECK = Path(__file__).parents[2] / "export" / "serving" / "health_check.sh"
DRS = {"num_samples": 4, "seed": [1, 0], "gamma_percentile": 80.0}


@pytest.fixture(scope="module")
def server(exports):
    config = config_of({name: exports[name][1] for name in ("gan", "cyclegan")})
    config.model_config_list.config[0].version_labels["stable"] = 1
    with StandIn(config) as serving:
        yield serving


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(server.grpc_address) as opened:
        yield opened


@pytest.fixture(scope="module")
def stub(channel):
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def request(signature, model="gan", **inputs):
    asked = predict_pb2.PredictRequest()
    asked.model_spec.name, asked.model_spec.signature_name = model, signature
    for name, value in inputs.items():
        asked.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return asked


def drs(**changes):
    inputs = dict(num_samples=4, seed=[1, 0], gamma_percentile=np.float32(80.0)) | changes
    return request("drs", **{name: value for name, value in inputs.items() if value is not None})


def rest(server, path, document=None):
    """Status and JSON of a GET, or of a POST of a document."""
    body = None if document is None else json.dumps(document).encode()
    try:
        with urllib.request.urlopen(f"http://{server.rest_address}{path}", body) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_grpc_gives_what_the_export_gives(loaded, stub):
    expected = loaded("gan").draw("drs", 4, seed=1, gamma_percentile=80.0)
    outputs = {name: tf.make_ndarray(value) for name, value in stub.Predict(drs()).outputs.items()}
    assert set(outputs) == set(expected)
    for name, value in outputs.items():
        np.testing.assert_array_equal(value, expected[name])


def test_the_answer_names_its_version_and_only_the_outputs_asked_for(stub):
    asked = drs()
    asked.output_filter.append("acceptance_rate")
    answer = stub.Predict(asked)
    assert answer.model_spec.version.value == 1
    assert set(answer.outputs) == {"acceptance_rate"}


@pytest.mark.parametrize(
    "asked, code, words",
    [
        (drs(seed=None), "INVALID_ARGUMENT", r"2!=3 .* Missing but required: \{seed\}"),
        (drs(extra=1), "INVALID_ARGUMENT", r"4!=3 .* Sent extra: \{extra\}"),
        (
            drs(seed=None, extra=1),
            "INVALID_ARGUMENT",
            r"input alias: seed\(feed name: drs_seed:0\) not found",
        ),
        (drs(num_samples=np.int64(4)), "INVALID_ARGUMENT", r"Expects arg\[1\] to be int32 but int64 is provided"),
        (drs(seed=[1, 0, 0]), "INVALID_ARGUMENT", "shape"),
        (drs(num_samples=0), "INVALID_ARGUMENT", r"num_samples must be in 1 \.\. 40, got"),
        (request("dsr"), "FAILED_PRECONDITION", 'Serving signature key "dsr" not found'),
        (request("drs", model="nag"), "NOT_FOUND", r"Servable not found for request: Latest\(nag\)"),
    ],
)
def test_grpc_refuses_in_the_servers_words(stub, asked, code, words):
    with pytest.raises(grpc.RpcError, match=code) as raised:
        stub.Predict(asked)
    assert raised.value.code() == grpc.StatusCode[code]
    raised.match(words)


def test_versions_and_labels_that_are_not_there_are_refused(stub):
    asked = drs()
    asked.model_spec.version.value = 7
    with pytest.raises(grpc.RpcError, match=r"Specific\(gan, 7\)"):
        stub.Predict(asked)
    asked = drs()
    asked.model_spec.version_label = "canary"
    with pytest.raises(grpc.RpcError, match="Unrecognized servable version label: canary"):
        stub.Predict(asked)
    asked.model_spec.version_label = "stable"
    assert stub.Predict(asked).model_spec.version.value == 1


def test_metadata_has_every_signature(loaded, stub):
    asked = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    asked.model_spec.name = "gan"
    held = get_model_metadata_pb2.SignatureDefMap()
    stub.GetModelMetadata(asked).metadata["signature_def"].Unpack(held)
    assert set(held.signature_def) == set(loaded("gan").signatures)
    assert held.signature_def["drs"].inputs["seed"].dtype == tf.int32.as_datatype_enum


def test_the_model_service_knows_which_versions_are_available(channel):
    asked = get_model_status_pb2.GetModelStatusRequest()
    asked.model_spec.name = "gan"
    stub = model_service_pb2_grpc.ModelServiceStub(channel)
    (status,) = stub.GetModelStatus(asked).model_version_status
    assert (status.version, status.state) == (1, get_model_status_pb2.ModelVersionStatus.AVAILABLE)
    asked.model_spec.version.value = 7
    with pytest.raises(grpc.RpcError, match="Could not find version 7 of model gan"):
        stub.GetModelStatus(asked)


def test_rest_columns_are_the_numbers_of_grpc(server, stub):
    status, answer = rest(server, "/v1/models/gan:predict", {"signature_name": "drs", "inputs": DRS})
    assert status == 200
    expected = {name: tf.make_ndarray(value) for name, value in stub.Predict(drs()).outputs.items()}
    assert set(answer["outputs"]) == set(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(np.array(answer["outputs"][name], value.dtype), value)


def test_rest_rows_come_back_as_rows(server):
    rows = [{"latents": [0.5, 0.0, -1.0], "uniforms": 0.25}, {"latents": [1, 2, 3], "uniforms": 0}]
    status, answer = rest(server, "/v1/models/gan:predict", {"signature_name": "propose", "instances": rows})
    assert status == 200
    outputs = {"samples", "accept_probability", "accepted", "log_ratio", "threshold", "maximum"}
    assert [set(row) for row in answer["predictions"]] == 2 * [outputs]
    _, plain = rest(server, "/v1/models/gan:predict", {"instances": [row["latents"] for row in rows]})
    assert plain["predictions"] == [row["samples"] for row in answer["predictions"]]


def test_scalars_do_not_fit_in_rows(server):
    document = {"signature_name": "drs", "instances": [DRS]}
    status, answer = rest(server, "/v1/models/gan:predict", document)
    assert status == 400
    assert "shape" in answer["error"]


def test_bytes_go_both_ways_in_base64(server):
    png = tf.io.encode_png(tf.fill([16, 16, 1], tf.constant(200, tf.uint8))).numpy()
    encoded = {"b64": base64.b64encode(png).decode()}
    document = {"signature_name": "a_to_b_png", "inputs": {"image_bytes": [encoded]}}
    status, answer = rest(server, "/v1/models/cyclegan:predict", document)
    assert status == 200
    (translated,) = answer["outputs"]  # a signature of one output has no names
    assert tf.io.decode_png(base64.b64decode(translated["b64"])).shape == (16, 16, 1)


@pytest.mark.parametrize(
    "document, words",
    [
        ([1], "Is not object"),
        ({"signature_name": 3}, "'signature_name' key must be a string value"),
        ({"signature_name": "dsr"}, 'Serving signature name: "dsr" not found in signature def'),
        ({"signature_name": "drs"}, "Missing 'inputs' or 'instances' key"),
        ({"inputs": [[0.0]], "instances": [[0.0]]}, "expecting only one of 'inputs' or 'instances'"),
        ({"instances": []}, "No values in 'instances' array"),
        ({"instances": [[0.0], [0.0, 1.0]]}, r"Expecting shape [1] but got: [2]"),
        ({"signature_name": "drs", "inputs": [1]}, "expecting an object as multiple input tensors"),
        ({"signature_name": "drs", "inputs": {"seed": [1, 0]}}, "Missing named input: gamma_percentile"),
        ({"signature_name": "drs", "inputs": DRS | {"num_samples": 4.0}}, "4.0 Type: Number is not of expected type"),
        ({"signature_name": "drs", "inputs": DRS | {"num_samples": 2**31}}, "is not of expected type: int32"),
        ({"signature_name": "drs", "inputs": DRS | {"gamma_percentile": 1e39}}, "without loss of precision"),
        ({"signature_name": "drs", "inputs": DRS | {"seed": [1, [0]]}}, "Encountered list at unexpected level"),
        ({"signature_name": "drs", "inputs": DRS | {"num_samples": 41}}, "num_samples must be in 1 .. 40, got"),
    ],
)
def test_rest_refuses_in_the_servers_words(server, document, words):
    status, answer = rest(server, "/v1/models/gan:predict", document)
    assert status == 400
    assert words in answer["error"]


def test_rest_says_malformed_json_and_paths(server):
    asked = urllib.request.Request(f"http://{server.rest_address}/v1/models/gan:predict", b"{")
    with pytest.raises(urllib.error.HTTPError, match="400") as raised:
        urllib.request.urlopen(asked)
    assert "JSON Parse error" in json.load(raised.value)["error"]
    assert rest(server, "/v1/models/gan:translate", {}) == (
        400,
        {"error": "Malformed request: POST /v1/models/gan:translate"},
    )
    assert rest(server, "/v1/models/nag:predict", {"inputs": [0]})[0] == 404


def test_rest_has_status_and_metadata(server):
    _, status = rest(server, "/v1/models/gan")
    assert status == {
        "model_version_status": [
            {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        ]
    }
    _, answer = rest(server, "/v1/models/gan/labels/stable/metadata")
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert signatures["drs"]["inputs"]["seed"]["dtype"] == "DT_INT32"
    assert rest(server, "/v1/models/nag") == (404, {"error": "Could not find any versions of model nag"})


def test_the_health_check_of_the_image_tells_available_from_not(server, tmp_path):
    port = server.rest_address.rsplit(":", 1)[1]
    for name, code in (("gan", 0), ("nag", 1)):
        config = tmp_path / f"{name}.config"
        config.write_text(str(config_of({"cyclegan": "/models/cyclegan", name: f"/models/{name}"})))
        checked = subprocess.run(["bash", HEALTH_CHECK, config, port], capture_output=True, text=True, timeout=10)
        assert checked.returncode == code, checked.stderr
    assert checked.stderr == "nag is not available\n"


def test_a_deadline_that_passes_is_answered_as_such(stub):
    with pytest.raises(grpc.RpcError) as raised:
        stub.Predict(drs(num_samples=40), timeout=0.001)
    assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_damaged_version_is_named(exports, tmp_path):
    version = shutil.copytree(exports["points"][1] / "1", tmp_path / "points" / "1")
    (version / "saved_model.pb").write_bytes(b"")
    with pytest.raises(GanzooError, match="points/1 is damaged, or was not copied whole"):
        StandIn({"points": tmp_path / "points"})
