import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { needs } from "../support/tools.ts";

const root = resolve(import.meta.dirname, "../..");
const standIn = join(root, "lab/cloud/standIn");
const quorumCloud = join(root, "templates/ec2/quorum-cloud.py");

/** Output of a Python program that sees the stand-in's modules. */
function python(program: string): string {
  const result = spawnSync("python3", ["-B", "-c", program], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, PYTHONPATH: standIn },
    timeout: 15_000,
  });
  assert.equal(result.status, 0, result.stderr);
  return result.stdout;
}

const machine = {
  instanceId: "i-0123456789abcdef0",
  zone: "eu-west-1a",
  region: "eu-west-1",
  account: "123456789012",
  role: "etcd",
  group: "demo-etcd-eu-west-1a",
  userData: gzipSync("#cloud-config\n{}\n").toString("base64"),
  hardwareAddress: "06:00:7f:00:00:01",
  cidr: "127.0.0.0/8",
};

describe("the stand-in for EC2's metadata service", () => {
  let server: ChildProcess;
  let base = "";

  before(async function () {
    needs(this, "python3");
    const program = `
import json, metadata, sys
machines = metadata.Machines()
machines.replace({"127.0.0.1": json.loads(sys.argv[1])})
server = metadata.server(machines, "127.0.0.1", 0)
print("http://127.0.0.1:%d" % server.server_address[1], flush=True)
server.serve_forever()
`;
    server = spawn("python3", ["-B", "-c", program, JSON.stringify(machine)], {
      env: { PATH: process.env.PATH, PYTHONPATH: standIn },
      stdio: ["ignore", "pipe", "inherit"],
    });
    base = await new Promise<string>((found) =>
      server.stdout?.once("data", (text: Buffer) => found(text.toString().trim())),
    );
  });
  after(() => server?.kill("SIGKILL"));

  const token = async (seconds: string) =>
    fetch(`${base}/latest/api/token`, {
      method: "PUT",
      headers: { "X-aws-ec2-metadata-token-ttl-seconds": seconds },
    });
  const ask = async (path: string) => {
    const headers = { "X-aws-ec2-metadata-token": await (await token("60")).text() };
    return fetch(`${base}/latest/${path}`, { headers });
  };

  it("answers nobody without a token, and gives none for a time out of range", async () => {
    assert.equal((await fetch(`${base}/latest/meta-data/instance-id`)).status, 401);
    assert.equal((await token("0")).status, 400);
    assert.equal((await token("21601")).status, 400);
  });

  it("tells a machine what it is, by listing and by path", async () => {
    assert.equal(await (await ask("meta-data/instance-id")).text(), machine.instanceId);
    const listed = (await (await ask("meta-data/")).text()).split("\n");
    for (const name of ["instance-id", "local-ipv4", "placement/", "network/", "iam/"])
      assert.ok(listed.includes(name), name);
    assert.equal(
      await (await ask("meta-data/network/interfaces/macs/")).text(),
      `${machine.hardwareAddress}/`,
    );
    assert.equal((await ask("meta-data/spot/instance-action")).status, 404);
  });

  it("shows the identity document, as cloud-init looks for it", async () => {
    assert.equal(await (await ask("dynamic/instance-identity")).text(), "document");
    const document = await (await ask("dynamic/instance-identity/document")).json();
    assert.equal((document as { instanceId: string }).instanceId, machine.instanceId);
  });

  it("hands out user data as they were given, packed", async () => {
    const packed = Buffer.from(await (await ask("user-data")).arrayBuffer());
    assert.deepEqual(packed, Buffer.from(machine.userData, "base64"));
  });

  it("is understood by the machines' own client", () => {
    const result = spawnSync("python3", ["-I", "-B", quorumCloud, "identity"], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, AWS_EC2_METADATA_SERVICE_ENDPOINT: base },
    });
    assert.equal(
      result.stdout,
      `INSTANCE_ID=${machine.instanceId}\nADDRESS=127.0.0.1\nZONE=eu-west-1a\n`,
    );
  });
});

describe("the lab's other stand-ins", () => {
  before(function () {
    needs(this, "python3");
  });

  it("resolve the cluster's names and AWS's endpoints, and nothing else", () => {
    const output = python(`
import names, struct
def ask(name, kind=1):
    labels = b"".join(bytes([len(one)]) + one.encode() for one in name.split("."))
    packet = b"ab" + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + labels + b"\\0" + struct.pack("!HH", kind, 1)
    reply = names.answer(packet, {"api.demo.internal": "198.19.0.3"}, (".eu-west-1.amazonaws.com", "198.19.0.2"))
    flags, _, count = struct.unpack("!HHH", reply[2:8])
    return flags & 15, ".".join(map(str, reply[-4:])) if count else "-"
print(ask("api.demo.internal"), ask("API.demo.internal"), ask("api.demo.internal", 28))
print(ask("ssm.eu-west-1.amazonaws.com"), ask("b.s3.eu-west-1.amazonaws.com"), ask("ssm.us-east-1.amazonaws.com"))
`);
    assert.equal(
      output,
      "(0, '198.19.0.3') (0, '198.19.0.3') (0, '-')\n(0, '198.19.0.2') (0, '198.19.0.2') (3, '-')\n",
    );
  });

  it("let a role do what its policies allow, and make a service fail when told to", () => {
    const output = python(`
import gateway, io, json
class Machines:
    def role_of_key(self, key):
        return "worker" if key == "ASIAW" else None
said = []
door = gateway.Gateway("1", "eu-west-1", Machines(), lambda environ, start: [environ["wsgi.input"].read()])
door.policies = {"worker": [{"Action": ["ssm:GetParameter"], "Resource": ["arn:aws:ssm:eu-west-1:1:parameter/k8s/x/worker/*"]}]}
def ask(name, key="ASIAW"):
    body = json.dumps({"Name": name}).encode()
    environ = {"HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=%s/20260101/eu-west-1/ssm/aws4_request, x" % key,
        "HTTP_X_AMZ_TARGET": "AmazonSSM.GetParameter", "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    return json.loads(b"".join(door(environ, lambda status, headers: None)).decode()).get("__type", "passed")
print(ask("/k8s/x/worker/token"), ask("/k8s/x/etcd/pki/ca"), ask("/k8s/x/worker/token", "ASIAO"))
door.failing = {"ssm": "throttle"}
print(ask("/k8s/x/worker/token"), len(door.denied))
door.policies["worker"][0]["Action"].append(gateway.MAY_GO)
form = b"Action=CompleteLifecycleAction&InstanceId=i-1"
door({"HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=ASIAW/20260101/eu-west-1/autoscaling/aws4_request, x",
    "CONTENT_LENGTH": str(len(form)), "wsgi.input": io.BytesIO(form)}, lambda status, headers: None)
print(door.may_go)
door.failing, gateway.HANG_SECONDS = {"ssm": "hang"}, 0
try:
    print(ask("/k8s/x/worker/token"))
except ConnectionError as problem:
    print(problem)
`);
    assert.equal(
      output,
      "passed AccessDeniedException AccessDeniedException\nThrottlingException 2\n['i-1']\nnobody answers\n",
    );
  });

  it("change their mind about a target after two answers, and use all when none is healthy", () => {
    const output = python(`
import balancer
pool = balancer.Balancer({"port": 1})
pool.replace(["a", "b"])
target = pool.targets["a"]
seen = []
for well in [True, True, False, True, False, False]:
    target.note(well)
    seen.append(target.healthy)
print(seen, pool.choose().address in "ab")
pool.targets["b"].healthy = True
print({pool.choose().address for _ in range(20)})
`);
    assert.equal(output, "[False, True, True, True, True, False] True\n{'b'}\n");
  });
});
