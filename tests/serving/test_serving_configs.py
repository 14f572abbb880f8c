"""What the server would read of `export/serving/`, and what Compose and Kubernetes would make of it."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tests.serving.server_messages import BatchingParameters, MonitoringConfig
from tests.serving.serving_schemas import COMPOSE, KUBERNETES
from zoo_configs import common

SERVING = Path(__file__).parents[2] / "export" / "serving"
IMAGE = "tensorflow/serving:2.21.0"


def parsed(name, message):
    return text_format.Parse((SERVING / name).read_text(), message)


def models_of(name):
    return parsed(name, model_server_config_pb2.ModelServerConfig()).model_config_list.config


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((SERVING / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def kubernetes():
    """Its documents by kind."""
    return {found["kind"]: found for found in yaml.safe_load_all((SERVING / "kubernetes.yaml").read_text())}


def dockerfile(instruction):
    """What an instruction of the Dockerfile says, its continued lines joined."""
    text = (SERVING / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split(maxsplit=1)[1] for line in text.splitlines() if line.startswith(f"{instruction} ")]


@pytest.mark.parametrize("name", ["models.config", "canary.config", "batched.config"])
def test_every_model_is_served_from_the_folder_of_its_name(name):
    for model in models_of(name):
        assert model.base_path == f"/models/{model.name}"
        assert model.model_platform == "tensorflow"


def test_labels_name_versions_that_the_policy_loads():
    (model,) = models_of("canary.config")
    assert dict(model.version_labels) == {"stable": 1, "canary": 2}
    assert set(model.version_labels.values()) <= set(model.model_version_policy.specific.versions)


def test_only_batchable_servables_are_batched():
    assert all(model.name.endswith("_batchable") for model in models_of("batched.config"))


def test_no_batch_is_larger_than_a_translator_takes():
    batching = parsed("batching.config", BatchingParameters())
    assert batching.max_batch_size.value <= common.get_translation_config().sampling.max_images
    assert list(batching.allowed_batch_sizes) == sorted(set(batching.allowed_batch_sizes))
    assert batching.allowed_batch_sizes[-1] == batching.max_batch_size.value  # else the server does not start
    assert batching.num_batch_threads.value >= 1


def test_a_misspelt_parameter_is_found():
    """The messages that stand in for the server's own are as strict as they are."""
    with pytest.raises(text_format.ParseError, match="max_batch_sise"):
        text_format.Parse("max_batch_sise { value: 1 }", BatchingParameters())


def test_metrics_are_where_prometheus_is_told_to_look(kubernetes):
    monitoring = parsed("monitoring.config", MonitoringConfig()).prometheus_config
    assert monitoring.enable
    annotations = kubernetes["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == monitoring.path
    assert annotations["prometheus.io/port"] == "8501"


def test_the_image_is_pinned_to_the_tensorflow_that_the_package_asks_for(compose, kubernetes):
    assert dockerfile("FROM") == [IMAGE]
    assert kubernetes["Deployment"]["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGE
    assert {service["image"] for service in compose["services"].values()} == {"ganzoo-serving:2.21.0"}
    assert "tensorflow>=2.21\n" in (SERVING.parents[1] / "setup.cfg").read_text()


def test_the_image_runs_as_nobody_with_its_configs_and_a_health_check():
    (user,), (ports,) = dockerfile("USER"), dockerfile("EXPOSE")
    assert int(user.split(":")[0]) > 0
    assert ports.split() == ["8500", "8501"]
    (copied,) = dockerfile("COPY")
    *files, target = copied.split()
    assert target == "/config/"
    assert all((SERVING / file).is_file() for file in files)
    (check,) = dockerfile("HEALTHCHECK")
    assert "/config/health_check.sh" in check
    (entrypoint,), (command,) = dockerfile("ENTRYPOINT"), dockerfile("CMD")
    assert {f"/config/{file}" for file in files} >= set(re.findall(r"/config/[\w.]+", entrypoint + command))


def test_compose_says_nothing_that_compose_does_not_know(compose):
    jsonschema.validate(compose, COMPOSE)


@pytest.mark.parametrize("name", ["models", "batched"])
def test_compose_serves_read_only_as_nobody_within_limits(compose, name):
    service = compose["services"][name]
    assert service["read_only"]
    assert service["user"] == dockerfile("USER")[0]
    assert service["cap_drop"] == ["ALL"]
    assert all(volume.endswith(":ro") for volume in service["volumes"])
    assert [port.rsplit(":", 1)[1] for port in service["ports"]] == ["8500", "8501"]
    configs = re.findall(r"/config/([\w.]+)", " ".join(service["command"] + service["healthcheck"]["test"]))
    assert len(configs) >= 3
    assert all((SERVING / config).is_file() for config in configs)


def test_compose_asks_for_the_health_of_the_models_it_serves(compose):
    for service in compose["services"].values():
        (config,) = re.findall(r"--model_config_file=(\S+)", " ".join(service["command"]))
        assert config in service["healthcheck"]["test"]


def test_compose_publishes_each_port_once(compose):
    published = [port.rsplit(":", 1)[0] for service in compose["services"].values() for port in service["ports"]]
    assert len(set(published)) == len(published)


def test_only_batchable_servables_meet_the_servers_batching(compose):
    batched = {name for name, service in compose["services"].items() if "--enable_batching=true" in service["command"]}
    assert batched == {"batched"}
    assert "--model_config_file=/config/batched.config" in compose["services"]["batched"]["command"]


def test_kubernetes_gets_nothing_that_it_does_not_know(kubernetes):
    assert set(kubernetes) == set(KUBERNETES)
    for kind, document in kubernetes.items():
        jsonschema.validate(document, KUBERNETES[kind])


def test_kubernetes_serves_what_the_config_files_say(kubernetes):
    held = kubernetes["ConfigMap"]["data"]
    as_held = text_format.Parse(held["models.config"], model_server_config_pb2.ModelServerConfig())
    assert as_held == parsed("models.config", model_server_config_pb2.ModelServerConfig())
    monitored = text_format.Parse(held["monitoring.config"], MonitoringConfig())
    assert monitored == parsed("monitoring.config", MonitoringConfig())
    (container,) = kubernetes["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert set(re.findall(r"/config/([\w.]+)", " ".join(container["args"]))) == set(held)


def test_kubernetes_probes_and_ports_agree(kubernetes):
    pod = kubernetes["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    assert {f"--port={ports['grpc']}", f"--rest_api_port={ports['rest']}"} <= set(container["args"])
    assert {port["targetPort"]: port["port"] for port in kubernetes["Service"]["spec"]["ports"]} == ports
    served = {f"/v1/models/{model.name}" for model in models_of("models.config")}
    for probe in ("startupProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] in ports
        assert container[probe]["httpGet"]["path"] in served
    assert container["livenessProbe"]["tcpSocket"]["port"] in ports
    labels = kubernetes["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert kubernetes["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert kubernetes["Service"]["spec"]["selector"] == labels


def test_kubernetes_serves_read_only_as_nobody(kubernetes):
    pod = kubernetes["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] > 0
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    assert mounts["models"]["readOnly"]
    assert mounts["config"]["readOnly"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert set(volumes) == set(mounts)
    assert volumes["models"]["persistentVolumeClaim"]["readOnly"]
    assert volumes["config"]["configMap"]["name"] == kubernetes["ConfigMap"]["metadata"]["name"]
