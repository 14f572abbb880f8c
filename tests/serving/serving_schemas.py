"""JSON schemas of the parts of Compose and Kubernetes that `export/serving/` uses; any other key is a mistake there."""


def _object(required: str = "", **properties) -> dict:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _list(items: dict) -> dict:
    return {"type": "array", "items": items, "minItems": 1}


STRING, BOOLEAN, PORT = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 1, "maximum": 65535}
COUNT = {"type": "integer", "minimum": 0}
STRINGS = _list(STRING)
STRING_MAP = {"type": "object", "additionalProperties": STRING}
DURATION = {"type": "string", "pattern": "^([0-9]+(us|ms|s|m|h))+$"}
QUANTITY = {"type": "string", "pattern": "^[0-9.]+(m|Ki|Mi|Gi)?$"}

_service = _object(
    "image build user read_only volumes command ports healthcheck deploy",
    image=STRING,
    build=STRING,
    user={"type": "string", "pattern": "^[0-9]+:[0-9]+$"},
    read_only=BOOLEAN,
    tmpfs=STRINGS,
    cap_drop=STRINGS,
    security_opt=STRINGS,
    restart={"enum": ["no", "always", "on-failure", "unless-stopped"]},
    profiles=STRINGS,
    volumes=STRINGS,
    command=STRINGS,
    ports=_list({"type": "string", "pattern": r"^([0-9.]+:)?[0-9]+:[0-9]+$"}),
    healthcheck=_object(
        "test interval timeout", test=STRINGS, interval=DURATION, timeout=DURATION, start_period=DURATION, retries=COUNT
    ),
    deploy=_object(
        "resources",
        resources=_object(
            "limits",
            limits=_object("cpus memory", cpus=STRING, memory={"type": "string", "pattern": "^[0-9]+[KMG]$"}),
        ),
    ),
)
COMPOSE = {
    **_object("services", services={"type": "object", "additionalProperties": _service}),
    "patternProperties": {"^x-": {}},
}

_meta = _object("name", name=STRING, labels=STRING_MAP, annotations=STRING_MAP)
_named_port = {"type": ["string", "integer"]}
_probe = {
    **_object(
        httpGet=_object("path port", path={"type": "string", "pattern": "^/"}, port=_named_port),
        tcpSocket=_object("port", port=_named_port),
        periodSeconds=COUNT,
        timeoutSeconds=COUNT,
        failureThreshold=COUNT,
    ),
    "oneOf": [{"required": ["httpGet"]}, {"required": ["tcpSocket"]}],
}
_quantities = _object("cpu memory", cpu=QUANTITY, memory=QUANTITY)
_container = _object(
    "name image args ports resources securityContext volumeMounts startupProbe readinessProbe livenessProbe",
    name=STRING,
    image=STRING,
    command=STRINGS,
    args=STRINGS,
    ports=_list(_object("name containerPort", name=STRING, containerPort=PORT)),
    startupProbe=_probe,
    readinessProbe=_probe,
    livenessProbe=_probe,
    resources=_object("requests limits", requests=_quantities, limits=_quantities),
    securityContext=_object(
        "allowPrivilegeEscalation readOnlyRootFilesystem capabilities",
        allowPrivilegeEscalation=BOOLEAN,
        readOnlyRootFilesystem=BOOLEAN,
        capabilities=_object(drop=STRINGS),
    ),
    volumeMounts=_list(_object("name mountPath", name=STRING, mountPath=STRING, readOnly=BOOLEAN)),
)
_volume = _object(
    "name",
    name=STRING,
    persistentVolumeClaim=_object("claimName", claimName=STRING, readOnly=BOOLEAN),
    configMap=_object("name", name=STRING),
    emptyDir=_object(sizeLimit=QUANTITY),
)
_pod = _object(
    "containers securityContext volumes",
    automountServiceAccountToken=BOOLEAN,
    securityContext=_object(
        "runAsNonRoot runAsUser",
        runAsNonRoot=BOOLEAN,
        runAsUser=COUNT,
        runAsGroup=COUNT,
        seccompProfile=_object("type", type={"enum": ["RuntimeDefault", "Unconfined", "Localhost"]}),
    ),
    containers=_list(_container),
    volumes=_list(_volume),
)
_rolling = _object(maxUnavailable={"type": ["integer", "string"]}, maxSurge={"type": ["integer", "string"]})
KUBERNETES = {
    "ConfigMap": _object(
        "apiVersion kind metadata data",
        apiVersion={"const": "v1"},
        kind={"const": "ConfigMap"},
        metadata=_meta,
        data=STRING_MAP,
    ),
    "Deployment": _object(
        "apiVersion kind metadata spec",
        apiVersion={"const": "apps/v1"},
        kind={"const": "Deployment"},
        metadata=_meta,
        spec=_object(
            "replicas selector template",
            replicas=COUNT,
            selector=_object("matchLabels", matchLabels=STRING_MAP),
            strategy=_object("type", type={"enum": ["RollingUpdate", "Recreate"]}, rollingUpdate=_rolling),
            template=_object(
                "metadata spec", metadata=_object("labels", labels=STRING_MAP, annotations=STRING_MAP), spec=_pod
            ),
        ),
    ),
    "Service": _object(
        "apiVersion kind metadata spec",
        apiVersion={"const": "v1"},
        kind={"const": "Service"},
        metadata=_meta,
        spec=_object(
            "selector ports",
            selector=STRING_MAP,
            ports=_list(_object("name port targetPort", name=STRING, port=PORT, targetPort=_named_port)),
        ),
    ),
}
