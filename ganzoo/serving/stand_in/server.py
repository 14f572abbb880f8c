"""A stand-in for the server's binary: PredictionService, ModelService and REST on loopback.

The stand-in loads exports as the server does, by the v1 loader into one Session per version. Its answers have the
server's checks, wording and status codes (predict_util.cc, server_core.cc). It does not batch, look for new versions or
replay warm-up requests.
"""

import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import grpc

from ganzoo import cli
from ganzoo.errors import GanzooError
from ganzoo.serving.access import pem

with cli.quiet_imports():
    from tensorflow_serving.apis import model_management_pb2, model_service_pb2_grpc, prediction_service_pb2_grpc
    from tensorflow_serving.config import model_server_config_pb2

    from ganzoo.serving.stand_in.models import Refused, Servables
    from ganzoo.serving.stand_in.rest import UNAUTHENTICATED, http_server

ANY_SIZE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


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


class Tls(NamedTuple):
    """PEM files of a server.

    Attributes:
        key, certificate: the server's.
        clients_ca: vouches for clients' certificates, which are then asked for; None asks for none.
    """

    key: str | Path
    certificate: str | Path
    clients_ca: str | Path | None = None


class _Token(grpc.ServerInterceptor):
    """Refuses calls without the metadata "authorization: Bearer TOKEN"."""

    def __init__(self, token: str):
        self._expected = ("authorization", f"Bearer {token}")

        def refuse(request, context):
            del request
            context.abort(grpc.StatusCode.UNAUTHENTICATED, UNAUTHENTICATED)

        self._refuse = grpc.unary_unary_rpc_method_handler(refuse)

    def intercept_service(self, continuation, details):
        return continuation(details) if self._expected in details.invocation_metadata else self._refuse


class StandIn:
    """Serves while it is a context: gRPC at `grpc_address`, REST at `rest_address`, both "127.0.0.1:PORT".

    Args:
        models: folders of exports by the models' names, or the server's whole config.
        port, rest_api_port: the ports of gRPC and REST; 0 takes a free port.
        tls: serve by TLS. The server has TLS for gRPC alone; for REST the stand-in takes the place of a proxy, too.
        token: refuse requests without "authorization: Bearer TOKEN", as a proxy in front of the server would.
    """

    def __init__(
        self,
        models: Mapping[str, Path] | model_server_config_pb2.ModelServerConfig,
        *,
        port: int = 0,
        rest_api_port: int = 0,
        tls: Tls | None = None,
        token: str | None = None,
    ):
        config = models if isinstance(models, model_server_config_pb2.ModelServerConfig) else config_of(models)
        self.servables = Servables(config)
        options = [*ANY_SIZE, ("grpc.so_reuseport", 0)]
        interceptors = [] if token is None else [_Token(token)]
        self._grpc = grpc.server(ThreadPoolExecutor(16), interceptors=interceptors, options=options)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(_Prediction(self.servables), self._grpc)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(_Model(self.servables), self._grpc)
        try:
            address = f"127.0.0.1:{port}"
            if tls is None:
                self.grpc_address = f"127.0.0.1:{self._grpc.add_insecure_port(address)}"
            else:
                self.grpc_address = f"127.0.0.1:{self._grpc.add_secure_port(address, _credentials(tls))}"
            self._rest = http_server(self.servables, rest_api_port, context=_context(tls), token=token)
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
        """Waits until the process is interrupted."""
        self._grpc.wait_for_termination()


def _credentials(tls: Tls) -> grpc.ServerCredentials:
    clients = None if tls.clients_ca is None else pem(tls.clients_ca)
    return grpc.ssl_server_credentials([(pem(tls.key), pem(tls.certificate))], clients, clients is not None)


def _context(tls: Tls | None) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    if tls.clients_ca is not None:
        context.load_verify_locations(tls.clients_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def config_of(models: Mapping[str, str | Path]) -> model_server_config_pb2.ModelServerConfig:
    """The server's config for folders by their models' names."""
    config = model_server_config_pb2.ModelServerConfig()
    for name, folder in models.items():
        config.model_config_list.config.add(name=name, base_path=str(folder), model_platform="tensorflow")
    return config


def _answered(context, answer, *request):
    try:
        return answer(*request)
    except Refused as refused:
        return context.abort(refused.code, refused.message)
