import assert from "node:assert/strict";
import { parse } from "yaml";
import { ec2Stack } from "../../../components/ec2/stack.ts";
import { ec2Config, type Raw } from "../../support/fixtures.ts";
import { everything } from "../../support/layers.ts";
import { type Recording, record } from "../../support/mocks.ts";
import { predecessors } from "../../support/order.ts";

const run = (change?: (raw: Raw) => void): Promise<Recording> =>
  record(async () => ec2Stack(ec2Config(change)), { stack: "demo", preview: false });

interface Statement {
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, string>>;
}

describe("what runs on a cluster of platform ec2", function () {
  this.timeout(120_000);
  let plain: Recording;
  let full: Recording;
  before(async () => {
    plain = await run();
    full = await run(everything("ec2"));
  });

  const kubeconfig = ({ find }: Recording) => {
    const { kubeconfig: secret } = find(
      "pulumi:providers:kubernetes",
      "demo-access-kubernetes",
    ).inputs;
    assert.equal(typeof secret.value, "string", "it is a secret");
    return parse(secret.value);
  };

  it("waits for the API, which waits for nobody: machines boot by themselves", () => {
    const before = predecessors(plain, "pulumi:providers:kubernetes", "demo-access-kubernetes");
    assert.ok(before.has("demo-access-api-answers"));
    for (const machines of ["etcd", "control-plane", "general"])
      assert.ok(before.has(`demo-${machines}-eu-west-1b`), machines);
    for (const { type, name } of plain.registrations)
      if (type.startsWith("kubernetes:"))
        assert.equal(
          plain.find(type, name).provider.includes("::demo-access-kubernetes::"),
          true,
          name,
        );
  });

  it("reaches the API by its name, or as the stack says, and checks its certificate for that name", async () => {
    const [{ cluster }] = kubeconfig(plain).clusters;
    assert.deepEqual(
      [cluster.server, cluster["tls-server-name"]],
      ["https://api.demo.internal:6443", "api.demo.internal"],
    );
    const forwarded = await run((raw) => (raw.api = { operatorAddress: "127.0.0.1:8443" }));
    const [{ cluster: other }] = kubeconfig(forwarded).clusters;
    assert.deepEqual(
      [other.server, other["tls-server-name"]],
      ["https://127.0.0.1:8443", "api.demo.internal"],
    );
    const { environment } = forwarded.find(
      "command:local:Command",
      "demo-access-api-answers",
    ).inputs;
    assert.deepEqual(
      [environment.API_SERVER, environment.API_NAME],
      ["https://127.0.0.1:8443", "api.demo.internal"],
    );
  });

  it("tells nobody how: no output has the kubeconfig", () =>
    assert.ok(!JSON.stringify(plain.outputs).includes("client-key-data")));

  it("puts what acts for AWS on control planes, in their network: only they have a role for it", () => {
    const place = (values: Raw) => [
      values.hostNetwork,
      values.nodeSelector,
      values.tolerations?.[0]?.key,
    ];
    const onControlPlanes = [
      true,
      { "node-role.kubernetes.io/control-plane": "" },
      "node-role.kubernetes.io/control-plane",
    ];
    for (const release of ["demo-cluster-autoscaler", "demo-ingress-controller"])
      assert.deepEqual(
        place(full.find("kubernetes:helm.sh/v3:Release", release).inputs.values),
        onControlPlanes,
        release,
      );
    const { spec } = full.find("kubernetes:apps/v1:Deployment", "demo-ebs-controller").inputs.spec
      .template;
    assert.deepEqual(place(spec), onControlPlanes);
    const metrics = full.find("kubernetes:helm.sh/v3:Release", "demo-metrics-server").inputs;
    assert.equal(metrics.values.hostNetwork, undefined);
  });

  it("has the autoscaler of its version, and hides from it the pools that carry storage", () => {
    const { values } = full.find("kubernetes:helm.sh/v3:Release", "demo-cluster-autoscaler").inputs;
    assert.equal(values.image.tag, "v1.36.1");
    assert.deepEqual(
      full.find("quorum:addons:ClusterAutoscaler", "demo-cluster-autoscaler").inputs,
      { pools: ["general"], replicas: 2, spread: "zone" },
    );
    const seen = full
      .ofType("aws:autoscaling/group:Group")
      .filter(({ inputs }) =>
        inputs.tags.some(({ key }: { key: string }) => key === "k8s.io/cluster-autoscaler/enabled"),
      )
      .map(({ name }) => name);
    assert.deepEqual(
      seen.toSorted(),
      ["a", "b", "c"].map((zone) => `demo-general-eu-west-1${zone}`),
    );
  });

  const statements = (recording: Recording, role: string): Statement[] =>
    JSON.parse(recording.find("aws:iam/rolePolicy:RolePolicy", `demo-${role}`).inputs.policy)
      .Statement;
  const allowing = (recording: Recording, role: string, action: string) =>
    statements(recording, role).filter(({ Action }) => Action.includes(action));

  it("lets control planes change only what is the cluster's, and only for what runs there", () => {
    for (const [action, tag] of [
      ["autoscaling:SetDesiredCapacity", "aws:ResourceTag/k8s.io/cluster-autoscaler/demo"],
      ["elasticloadbalancing:RegisterTargets", "aws:ResourceTag/quorum:cluster"],
      ["ec2:DeleteVolume", "aws:ResourceTag/ebs.csi.aws.com/cluster"],
    ] as const) {
      const [statement] = allowing(full, "control-plane", action);
      assert.ok(statement?.Condition?.StringEquals?.[tag] !== undefined, action);
      assert.deepEqual(allowing(full, "etcd", action), [], action);
      const onWorkers = allowing(full, "worker", action);
      // Portworx's pods share their worker's network and role.
      if (action !== "ec2:DeleteVolume") assert.deepEqual(onWorkers, [], action);
    }
    assert.deepEqual(
      allowing(plain, "control-plane", "elasticloadbalancing:RegisterTargets"),
      [],
      "no ingress, no right to it",
    );
    assert.deepEqual(allowing(plain, "worker", "ec2:CreateVolume"), []);
    assert.equal(allowing(full, "worker", "ec2:CreateVolume").length, 1);
  });

  it("keeps each role's policy within IAM's limit of 10,240 characters", () => {
    for (const { name, inputs } of full.ofType("aws:iam/rolePolicy:RolePolicy"))
      assert.ok(inputs.policy.length < 10_240, `${name}: ${inputs.policy.length}`);
  });

  it("opens the webhooks' port between control planes where the ingress has a controller", () => {
    const ports = (recording: Recording) =>
      recording
        .ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        .filter(({ inputs }) => inputs.fromPort === 9443)
        .map(({ name }) => name);
    assert.deepEqual(ports(full), ["demo-control-plane-to-control-plane-tcp-9443"]);
    assert.deepEqual(ports(plain), []);
  });
});
