"""The way to a served model."""

from ganzoo.serving.connection import Connection


def connect(server: str, model: str, *, rest: bool = False, **options) -> Connection:
    """A connection to a served model, by gRPC or by REST; `options` as of `Connection`.

    REST needs no TensorFlow; gRPC's messages are tensorflow-serving-api's, which does.
    """
    if rest:
        from ganzoo.serving.rest_connection import RestConnection

        return RestConnection(server, model, **options)
    from ganzoo.serving.grpc_connection import GrpcConnection

    return GrpcConnection(server, model, **options)
