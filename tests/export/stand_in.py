"""Stands in for the server's binary where there is none: PredictionService and ModelService on loopback, and REST.

It loads exports the way the server does, by the v1 loader into a Session for each version, and answers with the
server's checks, wording and status codes (predict_util.cc, server_core.cc). It neither batches, nor looks for new
versions, nor replays warm-up requests; it is for tests, and for trying the guide's commands:

python -m tests.export.stand_in --model_name wgan_gp --model_base_path models/wgan_gp --port 8500 --rest_api_port 8501
"""

import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from absl import flags
from google.protobuf import text_format

from ganzoo import cli
from ganzoo.errors import GanzooError

with cli.quiet_imports():
    import tensorflow as tf
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_management_pb2,
        model_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_service_pb2_grpc,
    )
    from tensorflow_serving.config import model_server_config_pb2

FLAGS = flags.FLAGS
CODES = {code.value[0]: code for code in grpc.StatusCode}
LONGEST = 86_400.0  # seconds; gRPC says "no deadline" by one centuries away
ANY_SIZE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Refused(Exception):
    """A request that is answered with a status: `code` is a grpc.StatusCode."""

    def __init__(self, code: grpc.StatusCode, message: str):
        super().__init__(message)
        self.code, self.message = code, message


def invalid(message: str) -> Refused:
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)


class Servable:
    """One version of a model, in a Session of its own."""

    def __init__(self, path: Path):
        graph = tf.Graph()
        self.session = tf.compat.v1.Session(graph=graph)
        with graph.as_default():
            loaded = tf.compat.v1.saved_model.load(self.session, [tf.saved_model.SERVING], str(path))
        self.signatures = {name: signature for name, signature in loaded.signature_def.items() if signature.inputs}

    def run(self, signature, inputs: Mapping, output_filter=(), seconds: float | None = None) -> dict[str, tf.Tensor]:
        """The outputs as arrays by name.

        Args:
            signature: a SignatureDef.
            inputs: TensorProtos by name.
            output_filter: the outputs asked for; none means all.
            seconds: how long it may take.
        """
        sent, known = set(inputs), set(signature.inputs)
        if len(sent) != len(known):
            raise invalid(
                f"input size does not match signature: {len(sent)}!={len(known)} len({{{_joined(sent)}}}) != "
                f"len({{{_joined(known)}}}). Sent extra: {{{_joined(sent - known)}}}. "
                f"Missing but required: {{{_joined(known - sent)}}}."
            )
        feeds = {}
        for position, (alias, info) in enumerate(sorted(signature.inputs.items())):
            if alias not in inputs:
                raise invalid(
                    f"Signature input alias: {alias}(feed name: {info.name}) not found in request and no default value "
                    f"provided. Inputs expected to be in the request {{{_joined(sent)}}}, or default input alias set: "
                )
            try:
                array = tf.make_ndarray(inputs[alias])
            except (ValueError, TypeError) as error:
                raise invalid(f"tensor parsing error: {alias}") from error
            if inputs[alias].dtype != info.dtype:
                expected, given = (tf.as_dtype(dtype).name for dtype in (info.dtype, inputs[alias].dtype))
                raise invalid(f"Expects arg[{position}] to be {expected} but {given} is provided")
            feeds[info.name] = array
        for alias in output_filter:
            if alias not in signature.outputs:
                raise invalid(
                    f"output tensor alias not found in signature: {alias} Outputs expected to be in the set "
                    f"{{{_joined(signature.outputs)}}}."
                )
        fetches = {alias: signature.outputs[alias].name for alias in output_filter or signature.outputs}
        has_deadline = seconds is not None and seconds < LONGEST
        options = tf.compat.v1.RunOptions(timeout_in_ms=max(1, int(1000 * seconds))) if has_deadline else None
        try:
            return self.session.run(fetches, feeds, options=options)
        except tf.errors.OpError as error:
            raise Refused(CODES[error.error_code], error.message) from error
        except ValueError as error:  # of Session.run itself, for a shape that no graph is needed to refuse
            raise invalid(str(error)) from error


class Servables:
    """The loaded models.

    Attributes:
        trouble: (code, message) with which the next predictions are answered, before anything is looked at.
        asked: (model, signature) of each prediction asked for.
    """

    def __init__(self, config: model_server_config_pb2.ModelServerConfig):
        self.trouble: deque[tuple[grpc.StatusCode, str]] = deque()
        self.asked: list[tuple[str, str]] = []
        self.load(config)

    def load(self, config: model_server_config_pb2.ModelServerConfig) -> None:
        """Serves what a config says in the place of what was served."""
        models, labels = {}, {}
        for model in config.model_config_list.config:
            versions = {int(path.name): path for path in Path(model.base_path).glob("*") if path.name.isdigit()}
            chosen = _chosen(model.model_version_policy, sorted(versions))
            if not chosen:
                raise GanzooError(f"no versions of model '{model.name}' in {model.base_path}.")
            models[model.name] = {version: Servable(versions[version]) for version in chosen}
            labels[model.name] = dict(model.version_labels)
        self.models, self.labels = models, labels

    def find(self, spec: model_pb2.ModelSpec) -> tuple[int, Servable]:
        """The version that a request is for."""
        if not spec.name:
            raise invalid("ModelSpec has no model name specified.")
        versions = self.models.get(spec.name, {})
        wanted = spec.version.value if spec.HasField("version") else None
        if spec.version_label:
            if spec.version_label not in self.labels.get(spec.name, {}):
                raise invalid(f"Unrecognized servable version label: {spec.version_label}")
            wanted = self.labels[spec.name][spec.version_label]
        if wanted is None:
            wanted, request = max(versions, default=None), f"Latest({spec.name})"
        else:
            request = f"Specific({spec.name}, {wanted})"
        if wanted not in versions:
            raise Refused(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {request}")
        return wanted, versions[wanted]

    def predict(self, request: predict_pb2.PredictRequest, seconds: float | None) -> predict_pb2.PredictResponse:
        name = request.model_spec.signature_name or "serving_default"
        self.asked.append((request.model_spec.name, name))
        if self.trouble:
            raise Refused(*self.trouble.popleft())
        version, servable = self.find(request.model_spec)
        if name not in servable.signatures:
            raise Refused(grpc.StatusCode.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
        outputs = servable.run(servable.signatures[name], request.inputs, request.output_filter, seconds)
        response = predict_pb2.PredictResponse()
        response.model_spec.name, response.model_spec.signature_name = request.model_spec.name, name
        response.model_spec.version.value = version
        for alias, array in outputs.items():
            response.outputs[alias].CopyFrom(tf.make_tensor_proto(array))
        return response

    def metadata(self, request) -> get_model_metadata_pb2.GetModelMetadataResponse:
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        if set(request.metadata_field) != {"signature_def"}:
            raise invalid("Metadata field %s is not supported")  # the server's own words, placeholder and all
        version, servable = self.find(request.model_spec)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name, response.model_spec.version.value = request.model_spec.name, version
        held = get_model_metadata_pb2.SignatureDefMap()
        for name, signature in servable.signatures.items():
            held.signature_def[name].CopyFrom(signature)
        response.metadata["signature_def"].Pack(held)
        return response

    def status(self, spec: model_pb2.ModelSpec) -> get_model_status_pb2.GetModelStatusResponse:
        versions = self.models.get(spec.name, {})
        not_found = f"Could not find any versions of model {spec.name}"
        if spec.HasField("version"):
            versions = [version for version in versions if version == spec.version.value]
            not_found = f"Could not find version {spec.version.value} of model {spec.name}"
        if not versions:
            raise Refused(grpc.StatusCode.NOT_FOUND, not_found)
        response = get_model_status_pb2.GetModelStatusResponse()
        for version in sorted(versions, reverse=True):
            response.model_version_status.add(version=version, state="AVAILABLE").status.SetInParent()
        return response


class _Prediction(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, servables: Servables):
        self.servables = servables

    def Predict(self, request, context):
        return _answered(context, self.servables.predict, request, context.time_remaining())

    def GetModelMetadata(self, request, context):
        return _answered(context, self.servables.metadata, request)


class _Model(model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, servables: Servables):
        self.servables = servables

    def GetModelStatus(self, request, context):
        return _answered(context, self.servables.status, request.model_spec)

    def HandleReloadConfigRequest(self, request, context):
        response = model_management_pb2.ReloadConfigResponse()
        try:
            self.servables.load(request.config)
        except GanzooError as error:
            response.status.error_code = grpc.StatusCode.NOT_FOUND.value[0]
            response.status.error_message = str(error)
        return response


class StandIn:
    """Serves while it is a context: gRPC at `grpc_address`, REST at `rest_address`, both "127.0.0.1:PORT".

    Args:
        models: folders of exports by the models' names, or the server's whole config.
        port, rest_api_port: 0 takes a free one.
    """

    def __init__(
        self,
        models: Mapping[str, Path] | model_server_config_pb2.ModelServerConfig,
        *,
        port: int = 0,
        rest_api_port: int = 0,
    ):
        from tests.export.stand_in_rest import http_server

        config = models if isinstance(models, model_server_config_pb2.ModelServerConfig) else config_of(models)
        self.servables = Servables(config)
        self._grpc = grpc.server(ThreadPoolExecutor(16), options=[*ANY_SIZE, ("grpc.so_reuseport", 0)])
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(_Prediction(self.servables), self._grpc)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(_Model(self.servables), self._grpc)
        try:
            self.grpc_address = f"127.0.0.1:{self._grpc.add_insecure_port(f'127.0.0.1:{port}')}"
            self._rest = http_server(self.servables, rest_api_port)
        except (RuntimeError, OSError) as error:
            raise GanzooError(f"port {port} or {rest_api_port} is taken: {error}") from error
        self.rest_address = f"127.0.0.1:{self._rest.server_port}"

    def __enter__(self) -> "StandIn":
        self._grpc.start()
        threading.Thread(target=self._rest.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._rest.shutdown()
        self._rest.server_close()
        self._grpc.stop(None).wait()

    def wait(self) -> None:
        """Until it is interrupted."""
        self._grpc.wait_for_termination()


def config_of(models: Mapping[str, str | Path]) -> model_server_config_pb2.ModelServerConfig:
    """The config that serves folders by their models' names."""
    config = model_server_config_pb2.ModelServerConfig()
    for name, folder in models.items():
        config.model_config_list.config.add(name=name, base_path=str(folder), model_platform="tensorflow")
    return config


def _chosen(policy, versions: list[int]) -> list[int]:
    """The versions that a policy loads, of those there are in ascending order."""
    kind = policy.WhichOneof("policy_choice") or "latest"
    if kind == "specific":
        return [version for version in versions if version in policy.specific.versions]
    return versions if kind == "all" else versions[-(policy.latest.num_versions or 1) :]


def _joined(names) -> str:
    return ",".join(sorted(names))


def _answered(context, answer, *request):
    try:
        return answer(*request)
    except Refused as refused:
        return context.abort(refused.code, refused.message)


def main() -> None:
    tf.get_logger().setLevel("ERROR")  # the v1 loader is deprecated; it is also what the server has
    if FLAGS.model_config_file:
        config = model_server_config_pb2.ModelServerConfig()
        text_format.Parse(Path(FLAGS.model_config_file).read_text(), config)
    else:
        config = config_of({FLAGS.model_name: FLAGS.model_base_path})
    with StandIn(config, port=FLAGS.port, rest_api_port=FLAGS.rest_api_port) as server:
        print(
            f"{', '.join(server.servables.models)}: gRPC {server.grpc_address}, REST {server.rest_address}", flush=True
        )
        server.wait()


if __name__ == "__main__":
    flags.DEFINE_string("model_name", "default", "the name that the model is asked for by")
    flags.DEFINE_string("model_base_path", "", "the folder its versions are in")
    flags.DEFINE_string("model_config_file", "", "instead of the two: a ModelServerConfig as text")
    flags.DEFINE_integer("port", 8500, "of gRPC")
    flags.DEFINE_integer("rest_api_port", 8501, "of REST")
    flags.DEFINE_alias("rest_port", "rest_api_port")
    cli.run(main)
