"""The stand-in's REST half: the server's paths, JSON rules and errors (json_tensor.cc, http_rest_api_util.cc)."""

import base64
import binascii
import contextlib
import json
import re
import socket
import ssl
import urllib.parse
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow_serving.apis import get_model_metadata_pb2, model_pb2, predict_pb2

from ganzoo.serving.stand_in.models import Refused, Servables, invalid

PREDICT = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?:(classify|regress|predict)", re.I)
STATUS = re.compile(r"/v1/models(?:/([^/:]+))?(?:/versions/(\d+)|/labels/([^/:]+))?(?:/(metadata))?", re.I)
HTTP = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
UNAUTHENTICATED = "the request has no valid token"
TIMEOUT = 30.0  # seconds, the default of --rest_api_timeout_in_ms


class Server(ThreadingHTTPServer):
    """A server whose end is the end of the connections that its clients keep."""

    daemon_threads = True

    def __init__(self, *arguments):
        self._connections = set()
        super().__init__(*arguments)

    def process_request(self, request, client_address):
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self):
        super().server_close()
        for connection in [*self._connections]:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        """Says nothing: a client that goes away or speaks no TLS is no news."""


def http_server(
    servables: Servables, port: int, *, context: ssl.SSLContext | None = None, token: str | None = None
) -> Server:
    """A server on 127.0.0.1, not yet serving.

    Args:
        servables: the models.
        port: 0 takes a free port.
        context: of TLS; None serves in the clear.
        token: refuse requests without the header "authorization: Bearer TOKEN"; None asks for no token.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body leave together: apart, the body would wait for the client's delayed ACK

        def do_GET(self):
            self.answer(b"")

        def do_POST(self):
            self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def answer(self, body: bytes):
            if token is not None and self.headers.get("Authorization") != f"Bearer {token}":
                return self.reply(401, json.dumps({"error": UNAUTHENTICATED}))
            path = urllib.parse.urlsplit(self.path).path
            if not path.lower().startswith("/v1/"):
                return self.reply(404, "")
            try:
                return self.reply(200, process(servables, self.command, path, body))
            except Refused as refused:
                return self.reply(HTTP.get(refused.code, 500), json.dumps({"error": refused.message}))

        def reply(self, status: int, text: str):
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Logs nothing: requests are no news."""

    server = Server(("127.0.0.1", port), Handler)
    if context is not None:  # each connection's own thread shakes hands, so that nobody can hold up the others
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


def process(servables: Servables, method: str, path: str, body: bytes) -> str:
    """The JSON that answers a request."""
    if method == "POST" and (parts := PREDICT.fullmatch(path)):
        if parts[4].lower() != "predict":
            raise Refused(grpc.StatusCode.UNIMPLEMENTED, f"the stand-in does not {parts[4]}")
        return predict(servables, _spec(*parts.groups()[:3]), body)
    if method == "GET" and (parts := STATUS.fullmatch(path)):
        if not parts[1]:
            raise invalid("Missing model name in request.")
        spec = _spec(*parts.groups()[:3])
        return metadata(servables, spec) if parts[4] else _as_json(servables.status(spec))
    raise invalid(f"Malformed request: {method} {path}")


def predict(servables: Servables, spec: model_pb2.ModelSpec, body: bytes) -> str:
    request = predict_pb2.PredictRequest(model_spec=spec)
    document = parse(body)
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid(
            f"JSON Value: {json.dumps(document)} not formatted correctly. 'signature_name' key must be a string value."
        )
    request.model_spec.signature_name = name
    _, servable = servables.find(spec)
    signature = servable.signatures.get(name or "serving_default")
    if signature is None:
        raise invalid(f'Serving signature name: "{name or "serving_default"}" not found in signature def')
    rows = "instances" in document
    if rows and "inputs" in document:
        raise invalid(
            f"JSON Value: {json.dumps(document)} Not formatted correctly expecting only one of 'inputs' or 'instances' "
            "keys to exist "
        )
    if rows:
        inputs = from_instances(document, signature.inputs)
    elif "inputs" in document:
        inputs = from_inputs(document["inputs"], signature.inputs)
    else:
        raise invalid("Missing 'inputs' or 'instances' key")
    for alias, array in inputs.items():
        request.inputs[alias].CopyFrom(tf.make_tensor_proto(array, signature.inputs[alias].dtype))
    outputs = {a: tf.make_ndarray(tensor) for a, tensor in servables.predict(request, TIMEOUT).outputs.items()}
    return json.dumps({"predictions": in_rows(outputs)} if rows else {"outputs": in_columns(outputs)})


def parse(body: bytes) -> dict:
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    try:
        document = json.loads(body)
    except json.JSONDecodeError as error:
        raise invalid(f"JSON Parse error: {error.msg} at offset: {error.pos}") from error
    except UnicodeDecodeError as error:
        raise invalid(f"JSON Parse error: Invalid encoding in string. at offset: {error.start}") from error
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {json.dumps(document)} Is not object")
    return document


def from_inputs(inputs, specs: Mapping) -> dict[str, np.ndarray]:
    """The columnar format: an object of tensors, or one tensor for a signature of one input."""
    if not isinstance(inputs, dict) or _is_base64(inputs):
        if len(specs) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        ((alias, info),) = specs.items()
        return {alias: tensor(inputs, info.dtype)}
    for alias in sorted(specs):
        if alias not in inputs:
            raise invalid(f"Missing named input: {alias} in 'inputs' object.")
    return {alias: tensor(inputs[alias], info.dtype) for alias, info in specs.items()}  # other keys are ignored


def from_instances(document: dict, specs: Mapping) -> dict[str, np.ndarray]:
    """The row format: a list of objects, or of tensors for a signature of one input; the rows are stacked."""
    instances = document["instances"]
    if not isinstance(instances, list):
        raise invalid(f"JSON Value: {json.dumps(document)} Excepting 'instances' to be an list/array")
    if not instances:
        raise invalid(f"JSON Value: {json.dumps(document)} No values in 'instances' array")
    as_objects = isinstance(instances[0], dict) and not _is_base64(instances[0])
    if not isinstance(instances[0], dict) and len(specs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    only = next(iter(specs))
    columns: dict[str, list] = {alias: [] for alias in specs}
    for item, row in enumerate(instances):
        is_object = isinstance(row, dict) and not _is_base64(row)
        if is_object != as_objects:
            expected = "object but got list" if as_objects else "value/list but got object"
            raise invalid(f"Expecting {expected} at item {item} of input list")
        for key, value in (row if as_objects else {only: row}).items():
            of_key = f" key: {key}" if as_objects else ""
            try:
                if key not in specs:
                    raise invalid(f"JSON object: does not have named input: {key}")
                array = tensor(value, specs[key].dtype)
                if columns[key] and array.shape != columns[key][0].shape:
                    shapes = (str(list(shape)).replace(" ", "") for shape in (columns[key][0].shape, array.shape))
                    raise invalid("Expecting shape {} but got: {}".format(*shapes))
            except Refused as refused:
                raise invalid(
                    f"Failed to process element: {item}{of_key} of 'instances' list. "
                    f"Error: INVALID_ARGUMENT: {refused.message}"
                ) from refused
            columns[key].append(array)
        if as_objects and set(row) != set(specs):
            raise invalid(
                f"Failed to process element: {item} of 'instances' list. JSON object: {json.dumps(row)} keys must be "
                f"equal to: {','.join(sorted(specs))}"
            )
    return {alias: np.stack(column) for alias, column in columns.items()}


def tensor(value, dtype: int) -> np.ndarray:
    """A JSON value as an array. The first elements give its shape, and all other elements must fit the shape."""
    dtype = tf.as_dtype(dtype)
    shape, first = [], value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
    leaves: list = []
    _collect(value, 0, shape, dtype, leaves)
    as_numpy = object if dtype == tf.string else dtype.as_numpy_dtype
    return np.array(leaves, as_numpy).reshape(shape)


def _collect(value, level: int, shape: list[int], dtype: tf.DType, leaves: list) -> None:
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid(
                f"JSON Value: {json.dumps(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {len(shape)}"
            )
        leaves.append(_leaf(value, dtype))
        return
    if level >= len(shape):
        raise invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    for element in value:
        _collect(element, level + 1, shape, dtype, leaves)


def _leaf(value, dtype: tf.DType):
    if dtype == tf.string:
        if isinstance(value, dict):
            return _from_base64(value)
        if isinstance(value, str):
            return value.encode()
    elif dtype == tf.float32:
        if isinstance(value, int | float) and not isinstance(value, bool):
            largest = 2**24 - 1 if isinstance(value, int) else float(np.finfo(np.float32).max)
            if abs(value) > largest and np.isfinite(value):
                raise invalid(f"Cannot convert JSON value: {json.dumps(value)} to float without loss of precision.")
            return value
    elif isinstance(value, int) and not isinstance(value, bool) and dtype.min <= value <= dtype.max:
        return value
    raise invalid(f"JSON Value: {json.dumps(value)} Type: {_kind(value)} is not of expected type: {_name(dtype)}")


def _name(dtype: tf.DType) -> str:
    return {tf.float32: "float"}.get(dtype, dtype.name)


def _kind(value) -> str:
    kinds = {bool: "Boolean", int: "Number", float: "Number", str: "String", dict: "Object"}
    return kinds.get(type(value), "Null")


def _is_base64(value) -> bool:
    return isinstance(value, dict) and set(value) == {"b64"} and isinstance(value["b64"], str)


def _from_base64(value: dict) -> bytes:
    if not _is_base64(value):
        raise invalid(f"JSON Value: {json.dumps(value)} not formatted correctly for base64 data")
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("Unable to base64 decode") from error


def in_columns(outputs: Mapping[str, np.ndarray]):
    values = {alias: _plain(alias, array) for alias, array in outputs.items()}
    return values if len(values) > 1 else next(iter(values.values()))


def in_rows(outputs: Mapping[str, np.ndarray]) -> list:
    rows = None
    for alias, array in outputs.items():
        if array.ndim == 0:
            raise invalid(f"Tensor name: {alias} has no shape information ")
        if rows is not None and len(array) != rows:
            raise invalid(f"Tensor name: {alias} has inconsistent batch size: {len(array)} expecting: {rows}")
        rows = len(array)
    columns = {alias: _plain(alias, array) for alias, array in outputs.items()}
    if len(columns) == 1:
        return next(iter(columns.values()))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(alias: str, array: np.ndarray):
    """An array for JSON: floats with the fewest digits that restore them, outputs named `*_bytes` in base64."""
    if array.dtype == object:
        as_bytes = alias.endswith("_bytes")
        flat = [{"b64": base64.b64encode(s).decode()} if as_bytes else s.decode() for s in array.ravel()]
        nested = np.empty(len(flat), object)
        nested[:] = flat
        return nested.reshape(array.shape).tolist()
    if array.dtype == np.float32:
        return array.astype(str).astype(np.float64).tolist()
    return array.tolist()


def metadata(servables: Servables, spec: model_pb2.ModelSpec) -> str:
    request = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec, metadata_field=["signature_def"])
    response = servables.metadata(request)
    held = get_model_metadata_pb2.SignatureDefMap()
    response.metadata["signature_def"].Unpack(held)
    fields = dict(model_spec=response.model_spec, signature_def=held)
    plain = {name: json.loads(_as_json(message, preserving=True)) for name, message in fields.items()}
    return json.dumps(
        {"model_spec": plain["model_spec"], "metadata": {"signature_def": plain["signature_def"]}}, indent=1
    )


def _spec(name: str, version: str | None, label: str | None) -> model_pb2.ModelSpec:
    spec = model_pb2.ModelSpec(name=urllib.parse.unquote(name))
    if version is not None:
        spec.version.value = int(version)
    if label is not None:
        spec.version_label = urllib.parse.unquote(label)
    return spec


def _as_json(message, preserving: bool = False) -> str:
    return json_format.MessageToJson(
        message, always_print_fields_with_no_presence=True, preserving_proto_field_name=preserving, indent=1
    )
