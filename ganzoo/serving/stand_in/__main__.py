"""Serves exports on loopback with TensorFlow Serving's answers, for tests and for trying the guide's commands.

python -m ganzoo.serving.stand_in --model_name wgan_gp --model_base_path models/wgan_gp --port 8500 --rest_api_port 8501
python -m ganzoo.serving.stand_in --model_config_file serving/models.config
"""

from pathlib import Path

from absl import flags

from ganzoo import cli
from ganzoo.errors import GanzooError

FLAGS = flags.FLAGS


def main() -> None:
    with cli.quiet_imports():
        import tensorflow as tf
        from google.protobuf import text_format
        from tensorflow_serving.config import model_server_config_pb2

        from ganzoo.serving.stand_in.server import StandIn, config_of

    tf.get_logger().setLevel("ERROR")  # hides that the v1 loader is deprecated: the server uses the same loader
    if FLAGS.model_config_file:
        config = model_server_config_pb2.ModelServerConfig()
        try:
            text_format.Parse(Path(FLAGS.model_config_file).read_text(), config)
        except (text_format.ParseError, UnicodeDecodeError) as error:
            raise GanzooError(f"{FLAGS.model_config_file} is not a ModelServerConfig as text: {error}.") from error
    else:
        config = config_of({FLAGS.model_name: FLAGS.model_base_path})
    with StandIn(config, port=FLAGS.port, rest_api_port=FLAGS.rest_api_port) as server:
        print(
            f"{', '.join(server.servables.models)}: gRPC {server.grpc_address}, REST {server.rest_address}", flush=True
        )
        server.wait()


if __name__ == "__main__":
    flags.DEFINE_string("model_name", "default", "the model's name in requests")
    flags.DEFINE_string("model_base_path", "", "the parent folder of the model's versions")
    flags.DEFINE_string("model_config_file", "", "a file with a ModelServerConfig as text, instead of name and path")
    flags.DEFINE_integer("port", 8500, "the port of gRPC")
    flags.DEFINE_integer("rest_api_port", 8501, "the port of REST")
    flags.DEFINE_alias("rest_port", "rest_api_port")
    cli.run(main)
