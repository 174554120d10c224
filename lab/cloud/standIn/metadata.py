"""Stand-in for EC2's instance metadata service (IMDS), version 2 only.

Who asks is known by the source address, as no two machines of a lab share one. Has: session tokens with
their time to live, the paths that cloud-init and quorum-cloud read, folder listings, user data, role
credentials, the identity document, target-lifecycle-state and spot/instance-action once they are set.
Leaves out: version 1, IPv6, hop limits, signatures of the document, public keys, block devices, and
throttling. Answers any API version alike.
"""
import base64
import http.server
import json
import secrets
import threading
import time

TOKEN = "/latest/api/token"
TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"
LONGEST_TTL = 21600
CREDENTIAL_SECONDS = 6 * 3600


class Machines:
    """Machines by address, as the lab last said: instanceId, zone, region, account, role, group, userData
    (base64), hardwareAddress, cidr, and if so: lifecycleState, spotAction."""

    def __init__(self):
        self.lock = threading.Lock()
        self.by_address = {}

    def replace(self, machines):
        with self.lock:
            self.by_address = dict(machines)

    def at(self, address):
        with self.lock:
            return self.by_address.get(address)

    def role_of_key(self, access_key):
        """The credentials' key names its role: what the gateway asks."""
        with self.lock:
            for machine in self.by_address.values():
                if key_of(machine) == access_key:
                    return machine["role"]
        return None


def key_of(machine):
    return "ASIA" + machine["instanceId"][2:].upper()[:16]


def paths(address, machine):
    """Every path below meta-data/ with its text."""
    host = "ip-" + address.replace(".", "-")
    mac = machine["hardwareAddress"]
    interface = "network/interfaces/macs/%s/" % mac
    found = {
        "ami-id": "ami-00000000000000000",
        "ami-launch-index": "0",
        "hostname": "%s.%s.compute.internal" % (host, machine["region"]),
        "iam/security-credentials/" + machine["role"]: credentials(machine),
        "instance-id": machine["instanceId"],
        "instance-life-cycle": "on-demand",
        "instance-type": "m7i.large",
        "local-hostname": "%s.%s.compute.internal" % (host, machine["region"]),
        "local-ipv4": address,
        "mac": mac,
        interface + "device-number": "0",
        interface + "interface-id": "eni-" + machine["instanceId"][2:],
        interface + "local-hostname": host,
        interface + "local-ipv4s": address,
        interface + "mac": mac,
        interface + "subnet-ipv4-cidr-block": machine["cidr"],
        interface + "vpc-id": "vpc-00000000000000000",
        "placement/availability-zone": machine["zone"],
        "placement/region": machine["region"],
        "security-groups": machine["role"],
        "services/domain": "amazonaws.com",
        "services/partition": "aws",
    }
    if machine.get("lifecycleState"):
        found["autoscaling/target-lifecycle-state"] = machine["lifecycleState"]
    if machine.get("spotAction"):
        found["spot/instance-action"] = json.dumps(machine["spotAction"])
    return found


def credentials(machine):
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    return json.dumps({
        "Code": "Success",
        "Type": "AWS-HMAC",
        "LastUpdated": time.strftime(stamp, time.gmtime()),
        "Expiration": time.strftime(stamp, time.gmtime(time.time() + CREDENTIAL_SECONDS)),
        "AccessKeyId": key_of(machine),
        "SecretAccessKey": "secret-of-" + machine["instanceId"],
        "Token": "session-of-" + machine["instanceId"],
    })


def document(address, machine):
    return json.dumps({
        "accountId": machine["account"],
        "architecture": "x86_64",
        "availabilityZone": machine["zone"],
        "instanceId": machine["instanceId"],
        "privateIp": address,
        "region": machine["region"],
        "version": "2017-09-30",
    })


def listing(found, folder):
    """Names directly below a folder, folders with a slash; None where there is no such folder."""
    names = set()
    for path in found:
        if path.startswith(folder):
            name, slash, _ = path[len(folder):].partition("/")
            names.add(name + slash)
    return "\n".join(sorted(names)) if names else None


def answer(address, machine, path):
    """The body for a path behind the version, or None."""
    if path == "user-data":
        return base64.b64decode(machine["userData"])
    if path.rstrip("/") == "dynamic":
        return b"instance-identity/"
    if path.rstrip("/") == "dynamic/instance-identity":
        return b"document"
    if path == "dynamic/instance-identity/document":
        return document(address, machine).encode()
    if path == "":
        return b"dynamic\nmeta-data\nuser-data"
    if path != "meta-data" and not path.startswith("meta-data/"):
        return None
    found = paths(address, machine)
    rest = path[len("meta-data"):].lstrip("/")
    if rest in found:
        return found[rest].encode()
    text = listing(found, rest if rest == "" or rest.endswith("/") else rest + "/")
    return None if text is None else text.encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    tokens = {}

    def do_PUT(self):
        machine = self.server.machines.at(self.client_address[0])
        try:
            seconds = int(self.headers.get(TTL_HEADER, "0"))
        except ValueError:
            seconds = 0
        if machine is None or not self.path.endswith("/api/token"):
            return self.say(404, b"")
        if not 1 <= seconds <= LONGEST_TTL:
            return self.say(400, b"")
        token = secrets.token_urlsafe(32)
        self.tokens[token] = (self.client_address[0], time.monotonic() + seconds)
        self.say(200, token.encode(), {TTL_HEADER: str(seconds)})

    def do_GET(self):
        address = self.client_address[0]
        machine = self.server.machines.at(address)
        owner, end = self.tokens.get(self.headers.get("X-aws-ec2-metadata-token", ""), (None, 0))
        if machine is None:
            return self.say(404, b"")
        if owner != address or time.monotonic() > end:
            return self.say(401, b"")
        _, _, path = self.path.lstrip("/").partition("/")
        body = answer(address, machine, path)
        self.say(404 if body is None else 200, body or b"")

    def say(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nobody reads it."""


def server(machines, address="169.254.169.254", port=80):
    made = http.server.ThreadingHTTPServer((address, port), Handler)
    made.daemon_threads = True
    made.machines = machines
    return made
