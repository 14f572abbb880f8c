"""A served model by gRPC."""

import os
import re

import grpc
import numpy as np

from ganzoo.cli import quiet_imports
from ganzoo.errors import GanzooError, plain_words
from ganzoo.serving.access import pem
from ganzoo.serving.connection import Connection, Refused, Signature, Spec, TooLate, Unready

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # the error holds everything that gRPC would log to standard error

with quiet_imports():
    import tensorflow as tf
    from tensorflow_serving.apis import get_model_metadata_pb2, model_pb2, predict_pb2, prediction_service_pb2_grpc

HANDSHAKE = re.compile(
    "handshake failed|certificate|hostname verification|peer name", re.I
)  # in what gRPC says of TLS that failed
AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)
OPTIONS = [
    ("grpc.max_receive_message_length", -1),  # the default of 4 MB holds 1,300 digits
    ("grpc.max_send_message_length", -1),
    # The next try reconnects to a server that was away; gRPC's own waits before a reconnection are longer.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
]


class GrpcConnection(Connection):
    """A connection by gRPC; arguments as in `Connection`."""

    def __init__(self, server: str, model: str, **options):
        super().__init__(server, model, **options)
        access = self.access
        if self.is_encrypted:
            files = (access.ca_certificate, access.client_key, access.client_certificate)
            credentials = grpc.ssl_channel_credentials(*(None if path is None else pem(path) for path in files))
            self._channel = grpc.secure_channel(server.removeprefix("https://"), credentials, options=OPTIONS)
        else:
            self._channel = grpc.insecure_channel(server, options=OPTIONS)
        self._metadata = tuple(access.metadata.items())
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)

    def close(self) -> None:
        self._channel.close()

    def _ask_signatures(self, seconds: float) -> dict[str, Signature]:
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=self._spec(), metadata_field=["signature_def"]
        )
        answer = self._call(self._stub.GetModelMetadata, request, seconds)
        held = get_model_metadata_pb2.SignatureDefMap()
        answer.metadata["signature_def"].Unpack(held)
        return {
            name: Signature(
                {alias: _spec_of(info) for alias, info in signature.inputs.items()},
                {alias: _spec_of(info) for alias, info in signature.outputs.items()},
            )
            for name, signature in held.signature_def.items()
            if signature.inputs  # the loader's own entry, __saved_model_init_op, has no inputs
        }

    def _ask(self, signature: str, arrays: dict[str, np.ndarray], seconds: float) -> dict[str, np.ndarray]:
        request = predict_pb2.PredictRequest(model_spec=self._spec())
        request.model_spec.signature_name = signature
        for name, array in arrays.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
        answer = self._call(self._stub.Predict, request, seconds)
        return {name: tf.make_ndarray(tensor) for name, tensor in answer.outputs.items()}

    def _spec(self) -> model_pb2.ModelSpec:
        spec = model_pb2.ModelSpec(name=self.model)
        if self.version is not None:
            spec.version.value = self.version
        if self.version_label is not None:
            spec.version_label = self.version_label
        return spec

    def _call(self, method, request, seconds: float):
        try:
            return method(request, timeout=seconds, metadata=self._metadata)
        except grpc.RpcError as error:
            code, words = error.code(), plain_words(error.details() or "")
            if self.is_encrypted and code == grpc.StatusCode.UNAVAILABLE and HANDSHAKE.search(words):
                raise self._untrusted(words) from error
            if "Failed parsing HTTP/2" in words:
                raise GanzooError(
                    f"{self.server} does not answer in gRPC: is it the gRPC port of a model server? A REST port needs "
                    "--rest."
                ) from error
            if code in AGAIN:
                raise Unready(f"{code.name}, {words}") from error
            if code == grpc.StatusCode.DEADLINE_EXCEEDED:
                raise TooLate from error
            raise Refused(f"{self.server} answers {code.name}: {words}") from error


def _spec_of(info) -> Spec:
    shape = tuple(None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim)
    return Spec(np.dtype(tf.as_dtype(info.dtype).as_numpy_dtype), shape)
