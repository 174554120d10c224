"""The door in front of moto, which answers as AWS's APIs do over HTTPS.

Adds what moto leaves out: each machine may call only what the planned policies of its role allow, by
action and resource. Takes the word of a machine that it may be terminated, as moto knows no lifecycle
hooks. Does not look at: conditions (tags, keys, encryption contexts), signatures, trust
policies. Makes a service fail on demand: "refuse" (status 503), "throttle" (as AWS says it), "hang" (the
request is taken and never answered). Keys of the lab itself may call everything.
"""
import fnmatch
import json
import re
import threading
import time
import urllib.parse

# Longer than any client waits; then the connection ends without an answer.
HANG_SECONDS = 60
MAY_GO = "autoscaling:CompleteLifecycleAction"
LAB_KEY = "LAB"
SCOPE = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request")


class Gateway:
    def __init__(self, account, region, machines, behind=None):
        self.account, self.region, self.machines = account, region, machines
        self.behind = behind
        self.failing = {}
        self.policies = {}
        self.denied = []
        self.may_go = []
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        key, service = scope(environ)
        failure = self.failing.get(service) if key != LAB_KEY else None
        if failure is not None:
            return fail(failure, start_response)
        if key != LAB_KEY:
            action, resource, body = self.request(service, environ)
            environ["wsgi.input"] = body
            role = self.machines.role_of_key(key)
            if not self.allows(role, action, resource):
                with self.lock:
                    self.denied.append("%s: %s on %s" % (role, action, resource))
                return refuse(start_response, 400, "AccessDeniedException")
            if action == MAY_GO:
                return self.let_go(body, start_response)
        return self.behind(environ, start_response)

    def allows(self, role, action, resource):
        for statement in self.policies.get(role, []):
            if action in statement["Action"] and any(
                    resource is None or fnmatch.fnmatchcase(resource, pattern)
                    for pattern in statement["Resource"]):
                return True
        return False

    def let_go(self, body, start_response):
        asked = urllib.parse.parse_qs(body.read().decode())
        with self.lock:
            self.may_go += asked["InstanceId"]
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [b"<CompleteLifecycleActionResponse/>"]

    def request(self, service, environ):
        """Action and resource of a request, and its body to be read again."""
        import io
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        again = io.BytesIO(body)
        if service == "ssm":
            action = environ.get("HTTP_X_AMZ_TARGET", "").split(".")[-1]
            asked = json.loads(body or b"{}")
            name = asked.get("Name") or asked.get("Path", "") + "/any"
            where = "arn:aws:ssm:%s:%s:parameter%s" % (self.region, self.account, name)
            return "ssm:" + action, where, again
        if service == "s3":
            bucket = environ.get("HTTP_HOST", "").split(".")[0]
            action = {"GET": "GetObject", "PUT": "PutObject"}.get(environ["REQUEST_METHOD"], "Other")
            return "s3:" + action, "arn:aws:s3:::%s%s" % (bucket, environ["PATH_INFO"]), again
        form = urllib.parse.parse_qs(body.decode(errors="replace"))
        return "%s:%s" % (service, form.get("Action", ["Other"])[0]), None, again


def scope(environ):
    found = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    return found.groups() if found else (None, None)


def fail(how, start_response):
    if how == "hang":
        time.sleep(HANG_SECONDS)
        raise ConnectionAbortedError("nobody answers")
    if how == "throttle":
        return refuse(start_response, 400, "ThrottlingException")
    return refuse(start_response, 503, "ServiceUnavailable")


def refuse(start_response, status, kind):
    body = json.dumps({"__type": kind, "message": kind}).encode()
    start_response("%d %s" % (status, kind), [
        ("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))])
    return [body]


def server(config, door, port=443):
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_request(self, *_):
            """Nobody reads it."""

    door.behind = DomainDispatcherApplication(create_backend_app)
    return make_server(config["address"], port, door, threaded=True, request_handler=Quiet,
                       ssl_context=(config["certificate"], config["key"]))
