import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { ec2Stack } from "../../../components/ec2/stack.ts";
import { planEc2Firewall } from "../../../design/ec2/firewall.ts";
import { userDataLimitBytes } from "../../../design/ec2/userData.ts";
import { ec2Config } from "../../support/fixtures.ts";
import { type Recording, record } from "../../support/mocks.ts";

const config = ec2Config((raw) => {
  raw.api = { clientCidrs: ["192.168.7.0/24"] };
  raw.remoteWorkers = { cidrs: ["192.0.2.0/24"] };
});

describe("security of platform ec2", () => {
  let update: Recording;
  before(async function () {
    this.timeout(120000);
    update = await record(async () => ec2Stack(config), { stack: "demo", preview: false });
  });

  /** A rule as "group <- peer protocol first-last"; groups by name, others as they are. */
  const rules = (kind: "Ingress" | "Egress") =>
    update
      .ofType(`aws:vpc/securityGroup${kind}Rule:SecurityGroup${kind}Rule`)
      .map(({ inputs: rule }) => {
        const name = (id: string) => id.replace(/^demo-(.*)-id$/, "$1");
        const peer =
          rule.cidrIpv4 ??
          (rule.referencedSecurityGroupId ? name(rule.referencedSecurityGroupId) : "s3");
        const ports = rule.fromPort === undefined ? "" : ` ${rule.fromPort}-${rule.toPort}`;
        return `${name(rule.securityGroupId)} ${peer} ${rule.ipProtocol}${ports}`;
      })
      .toSorted();

  const flows = planEc2Firewall(config);
  const party = (one: string | { cidr: string }) => (typeof one === "string" ? one : one.cidr);
  const shape = ({ protocol, ports }: (typeof flows)[number]) =>
    protocol === "all"
      ? "-1"
      : `${protocol} ${ports === undefined ? "-1--1" : `${ports.from}-${ports.to}`}`;

  it("lets in each declared flow and no other", () =>
    assert.deepEqual(
      rules("Ingress"),
      flows
        .filter(({ to }) => typeof to === "string" && to !== "s3")
        .map((flow) => `${party(flow.to)} ${party(flow.from)} ${shape(flow)}`)
        .toSorted(),
    ));

  it("lets out each declared flow and no other", () =>
    assert.deepEqual(
      rules("Egress"),
      flows
        .filter(({ from }) => typeof from === "string")
        .map((flow) => `${party(flow.from)} ${party(flow.to)} ${shape(flow)}`)
        .toSorted(),
    ));

  it("opens to workers of another place the API, the overlay and the size of packets, and no more", () => {
    const place = "192.0.2.0/24";
    assert.deepEqual(
      rules("Ingress").filter((rule) => rule.includes(` ${place} `)),
      [
        `api ${place} tcp 6443-6443`,
        `control-plane ${place} icmp -1--1`,
        `control-plane ${place} tcp 6443-6443`,
        `control-plane ${place} udp 8472-8472`,
        `worker ${place} icmp -1--1`,
        `worker ${place} udp 8472-8472`,
      ],
    );
    // Workers may call anywhere.
    assert.deepEqual(
      rules("Egress").filter((rule) => rule.includes(` ${place} `)),
      [
        `control-plane ${place} icmp -1--1`,
        `control-plane ${place} tcp 10250-10250`,
        `control-plane ${place} udp 8472-8472`,
      ],
    );
  });

  it("keeps workers away from etcd, SSH closed, and etcd without a way out", () => {
    assert.deepEqual(
      flows.filter(({ from, to }) => to === "etcd" && from !== "etcd" && from !== "control-plane"),
      [],
    );
    assert.ok(!rules("Ingress").some((rule) => /tcp 22-22$/.test(rule)));
    for (const { from, to } of flows)
      if (from === "etcd") assert.ok(["etcd", "endpoints", "s3"].includes(party(to)));
  });

  it("has no inline rules that a cloud would add to", () => {
    for (const { inputs } of update.ofType("aws:ec2/securityGroup:SecurityGroup"))
      assert.deepEqual([inputs.ingress, inputs.egress], [undefined, undefined]);
  });

  const statements = (name: string) =>
    JSON.parse(update.find("aws:iam/rolePolicy:RolePolicy", name).inputs.policy).Statement as {
      Action: string[];
      Resource: string[];
      Condition?: object;
    }[];

  /** The only calls on "*", each with its reason in design/: they know no resource. */
  const unscoped =
    /^(ec2:(Describe\w+|GetInstanceTypesFromInstanceRequirements)|autoscaling:Describe\w+|ecr:GetAuthorizationToken|ssmmessages:\w+Channel)$/;

  it("allows nothing on every resource that could be scoped, and no action by pattern", () => {
    for (const { name, inputs } of update.ofType("aws:iam/rolePolicy:RolePolicy"))
      for (const { Action, Resource } of JSON.parse(inputs.policy).Statement)
        for (const action of Action as string[]) {
          assert.ok(!action.includes("*"), `${name}: ${action}`);
          if (Resource.includes("*")) assert.match(action, unscoped, name);
        }
    assert.deepEqual(update.ofType("aws:iam/rolePolicyAttachment:RolePolicyAttachment"), []);
  });

  it("opens to each role the secrets of its own path alone", () => {
    for (const role of ["etcd", "control-plane", "worker"]) {
      const readable = statements(`demo-${role}`)
        .filter(({ Action }) => Action.includes("ssm:GetParametersByPath"))
        .flatMap(({ Resource }) => Resource);
      assert.deepEqual(readable, [
        `arn:aws:ssm:eu-west-1:123456789012:parameter/k8s/demo/${role}/*`,
      ]);
    }
    const writers = ["etcd", "control-plane", "worker"].filter((role) =>
      statements(`demo-${role}`).some(
        ({ Action, Resource }) =>
          Action.includes("ssm:PutParameter") && Resource.join().includes("bootstrap-token"),
      ),
    );
    assert.deepEqual(writers, ["control-plane"]);
  });

  it("asks for IMDSv2, out of pods' reach, on encrypted roots", () => {
    for (const { inputs } of update.ofType("aws:ec2/launchTemplate:LaunchTemplate")) {
      const { httpTokens, httpPutResponseHopLimit } = inputs.metadataOptions;
      assert.deepEqual([httpTokens, httpPutResponseHopLimit], ["required", 1]);
      assert.equal(inputs.blockDeviceMappings[0].ebs.encrypted, "true");
      assert.equal(inputs.keyName, undefined);
    }
  });

  it("encrypts every secret parameter with the cluster's key", () => {
    const secret = update
      .ofType("aws:ssm/parameter:Parameter")
      .filter(({ inputs }) => inputs.name.includes("/pki/"));
    assert.ok(secret.length > 10);
    for (const { inputs } of secret) {
      assert.deepEqual(
        [inputs.type, inputs.keyId],
        ["SecureString", "arn:aws:test:::demo-secrets"],
      );
    }
  });

  const userData = () =>
    update.ofType("aws:ec2/launchTemplate:LaunchTemplate").map(({ name, inputs }) => {
      const packed = Buffer.from(inputs.userData, "base64");
      return { name, packed, text: gunzipSync(packed).toString() };
    });

  it("keeps user data below EC2's limit, with a third of it to spare", () => {
    for (const { name, packed } of userData())
      assert.ok(packed.length < (userDataLimitBytes * 2) / 3, `${name}: ${packed.length}`);
  });

  it("puts no key material into user data, machine files or outputs", () => {
    const texts = [
      ...userData().map(({ text }) => text),
      ...update.ofType("aws:s3/bucketObjectv2:BucketObjectv2").map(({ inputs }) => inputs.content),
      JSON.stringify({ ...update.outputs, certificateAuthority: "" }),
    ];
    for (const text of texts) {
      assert.doesNotMatch(text, /-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]/);
      assert.doesNotMatch(text, /-----BEGIN CERTIFICATE-----/);
      assert.doesNotMatch(text, /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/, "a join token");
      assert.doesNotMatch(text, /AKIA[0-9A-Z]{16}/);
    }
  });

  it("pins the machine files by their digest", () => {
    const files = new Map(
      update
        .ofType("aws:s3/bucketObjectv2:BucketObjectv2")
        .map(({ inputs }) => [inputs.key as string, inputs.content as string]),
    );
    for (const { name, text } of userData()) {
      const written = parse(text).write_files as { path: string; content: string }[];
      const env = written.find(({ path }) => path === "/etc/quorum/boot.env")?.content ?? "";
      const value = (key: string) => new RegExp(`^${key}="(.*)"$`, "m").exec(env)?.[1] ?? "";
      const content = files.get(`${value("ROLE")}/${value("BUNDLE")}`);
      assert.ok(content !== undefined, name);
      assert.equal(createHash("sha256").update(content).digest("hex"), value("BUNDLE"));
    }
  });
});
