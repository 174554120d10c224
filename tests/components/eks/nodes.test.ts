import assert from "node:assert/strict";
import { eksStack } from "../../../components/eks/stack.ts";
import { planEks } from "../../../design/eks.ts";
import { eksConfig } from "../../support/fixtures.ts";
import { type Recording, record } from "../../support/mocks.ts";

describe("nodes and add-ons of platform eks", () => {
  let recording: Recording;
  before(async () => {
    const config = eksConfig((raw) => {
      raw.pools.general.labels = { team: "web" };
      raw.pools.general.taints = [{ key: "team", value: "web", effect: "PreferNoSchedule" }];
    });
    recording = await record(async () => eksStack(planEks(config)), {
      stack: "demo",
      preview: false,
    });
  });
  const group = () => recording.find("aws:eks/nodeGroup:NodeGroup", "demo-general-us-west-2b");

  it("are one group per zone in that zone's private subnet, repaired and replaced one at a time", () => {
    assert.deepEqual(group().inputs, {
      clusterName: "demo",
      version: "1.36",
      nodeRoleArn: "arn:aws:test:::demo-node",
      subnetIds: ["demo-private-us-west-2b-id"],
      amiType: "AL2023_x86_64_STANDARD",
      capacityType: "ON_DEMAND",
      instanceTypes: ["m7i.xlarge"],
      scalingConfig: { minSize: 2, desiredSize: 2, maxSize: 6 },
      updateConfig: { maxUnavailable: 1 },
      nodeRepairConfig: { enabled: true },
      labels: { team: "web", "quorum/pool": "general" },
      taints: [{ key: "team", value: "web", effect: "PREFER_NO_SCHEDULE" }],
      launchTemplate: { id: "demo-general-id", version: "7" },
    });
  });

  it("leave the number of nodes to the autoscaler", () =>
    assert.deepEqual(group().ignoreChanges, ["scalingConfig.desiredSize"]));

  it("tag the scaling group that EKS made, from the same labels and taints", () => {
    const tags = recording
      .ofType("aws:autoscaling/tag:Tag")
      .filter(({ inputs }) => inputs.autoscalingGroupName === "asg-demo-general-us-west-2b");
    const prefix = "k8s.io/cluster-autoscaler/node-template";
    assert.deepEqual(
      Object.fromEntries(tags.map(({ inputs }) => [inputs.tag.key, inputs.tag.value])),
      {
        [`${prefix}/label/team`]: "web",
        [`${prefix}/label/quorum/pool`]: "general",
        [`${prefix}/label/topology.kubernetes.io/zone`]: "us-west-2b",
        [`${prefix}/label/topology.ebs.csi.aws.com/zone`]: "us-west-2b",
        [`${prefix}/taint/team`]: "web:PreferNoSchedule",
        [`${prefix}/resources/ephemeral-storage`]: "50Gi",
      },
    );
  });

  it("come after what makes a node ready, and go before it", () => {
    for (const needed of [
      "demo-vpc-cni",
      "demo-kube-proxy",
      "demo-eks-pod-identity-agent",
      "demo-private-internet-us-west-2b",
      "demo-node-AmazonEKSWorkerNodePolicy",
    ])
      assert.ok(group().dependencies.includes(needed), needed);
    for (const addon of ["demo-vpc-cni", "demo-kube-proxy"])
      assert.ok(recording.find("aws:eks/addon:Addon", addon).dependencies.includes("demo"), addon);
    for (const addon of ["demo-coredns", "demo-aws-ebs-csi-driver"])
      assert.ok(
        recording
          .find("aws:eks/addon:Addon", addon)
          .dependencies.includes("demo-general-us-west-2b"),
        addon,
      );
  });

  it("pin every add-on, with its settings spelled out", () => {
    for (const { inputs } of recording.ofType("aws:eks/addon:Addon")) {
      assert.match(inputs.addonVersion, /-eksbuild\.\d+$/);
      assert.equal(typeof JSON.parse(inputs.configurationValues), "object");
    }
  });

  it("give pods roles of their own by pod identity", () => {
    const identities = recording
      .ofType("aws:eks/addon:Addon")
      .flatMap(({ inputs }) => inputs.podIdentityAssociations ?? []);
    assert.deepEqual(
      identities.toSorted((a: { roleArn: string }, b: { roleArn: string }) =>
        a.roleArn < b.roleArn ? -1 : 1,
      ),
      [
        { serviceAccount: "aws-node", roleArn: "arn:aws:test:::demo-network-plugin" },
        { serviceAccount: "ebs-csi-controller-sa", roleArn: "arn:aws:test:::demo-volume-driver" },
      ],
    );
    assert.deepEqual(
      recording.find("aws:eks/podIdentityAssociation:PodIdentityAssociation", "demo-autoscaler")
        .inputs,
      {
        clusterName: "demo",
        namespace: "kube-system",
        serviceAccount: "cluster-autoscaler",
        roleArn: "arn:aws:test:::demo-autoscaler",
      },
    );
    for (const { inputs } of recording.ofType("aws:iam/role:Role")) {
      const { Statement } = JSON.parse(inputs.assumeRolePolicy);
      assert.equal(Statement.length, 1);
    }
  });
});
