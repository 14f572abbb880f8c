"""onnxruntime-web is fetched from a registry, checked, and kept; a stand-in of npm's registry answers on loopback."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ganzoo.environment import cache_folder
from ganzoo.errors import GanzooError
from ganzoo.playground import onnxruntime_web


@pytest.fixture
def registry(monkeypatch, tmp_path):
    """Answers with `content` and counts the requests; the cache is empty."""
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("npm_config_registry", raising=False)

    class Handler(BaseHTTPRequestHandler):
        content, paths = b"the archive", []

        def do_GET(self):
            self.paths.append(self.path)
            self.send_response(404 if self.content is None else 200)
            self.end_headers()
            self.wfile.write(self.content or b"")

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"http://127.0.0.1:{server.server_port}/")
    yield Handler
    server.shutdown()
    server.server_close()


def pin(monkeypatch, content):
    import hashlib

    monkeypatch.setattr(onnxruntime_web, "SHA256", hashlib.sha256(content).hexdigest())


def test_the_archive_is_downloaded_once_and_again_if_it_is_damaged(registry, monkeypatch):
    pin(monkeypatch, registry.content)
    path = onnxruntime_web.archive()
    assert path == cache_folder() / "onnxruntime-web-1.30.0.tgz"
    assert path.read_bytes() == registry.content
    assert registry.paths == ["/onnxruntime-web/-/onnxruntime-web-1.30.0.tgz"]
    onnxruntime_web.archive()
    assert len(registry.paths) == 1
    path.write_bytes(b"half of")
    assert onnxruntime_web.archive().read_bytes() == registry.content
    assert len(registry.paths) == 2


def test_another_archive_is_refused_and_not_kept(registry):
    with pytest.raises(GanzooError, match=r"is not onnxruntime-web-1.30.0.tgz: its SHA-256 is [0-9a-f]{64}, expected"):
        onnxruntime_web.archive()
    assert list(cache_folder().iterdir()) == []


def test_a_registry_without_the_version_and_no_network_say_what_to_do(registry, monkeypatch):
    monkeypatch.setattr(registry, "content", None)
    advice = r": run `npm pack onnxruntime-web@1.30.0` where there is a network, and give --onnxruntime_web="
    with pytest.raises(GanzooError, match=r"could not be downloaded from http://127.* \(HTTP status 404\)" + advice):
        onnxruntime_web.archive()
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9")
    with pytest.raises(
        GanzooError, match=r"could not be downloaded from http://127.0.0.1:9 \(no connection\)" + advice
    ):
        onnxruntime_web.archive()


def test_a_given_file_is_used_if_it_is_the_right_one(registry, monkeypatch, tmp_path):
    given = tmp_path / "mine.tgz"
    with pytest.raises(GanzooError, match=r"--onnxruntime_web is .*mine.tgz, and there is no such file: run `npm pack"):
        onnxruntime_web.archive(given)
    given.write_bytes(b"my own")
    with pytest.raises(GanzooError, match=r"mine.tgz is not onnxruntime-web-1.30.0.tgz \(SHA-256"):
        onnxruntime_web.archive(given)
    pin(monkeypatch, b"my own")
    assert onnxruntime_web.archive(given) == given
    assert registry.paths == []


def test_the_pages_files_are_in_the_archive(archive, tmp_path):
    onnxruntime_web.unpack(archive, tmp_path / "runtime")
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "runtime").iterdir()}
    assert sizes.keys() == onnxruntime_web.FILES.keys()
    assert sizes["ort-wasm.wasm"] > 1e6
    assert "ONNX Runtime Web v1.30.0" in (tmp_path / "runtime" / "ort.js").read_text()[:100]
