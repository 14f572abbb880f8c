"""TLS, certificates of clients, tokens and other metadata, by gRPC and by REST, with certificates made here."""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import trustme

from ganzoo.errors import GanzooError
from ganzoo.serving import asking, connection
from ganzoo.serving.access import Access
from ganzoo.serving.connecting import connect
from ganzoo.serving.connection import NotReady, Refused
from ganzoo.serving.stand_in.server import StandIn, Tls
from tests import processes

TOKEN = "s3cret"
BEARER = {"authorization": f"Bearer {TOKEN}"}


class Files(NamedTuple):
    """PEM files: the authority's, a server's for 127.0.0.1 and for another name, a client's, a stranger authority's."""

    ca: Path
    server: Tls
    of_another_name: Tls
    client: dict[str, Path]
    stranger: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()

    def written(issued, name):
        issued.private_key_pem.write_to_path(folder / f"{name}.key")
        issued.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
        return folder / f"{name}.key", folder / f"{name}.pem"

    authority.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "stranger.pem")
    key, certificate = written(authority.issue_cert("client@example.org"), "client")
    return Files(
        folder / "ca.pem",
        Tls(*written(authority.issue_cert("127.0.0.1"), "server")),
        Tls(*written(authority.issue_cert("models.example"), "other")),
        dict(client_key=key, client_certificate=certificate),
        folder / "stranger.pem",
    )


@pytest.fixture(scope="module")
def serve(exports):
    """Serves the points with the given TLS and token, once for all tests of the file."""
    started = {}

    def get(tls=None, token=None):
        if (tls, token) not in started:
            started[tls, token] = StandIn({"points": exports["points"][1]}, tls=tls, token=token)
            started[tls, token].__enter__()
        return started[tls, token]

    yield get
    for serving in started.values():
        serving.__exit__()


@pytest.fixture(params=["grpc", "rest"])
def ask(request, monkeypatch):
    """Four points from a server, with the given access."""
    monkeypatch.setattr(connection, "FIRST_WAIT", 0.001)
    rest = request.param == "rest"

    def points(serving, **access):
        address = serving.rest_address if rest else serving.grpc_address
        with connect(address, "points", rest=rest, access=Access(**access), deadline=30.0) as connected:
            return asking.draw(connected, "generate", 4, seed=1)["samples"]

    return points


def test_an_answer_by_tls_is_the_answer_in_the_clear(ask, serve, files):
    np.testing.assert_array_equal(ask(serve(files.server), ca_certificate=files.ca), ask(serve()))


def test_an_authority_of_the_environment_does_not_replace_the_given_one(ask, serve, files, monkeypatch):
    """requests itself prefers REQUESTS_CA_BUNDLE to its session's authority."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(files.stranger))
    assert len(ask(serve(files.server), ca_certificate=files.ca)) == 4


@pytest.mark.parametrize("wrong", ["stranger", "name", "system"])
def test_a_certificate_that_nobody_vouches_for_or_of_another_name_is_refused_at_once(ask, serve, files, wrong):
    tls = files.of_another_name if wrong == "name" else files.server
    access = {"system": dict(tls=True), "stranger": dict(ca_certificate=files.stranger)}.get(
        wrong, dict(ca_certificate=files.ca)
    )
    with pytest.raises(GanzooError, match=r"no TLS with 127.0.0.1:\d+: .*--ca_certificate says who") as raised:
        ask(serve(tls), **access)
    assert not isinstance(raised.value, NotReady)
    assert "\n" not in str(raised.value)


def test_a_server_may_ask_for_a_clients_certificate(ask, serve, files):
    serving = serve(files.server._replace(clients_ca=files.ca))
    assert len(ask(serving, ca_certificate=files.ca, **files.client)) == 4
    with pytest.raises(GanzooError):
        ask(serving, ca_certificate=files.ca)


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_token_goes_with_every_request(ask, serve, files, encrypted):
    serving = serve(files.server if encrypted else None, TOKEN)
    authority = dict(ca_certificate=files.ca) if encrypted else {}
    assert len(ask(serving, metadata=BEARER, **authority)) == 4
    for metadata in ({}, {"authorization": "Bearer other"}):
        with pytest.raises(Refused, match="answers (UNAUTHENTICATED|401): the request has no valid token"):
            ask(serving, metadata=metadata, **authority)


def test_a_netrc_does_not_replace_the_token(serve, ask, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert len(ask(serve(token=TOKEN), metadata=BEARER)) == 4


@pytest.mark.parametrize("rest", [False, True])
def test_a_token_is_not_sent_to_another_machine_in_the_clear(rest):
    with pytest.raises(GanzooError, match="would go to models.example:8500 in the clear. Use TLS"):
        connect("models.example:8500", "points", rest=rest, access=Access(metadata=BEARER))
    for near in ("localhost:1", "127.0.0.1:1", "[::1]:1"):
        connect(near, "points", rest=rest, access=Access(metadata=BEARER)).close()
    connect("https://models.example", "points", rest=rest, access=Access(metadata=BEARER)).close()


@pytest.mark.parametrize(
    "given, said",
    [
        (dict(client_key="key.pem"), "certificate and its key go together"),
        (dict(ca_certificate="/nowhere.pem"), "/nowhere.pem could not be read: No such file or directory"),
        (dict(ca_certificate=__file__), "is no PEM file"),
        (dict(metadata={"Authorization": "x"}), "metadata 'Authorization': a name has small letters"),
        (dict(metadata={"blob-bin": "x"}), "metadata 'blob-bin': a name has"),
        (dict(metadata={"authorization": "a\r\nhost: b"}), "the metadata 'authorization' has signs that are not"),
        (dict(metadata={"authorization": " a"}), "or spaces around it"),
    ],
)
def test_a_wrong_access_is_refused_before_anything_is_sent(given, said):
    with pytest.raises(GanzooError, match=said):
        Access(**given)


def test_a_client_in_the_clear_is_told_that_a_tls_server_is_not_ready(ask, serve, files):
    with pytest.raises(NotReady, match="is not ready, in 6 tries: .*--tls"):
        ask(serve(files.server))


def test_tls_with_a_server_in_the_clear_is_refused_at_once(ask, serve, files):
    with pytest.raises(GanzooError, match="no TLS with"):
        ask(serve(), ca_certificate=files.ca)


def test_requests_by_rest_keep_their_connection(serve, monkeypatch):
    """20 requests by one thread take one connection, and 4 threads no more than 4."""
    serving, opened = serve(), []
    whole = serving._rest.process_request
    monkeypatch.setattr(serving._rest, "process_request", lambda *of: (opened.append(of[1]), whole(*of)))
    with connect(serving.rest_address, "points", rest=True) as connected:
        answers = [asking.draw(connected, "generate", 2, seed=seed)["samples"] for seed in range(20)]
        assert len(opened) == 1
        with ThreadPoolExecutor(4) as threads:
            again = [*threads.map(lambda seed: asking.draw(connected, "generate", 2, seed=seed)["samples"], range(20))]
        assert len(opened) <= 4
    np.testing.assert_array_equal(answers, again)


def test_a_kept_connection_outlives_the_restart_of_its_server(exports):
    """Of the client, that is: the server's end is the connection's, and the next request makes a new one."""
    models = {"points": exports["points"][1]}
    with StandIn(models) as serving:
        address = serving.rest_address
        connected = connect(address, "points", rest=True)
        before = asking.draw(connected, "generate", 2)["samples"]
    with pytest.raises(NotReady):
        asking.draw(connected, "generate", 2)
    with StandIn(models, rest_api_port=int(address.rpartition(":")[2])):
        np.testing.assert_array_equal(asking.draw(connected, "generate", 2)["samples"], before)
    connected.close()


def test_a_client_that_does_not_shake_hands_holds_up_nobody(ask, serve, files):
    serving = serve(files.server)
    with socket.create_connection(("127.0.0.1", int(serving.rest_address.rpartition(":")[2]))):
        assert len(ask(serving, ca_certificate=files.ca)) == 4


@pytest.mark.parametrize("rest", [False, True])
def test_the_script_asks_by_tls_with_a_token(serve, files, tmp_path, rest):
    serving = serve(files.server, TOKEN)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    flags = ["--rest"] if rest else []
    flags += [f"--server={serving.rest_address if rest else serving.grpc_address}", "--model=points"]
    flags += ["--signature=generate", "--num_samples=5", f"--out={tmp_path}/points.npz"]
    flags += [f"--ca_certificate={files.ca}", f"--token_file={tmp_path}/token"]
    done = processes.run(*flags, module="ganzoo.serving.client")
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "points.npz")["samples"].shape == (5, 2)
    done = processes.run(*flags, "--metadata=nonsense", module="ganzoo.serving.client")
    assert done.stderr == "ganzoo: --metadata is nonsense, expected NAME=VALUE.\n"
    assert TOKEN not in done.stderr
