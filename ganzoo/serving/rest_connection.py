"""A served model by REST: HTTP and JSON, without TensorFlow."""

import base64
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request

import numpy as np

from ganzoo.errors import GanzooError, plain_words
from ganzoo.serving.connection import Connection, Refused, Signature, Spec, TooLate, Unready

AGAIN = (429, 503)  # RESOURCE_EXHAUSTED and UNAVAILABLE, as the server translates them
LATE = (408, 504)
DTYPES = {
    "DT_FLOAT": np.dtype(np.float32),
    "DT_INT32": np.dtype(np.int32),
    "DT_INT64": np.dtype(np.int64),
    "DT_BOOL": np.dtype(bool),
    "DT_STRING": np.dtype(object),
}


class RestConnection(Connection):
    """A connection by REST; arguments as in `Connection`, and `server` may begin with "https://"."""

    def __init__(self, server: str, model: str, **options):
        super().__init__(server, model, **options)
        host = server if "://" in server else f"http://{server}"
        self._url = f"{host.rstrip('/')}/v1/models/{urllib.parse.quote(model, safe='')}"
        if self.version is not None:
            self._url += f"/versions/{self.version}"
        if self.version_label is not None:
            self._url += f"/labels/{urllib.parse.quote(self.version_label, safe='')}"

    def _ask_signatures(self, seconds: float) -> dict[str, Signature]:
        held = self._call(f"{self._url}/metadata", None, seconds)["metadata"]["signature_def"]["signature_def"]
        return {
            name: Signature(*({a: _spec_of(info) for a, info in signature[side].items()} for side in SIDES))
            for name, signature in held.items()
            if signature.get("inputs")  # the loader's own entry, __saved_model_init_op, has no inputs
        }

    def _ask(self, signature: str, arrays: dict[str, np.ndarray], seconds: float) -> dict[str, np.ndarray]:
        inputs = {name: _to_json(array) for name, array in arrays.items()}
        document = {"signature_name": signature, "inputs": inputs}
        outputs = self._call(f"{self._url}:predict", json.dumps(document).encode(), seconds)["outputs"]
        specs = self.signature(signature).outputs
        if len(specs) == 1:  # the server leaves out the name of a single output
            outputs = {next(iter(specs)): outputs}
        return {name: _from_json(outputs[name], spec) for name, spec in specs.items()}

    def _call(self, url: str, body: bytes | None, seconds: float) -> dict:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            words = _words(error)
            if error.code in AGAIN:
                raise Unready(f"{error.code}, {words}") from error
            if error.code in LATE:
                raise TooLate from error
            raise Refused(f"{self.server} answers {error.code}: {words}") from error
        except TimeoutError as error:
            raise TooLate from error
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise TooLate from error
            raise Unready(str(reason) or type(reason).__name__) from error
        except ValueError as error:
            raise GanzooError(f"{url} does not answer in JSON: is it the REST port of a model server?") from error


SIDES = ("inputs", "outputs")


def _spec_of(info: dict) -> Spec:
    sides = (int(dim["size"]) for dim in info["tensor_shape"].get("dim", []))
    return Spec(DTYPES[info["dtype"]], tuple(None if side < 0 else side for side in sides))


def _to_json(array: np.ndarray):
    if array.dtype.kind != "O":
        return array.tolist()
    encoded = [{"b64": base64.b64encode(content).decode()} for content in array.ravel()]
    return encoded if array.ndim else encoded[0]


def _from_json(value, spec: Spec) -> np.ndarray:
    if spec.dtype.kind == "O":
        return np.array([base64.b64decode(content["b64"]) for content in value], object)
    array = np.array(value, spec.dtype)
    # JSON keeps no shape if there are no rows.
    return array if array.size else array.reshape([side or 0 for side in spec.shape])


def _words(error: urllib.error.HTTPError) -> str:
    """The message in the server's {"error": ...}; else the answer's first line, or HTTP's reason."""
    content = error.read().decode(errors="replace")
    try:
        return plain_words(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return content.strip().partition("\n")[0] or error.reason
