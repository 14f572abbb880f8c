"""Messages of the server that tensorflow-serving-api does not ship: what --batching_parameters_file and
--monitoring_config_file hold (session_bundle_config.proto and monitoring_config.proto), field for field."""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

_Field = descriptor_pb2.FieldDescriptorProto
_WRAPPED = {"int64": "Int64Value", "string": "StringValue"}


def _message(name: str, **fields) -> descriptor_pb2.DescriptorProto:
    """Fields are numbered as they come: "int64*" repeated, "int64?" wrapped, a capital another message of the file."""
    message = descriptor_pb2.DescriptorProto(name=name)
    for number, (field, kind) in enumerate(fields.items(), 1):
        described = message.field.add(name=field, number=number, label=_Field.LABEL_OPTIONAL)
        if kind.endswith("*"):
            described.label, kind = _Field.LABEL_REPEATED, kind[:-1]
        if kind.endswith("?"):
            described.type, described.type_name = _Field.TYPE_MESSAGE, f".google.protobuf.{_WRAPPED[kind[:-1]]}"
        elif kind[0].isupper():
            described.type, described.type_name = _Field.TYPE_MESSAGE, f".ganzoo.tests.{kind}"
        else:
            described.type = getattr(_Field, f"TYPE_{kind.upper()}")
    return message


_file = descriptor_pb2.FileDescriptorProto(
    name="ganzoo/tests/server_messages.proto",
    package="ganzoo.tests",
    syntax="proto3",
    dependency=[wrappers_pb2.DESCRIPTOR.name],
    message_type=[
        _message(
            "BatchingParameters",
            max_batch_size="int64?",
            batch_timeout_micros="int64?",
            max_enqueued_batches="int64?",
            num_batch_threads="int64?",
            thread_pool_name="string?",
            allowed_batch_sizes="int64*",
            pad_variable_length_inputs="bool",
        ),
        _message("PrometheusConfig", enable="bool", path="string"),
        _message("MonitoringConfig", prometheus_config="PrometheusConfig"),
    ],
)
_pool = descriptor_pool.DescriptorPool()
_pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
_pool.Add(_file)
BatchingParameters = message_factory.GetMessageClass(_pool.FindMessageTypeByName("ganzoo.tests.BatchingParameters"))
MonitoringConfig = message_factory.GetMessageClass(_pool.FindMessageTypeByName("ganzoo.tests.MonitoringConfig"))
