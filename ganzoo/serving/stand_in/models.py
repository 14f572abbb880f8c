"""The models of the stand-in: exports loaded as the server loads them, with its checks, wording and status codes."""

import functools
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import grpc
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, model_pb2, predict_pb2
from tensorflow_serving.config import model_server_config_pb2

from ganzoo.errors import GanzooError
from ganzoo.serving.exported import damage_in_words

CODES = {code.value[0]: code for code in grpc.StatusCode}
LONGEST = 86_400.0  # seconds; without a deadline, gRPC names one that is centuries away


class Refused(Exception):
    """The status that answers a refused request: `code` is a grpc.StatusCode."""

    def __init__(self, code: grpc.StatusCode, message: str):
        super().__init__(message)
        self.code, self.message = code, message


def invalid(message: str) -> Refused:
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)


class Servable:
    """One version of a model, in its own Session."""

    def __init__(self, path: Path):
        graph = tf.Graph()
        self.session = tf.compat.v1.Session(graph=graph)
        with graph.as_default(), damage_in_words(path):
            loaded = tf.compat.v1.saved_model.load(self.session, [tf.saved_model.SERVING], str(path))
        self.signatures = {name: signature for name, signature in loaded.signature_def.items() if signature.inputs}

    def run(self, signature, inputs: Mapping, output_filter=(), seconds: float | None = None) -> dict[str, tf.Tensor]:
        """The outputs as arrays by name.

        Args:
            signature: a SignatureDef.
            inputs: TensorProtos by name.
            output_filter: the names of the outputs to return; empty means all outputs.
            seconds: the longest time of the run; None is no limit.
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
                expected, provided = (tf.as_dtype(dtype).name for dtype in (info.dtype, inputs[alias].dtype))
                raise invalid(f"Expects arg[{position}] to be {expected} but {provided} is provided")
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
        except ValueError as error:  # Session.run itself refuses some shapes, before the graph runs
            raise invalid(str(error)) from error


@functools.cache
def servable(path: Path) -> Servable:
    """The version in a folder. A process loads it once for all configs, since a version is never written over."""
    return Servable(path)


class Servables:
    """The loaded models.

    Attributes:
        trouble: (code, message) pairs that answer the next predictions, before their requests are looked at.
        predictions: (model, signature) of each prediction that was requested.
    """

    def __init__(self, config: model_server_config_pb2.ModelServerConfig):
        self.trouble: deque[tuple[grpc.StatusCode, str]] = deque()
        self.predictions: list[tuple[str, str]] = []
        self.load(config)

    def load(self, config: model_server_config_pb2.ModelServerConfig) -> None:
        """Serves the models of a config instead of the present models."""
        models, labels = {}, {}
        for model in config.model_config_list.config:
            versions = {int(path.name): path for path in Path(model.base_path).glob("*") if path.name.isdigit()}
            chosen = _chosen(model.model_version_policy, sorted(versions))
            if not chosen:
                raise GanzooError(f"no versions of model '{model.name}' in {model.base_path}.")
            models[model.name] = {version: servable(versions[version]) for version in chosen}
            labels[model.name] = dict(model.version_labels)
        self.models, self.labels = models, labels

    def find(self, spec: model_pb2.ModelSpec) -> tuple[int, Servable]:
        """The version that a request names, and its number."""
        if not spec.name:
            raise invalid("ModelSpec has no model name specified.")
        versions = self.models.get(spec.name, {})
        version = spec.version.value if spec.HasField("version") else None
        if spec.version_label:
            if spec.version_label not in self.labels.get(spec.name, {}):
                raise invalid(f"Unrecognized servable version label: {spec.version_label}")
            version = self.labels[spec.name][spec.version_label]
        if version is None:
            version, request = max(versions, default=None), f"Latest({spec.name})"
        else:
            request = f"Specific({spec.name}, {version})"
        if version not in versions:
            raise Refused(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {request}")
        return version, versions[version]

    def predict(self, request: predict_pb2.PredictRequest, seconds: float | None) -> predict_pb2.PredictResponse:
        name = request.model_spec.signature_name or "serving_default"
        self.predictions.append((request.model_spec.name, name))
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


def _chosen(policy, versions: list[int]) -> list[int]:
    """The versions that a policy loads, out of all versions in ascending order."""
    kind = policy.WhichOneof("policy_choice") or "latest"
    if kind == "specific":
        return [version for version in versions if version in policy.specific.versions]
    return versions if kind == "all" else versions[-(policy.latest.num_versions or 1) :]


def _joined(names) -> str:
    return ",".join(sorted(names))
