"""How a server is reached: in the clear or by TLS, and with which metadata, such as a token."""

import dataclasses
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path

from absl import flags

from ganzoo.errors import GanzooError

FLAGS = flags.FLAGS
# What gRPC takes as a name; names in `-bin` have bytes as values, which HTTP has no headers for.
NAME = re.compile(r"[a-z0-9_.-]+(?<!-bin)")
VALUE = re.compile(r"([!-~]([ -~]*[!-~])?)?")


@dataclasses.dataclass(frozen=True)
class Access:
    """The way to a server.

    Attributes:
        tls: encrypt, and check the server's certificate against its name.
        ca_certificate: a PEM file with the certificates that vouch for the server's; None is those that the system, or
            gRPC, trusts. It asks for TLS by itself.
        client_certificate, client_key: PEM files for a server that asks its clients for a certificate; both or none.
        metadata: sent with every request by their names, such as {"authorization": "Bearer ..."}: gRPC's call metadata,
            HTTP's headers.

    Raises:
        GanzooError: for a file that cannot be read, for one of certificate and key alone, and for metadata that neither
            gRPC nor HTTP takes.
    """

    tls: bool = False
    ca_certificate: str | Path | None = None
    client_certificate: str | Path | None = None
    client_key: str | Path | None = None
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        if (self.client_certificate is None) != (self.client_key is None):
            raise GanzooError("a client's certificate and its key go together: give both, or none.")
        for path in (self.ca_certificate, self.client_certificate, self.client_key):
            if path is not None:
                pem(path)
                object.__setattr__(self, "tls", True)
        for name, value in self.metadata.items():
            if not NAME.fullmatch(name):
                raise GanzooError(f"metadata '{name}': a name has small letters, digits, '_', '.' and '-' alone.")
            if not VALUE.fullmatch(value):  # the value may be a secret
                raise GanzooError(f"the metadata '{name}' has signs that are not printable ASCII, or spaces around it.")

    def check(self, server: str, is_encrypted: bool) -> None:
        """Raises GanzooError if a token would go to another machine in the clear.

        Args:
            server: "host:port".
            is_encrypted: whether the connection uses TLS.
        """
        if "authorization" in self.metadata and not is_encrypted and not _is_loopback(server):
            raise GanzooError(f"the token would go to {server} in the clear. Use TLS (--tls), or send no token.")


def pem(path: str | Path) -> bytes:
    """The contents of a PEM file.

    Raises:
        GanzooError: for a file that cannot be read or is no PEM file.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise GanzooError(f"{path} could not be read: {error.strerror}.") from error
    if b"-----BEGIN " not in content:
        raise GanzooError(f"{path} is no PEM file: no line begins with -----BEGIN.")
    return content


def define_flags() -> None:
    """Defines the flags of a command that asks a server."""
    flags.DEFINE_boolean("tls", False, "encrypt, and check the server's certificate")
    flags.DEFINE_string(
        "ca_certificate", None, "with TLS: PEM file of who vouches for the server; default: the system's"
    )
    flags.DEFINE_string("client_certificate", None, "with TLS: PEM file for a server that asks its clients for one")
    flags.DEFINE_string("client_key", None, "with TLS: PEM file of the key to --client_certificate")
    flags.DEFINE_string("token_file", None, "a file with a token, sent as 'authorization: Bearer TOKEN'")
    flags.DEFINE_multi_string("metadata", [], "NAME=VALUE, sent with every request; may be given several times")


def of_flags() -> Access:
    """The access that the flags ask for.

    Raises:
        GanzooError: as in `Access`, and for metadata without a name.
    """
    metadata = {}
    for given in FLAGS.metadata:
        name, equals, value = given.partition("=")
        if not equals:
            raise GanzooError(f"--metadata is {name}, expected NAME=VALUE.")
        metadata[name] = value
    if FLAGS.token_file is not None:
        try:
            token = Path(FLAGS.token_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise GanzooError(f"--token_file: {FLAGS.token_file} could not be read: {error}.") from error
        metadata["authorization"] = f"Bearer {token}"
    files = {name: FLAGS[name].value for name in ("ca_certificate", "client_certificate", "client_key")}
    return Access(tls=FLAGS.tls, metadata=metadata, **files)


def _is_loopback(server: str) -> bool:
    host = re.sub(r":\d*$", "", server.rpartition("://")[2].partition("/")[0]).strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
