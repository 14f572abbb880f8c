"""A served model by REST: HTTP and JSON, without TensorFlow."""

import base64
import http.client
import http.cookiejar
import json
import urllib.parse

import numpy as np
import requests

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
MOST_KEPT = 64  # connections, for as many threads that ask at once


class RestConnection(Connection):
    """A connection by REST; arguments as in `Connection`, and `server` may begin with "https://".

    TCP connections are kept between requests. Proxies of the environment (`HTTPS_PROXY`) are used.
    """

    def __init__(self, server: str, model: str, **options):
        super().__init__(server, model, **options)
        host = server.rpartition("://")[2].rstrip("/")
        self._url = (
            f"{'https' if self.is_encrypted else 'http'}://{host}/v1/models/{urllib.parse.quote(model, safe='')}"
        )
        if self.version is not None:
            self._url += f"/versions/{self.version}"
        if self.version_label is not None:
            self._url += f"/labels/{urllib.parse.quote(self.version_label, safe='')}"
        self._session = requests.Session()
        # Threads share the session: cookies would be its only state, and no server of models has use for them.
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=MOST_KEPT))
        self._session.headers.update({"Content-Type": "application/json", **self.access.metadata})
        self._session.auth = lambda request: request  # or a ~/.netrc would replace the token
        if self.access.client_certificate is not None:
            self._session.cert = (str(self.access.client_certificate), str(self.access.client_key))

    def close(self) -> None:
        self._session.close()

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
        authority = self.access.ca_certificate
        # Given with the request, as REQUESTS_CA_BUNDLE replaces the session's.
        how = dict(timeout=seconds, allow_redirects=False, verify=True if authority is None else str(authority))
        try:
            answer = self._session.request("GET" if body is None else "POST", url, data=body, **how)
        except requests.Timeout as error:
            raise TooLate from error
        except requests.exceptions.SSLError as error:
            if "EOF" in str(error):  # the server, or its proxy, went away within the handshake
                raise Unready(_reason(error)) from error
            raise self._untrusted(_reason(error)) from error
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            raise GanzooError(f"the server's address is {self.server}, expected HOST:PORT ({error}).") from error
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            if type(_innermost(error)) is http.client.BadStatusLine:  # a closed connection is of a kind of it
                raise GanzooError(f"{url} does not answer in HTTP: is it the REST port of a model server?") from error
            raise Unready(_reason(error)) from error
        if answer.status_code in AGAIN:
            raise Unready(f"{answer.status_code}, {_words(answer)}")
        if answer.status_code in LATE:
            raise TooLate
        if answer.status_code != 200:
            raise Refused(f"{self.server} answers {answer.status_code}: {_words(answer)}")
        try:
            return json.loads(answer.content)
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


def _words(answer: requests.Response) -> str:
    """The message in the server's {"error": ...}; else where the answer leads, its first line, or HTTP's reason."""
    if answer.is_redirect:
        return f"moved to {answer.headers['location']}"
    content = answer.content.decode(errors="replace")
    try:
        return plain_words(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return content.strip().partition("\n")[0] or answer.reason


def _reason(error: BaseException) -> str:
    error = _innermost(error)
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _innermost(error: BaseException) -> BaseException:
    """The error that an error of requests wraps, which wraps those of urllib3 and of the system."""
    while (inner := getattr(error, "reason", None) or next(iter(error.args[-1:]), None)) and inner is not error:
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error
