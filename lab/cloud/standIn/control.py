"""How the lab tells its cloud what is so: JSON over a socket in the lab's own folder.

  POST /aws       {service, operation, parameters}: a call of AWS's API, and its answer
  POST /machines  {address: machine}: all machines that the metadata service knows
  POST /policies  {role: statements}
  POST /targets   [address]: all targets of the balancer; GET: {address: healthy}
  POST /failing   {service: "refuse" | "throttle" | "hang"}: all services that fail
  GET  /denied    calls that no policy allowed
  GET  /may-go    ids of machines that have said that they may be terminated
"""
import http.server
import json
import os
import socketserver

import boto3
import gateway


def clients(config):
    made = {}

    def client(service):
        if service not in made:
            made[service] = boto3.client(
                service, region_name=config["region"], verify=config["authority"],
                endpoint_url="https://" + config["address"],
                aws_access_key_id=gateway.LAB_KEY, aws_secret_access_key="lab")
        return made[service]

    return client


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/targets":
            return self.say(200, self.server.pool.health())
        if self.path == "/denied":
            return self.say(200, self.server.door.denied)
        if self.path == "/may-go":
            return self.say(200, self.server.door.may_go)
        self.say(404, {"error": self.path})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            self.say(200, self.act(asked))
        except Exception as problem:  # The lab is told whatever went wrong.
            self.say(500, {"error": "%s: %s" % (type(problem).__name__, problem)})

    def act(self, asked):
        if self.path == "/aws":
            client = self.server.client(asked["service"])
            answer = getattr(client, asked["operation"])(**asked["parameters"])
            answer.pop("ResponseMetadata", None)
            return answer
        if self.path == "/machines":
            self.server.machines.replace(asked)
        elif self.path == "/policies":
            self.server.door.policies = asked
        elif self.path == "/targets":
            self.server.pool.replace(asked)
        elif self.path == "/failing":
            self.server.door.failing = asked
        else:
            raise ValueError("no such thing: " + self.path)
        return {}

    def say(self, status, value):
        body = json.dumps(value, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "lab"

    def log_message(self, *_):
        """Nobody reads it."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def server(config, machines, door, pool):
    if os.path.exists(config["socket"]):
        os.unlink(config["socket"])
    made = Server(config["socket"], Handler)
    made.machines, made.door, made.pool, made.client = machines, door, pool, clients(config)
    return made
