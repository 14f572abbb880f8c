"""Connects to a served model."""

from ganzoo.serving.connection import Connection


def connect(server: str, model: str, *, rest: bool = False, **options) -> Connection:
    """A connection to a served model, by gRPC or by REST; `options` as in `Connection`.

    REST needs no TensorFlow. gRPC needs it: its messages come from tensorflow-serving-api, which imports TensorFlow.
    """
    if rest:
        from ganzoo.serving.rest_connection import RestConnection

        return RestConnection(server, model, **options)
    from ganzoo.serving.grpc_connection import GrpcConnection

    return GrpcConnection(server, model, **options)
