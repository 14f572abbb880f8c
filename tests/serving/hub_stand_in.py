"""A stand-in of the Hugging Face Hub's API on loopback: repositories in memory, one commit after another.

It answers what `huggingface_hub` asks to push and pull files below the size of large files, and can misbehave.
"""

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import yaml

TOKEN = "hf_of_the_tests"


class Hub:
    """A server in a thread of its own.

    Attributes:
        repositories: {name: {path: bytes}}, the files of the last commit.
        requests: "METHOD path" of all requests, in their order.
        cut: a path whose download breaks off in the middle.
        failing: whether every answer is 503.
    """

    def __init__(self):
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.requests: list[str] = []
        self.cut: str | None = None
        self.failing = False
        hub = self

        class Handler(_Handler):
            of = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def commit(self, name: str) -> str:
        """The hash of a repository's last commit, which its files decide."""
        digest = hashlib.sha1()
        for path, content in sorted(self.repositories[name].items()):
            digest.update(path.encode() + content)
        return digest.hexdigest()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    of: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, code, body=b"", headers=(), cut=False):
        body = json.dumps(body).encode() if isinstance(body, dict | list) else body
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def refuse(self, code, what):
        self.answer(code, {"error": what}, {"X-Error-Code": what, "X-Error-Message": what})

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.begun()
        if path is None:
            return
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/([^/]+))?", path):
            name, revision = match.groups()
            if self.known(name, revision):
                files = [{"rfilename": file} for file in self.of.repositories[name]]
                self.answer(200, {"id": name, "sha": self.of.commit(name), "siblings": files, "tags": []})
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)/?", path):
            if self.known(*match.groups()):
                entries = [
                    {"type": "file", "path": file, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                    for file, content in self.of.repositories[match[1]].items()
                ]
                self.answer(200, entries)
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            name, revision, file = match.groups()
            if not self.known(name, revision):
                return
            content = self.of.repositories[name].get(file)
            if content is None:
                self.refuse(404, "EntryNotFound")
                return
            etag = hashlib.sha1(content).hexdigest()
            headers = {"X-Repo-Commit": self.of.commit(name), "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
            first = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            cut = self.command == "GET" and file == self.of.cut
            if first:
                start = int(first[1])
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
                self.answer(206, content[start:], headers, cut)
            else:
                self.answer(200, content, headers, cut)
        else:
            self.refuse(404, "no such endpoint")

    def do_POST(self):
        path = self.begun()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) if path is not None else b""
        if path is None:
            return
        if path == "/api/validate-yaml":
            metadata = yaml.safe_load(json.loads(body)["content"].split("---")[1])
            wrong = [] if isinstance(metadata.get("tags", []), list) else [{"message": "tags must be a list"}]
            self.answer(400 if wrong else 200, {"errors": wrong, "warnings": []})
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.refuse(401, "invalid token")
        elif path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
            code = 409 if name in self.of.repositories else 200
            self.of.repositories.setdefault(name, {})
            self.answer(code, {"url": f"{self.of.address}/{name}", "name": name})
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/preupload/main", path):
            files = json.loads(body)["files"]
            modes = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in files]
            self.answer(200, {"files": modes})
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/main", path):
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    content = base64.b64decode(line["value"]["content"])
                    self.of.repositories[match[1]][line["value"]["path"]] = content
                elif line["key"] == "deletedFile":
                    del self.of.repositories[match[1]][line["value"]["path"]]
            oid = self.of.commit(match[1])
            self.answer(200, {"commitUrl": f"{self.of.address}/{match[1]}/commit/{oid}", "commitOid": oid})
        else:
            self.refuse(404, "no such endpoint")

    def begun(self):
        """The request's path, noted down; None for a request that was answered already."""
        path = unquote(urlsplit(self.path).path)
        self.of.requests.append(f"{self.command} {path}")
        if self.of.failing:
            self.refuse(503, "down")
            return None
        return path

    def known(self, name, revision):
        if name not in self.of.repositories:
            self.refuse(404, "RepoNotFound")
        elif revision not in (None, "main", self.of.commit(name)):
            self.refuse(404, "RevisionNotFound")
        else:
            return True
        return False
