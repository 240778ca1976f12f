"""An S3 server for tests that lets in only who signs with a key it gave out.

What it does not prove: it is moto, in memory and over plain HTTP. It checks keys, signatures and what a key may do, as
far as moto knows them; not TLS, bucket policies, temporary credentials, rate limits, the multipart uploads of large
files, or how another store (MinIO, Ceph, R2) reads the protocol.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import boto3
from moto.core.authorization import enable_iam_authentication
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

REGION, BUCKET = "us-east-1", "releases"
PUBLISHER = ("s3:*",)
READER = ("s3:GetObject", "s3:ListBucket")
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class S3Server:
    """A bucket at `url`, reached by the keys of `publisher` and `reader`: the variables that hold each."""

    def __init__(self, url: str) -> None:
        self.url = url
        iam = self.client("iam", {"AWS_ACCESS_KEY_ID": "owner", "AWS_SECRET_ACCESS_KEY": "owner"})
        self.publisher, self.reader = (_key(iam, "publisher", PUBLISHER), _key(iam, "reader", READER))
        self.client("s3", self.publisher).create_bucket(Bucket=BUCKET)

    def client(self, service: str, key: dict[str, str]) -> Any:
        """To call the server with a key."""
        names = {name.lower(): value for name, value in key.items()}
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **names)


def _key(iam: Any, user: str, actions: tuple[str, ...]) -> dict[str, str]:
    """Of a new user, who may do `actions`."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="s3", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A running server."""
    application = _with_escaped_queries(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Silent)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        opened = S3Server(f"http://127.0.0.1:{server.server_port}")
        with enable_iam_authentication():  # moto lets everyone in otherwise
            yield opened
    finally:
        server.shutdown()
        thread.join()


class _Silent(WSGIRequestHandler):
    def log(self, *arguments: Any) -> None:
        pass


def _with_escaped_queries(application: Application) -> Application:
    """Clients sign a query with its slashes escaped and may send it with plain ones, as S3 allows; moto checks the
    signature of what was sent."""

    def escaped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        pairs = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        environ["QUERY_STRING"] = urlencode(sorted(pairs), quote_via=quote, safe="-_.~")
        return application(environ, start_response)

    return escaped
