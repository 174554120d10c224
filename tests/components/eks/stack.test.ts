import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { eksStack } from "../../../components/eks/stack.ts";
import { planEks } from "../../../design/eks.ts";
import { eksConfig, type Raw } from "../../support/fixtures.ts";
import { type Recording, record } from "../../support/mocks.ts";

const run = (preview: boolean, change?: (raw: Raw) => void): Promise<Recording> =>
  record(async () => eksStack(planEks(eksConfig(change))), { stack: "demo", preview });

const zones = ["us-west-2a", "us-west-2b", "us-west-2c"];
const perZone = (make: (zone: string) => string[]): string[] => zones.flatMap(make);

const admission = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmission";

/** Every resource of the fixture, as "type name". */
const everything = [
  "pulumi:providers:aws demo-aws",
  "pulumi:providers:eks demo-eks",
  ...["secrets", "logs"].flatMap((purpose) => [
    `quorum:aws:EncryptionKey demo-${purpose}`,
    `aws:kms/key:Key demo-${purpose}`,
    `aws:kms/alias:Alias demo-${purpose}`,
  ]),
  ...[
    "control-plane",
    "node",
    "flow-logs",
    "network-plugin",
    "volume-driver",
    "autoscaler",
  ].flatMap((purpose) => [
    `quorum:aws:IamRole demo-${purpose}`,
    `aws:iam/role:Role demo-${purpose}`,
  ]),
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment demo-control-plane-AmazonEKSClusterPolicy",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment demo-node-AmazonEKSWorkerNodePolicy",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment demo-node-AmazonEC2ContainerRegistryPullOnly",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment demo-node-AmazonSSMManagedInstanceCore",
  ...["flow-logs", "network-plugin", "volume-driver", "autoscaler"].map(
    (purpose) => `aws:iam/rolePolicy:RolePolicy demo-${purpose}`,
  ),
  "quorum:aws:Network demo-network",
  "aws:ec2/vpc:Vpc demo-vpc",
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup demo-default",
  "aws:ec2/internetGateway:InternetGateway demo-internet",
  ...perZone((zone) => [
    `quorum:aws:ZoneNetwork demo-zone-${zone}`,
    ...["public", "private", "isolated"].flatMap((tier) => [
      `aws:ec2/subnet:Subnet demo-${tier}-${zone}`,
      `aws:ec2/routeTable:RouteTable demo-${tier}-${zone}`,
      `aws:ec2/routeTableAssociation:RouteTableAssociation demo-${tier}-${zone}`,
    ]),
    `aws:ec2/route:Route demo-public-internet-${zone}`,
    `aws:ec2/route:Route demo-private-internet-${zone}`,
    `aws:ec2/eip:Eip demo-nat-${zone}`,
    `aws:ec2/natGateway:NatGateway demo-nat-${zone}`,
    `aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation demo-s3-private-${zone}`,
    `aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation demo-s3-isolated-${zone}`,
  ]),
  "quorum:aws:Endpoints demo-endpoints",
  "aws:ec2/securityGroup:SecurityGroup demo-endpoints",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule demo-endpoints-from-10.20.0.0/16",
  ...[
    "s3",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "sts",
    "eks",
    "eks-auth",
    "logs",
    "autoscaling",
    "elasticloadbalancing",
  ].map((service) => `aws:ec2/vpcEndpoint:VpcEndpoint demo-${service}`),
  "quorum:aws:FlowLogs demo-flow-logs",
  "aws:cloudwatch/logGroup:LogGroup demo-flow-logs",
  "aws:ec2/flowLog:FlowLog demo-flow-logs",
  "quorum:eks:ControlPlane demo-control-plane",
  "aws:cloudwatch/logGroup:LogGroup demo-control-plane",
  "eks:index:Cluster demo",
  "aws:eks/accessEntry:AccessEntry demo-ops",
  "aws:eks/accessPolicyAssociation:AccessPolicyAssociation demo-ops",
  "quorum:eks:Addons demo-addons-before-nodes",
  "quorum:eks:Addons demo-addons-on-nodes",
  ...[
    "vpc-cni",
    "kube-proxy",
    "eks-pod-identity-agent",
    "eks-node-monitoring-agent",
    "coredns",
    "aws-ebs-csi-driver",
    "metrics-server",
  ].map((addon) => `aws:eks/addon:Addon demo-${addon}`),
  "quorum:eks:NodePool demo-general",
  "aws:ec2/launchTemplate:LaunchTemplate demo-general",
  ...perZone((zone) => [
    `quorum:eks:ZoneNodes demo-general-${zone}`,
    `aws:eks/nodeGroup:NodeGroup demo-general-${zone}`,
    `aws:autoscaling/tag:Tag demo-general-${zone}-label/quorum/pool`,
    `aws:autoscaling/tag:Tag demo-general-${zone}-label/topology.kubernetes.io/zone`,
    `aws:autoscaling/tag:Tag demo-general-${zone}-label/topology.ebs.csi.aws.com/zone`,
    `aws:autoscaling/tag:Tag demo-general-${zone}-resources/ephemeral-storage`,
  ]),
  "aws:eks/podIdentityAssociation:PodIdentityAssociation demo-autoscaler",
  "pulumi:providers:kubernetes demo-kubernetes",
  "quorum:guard:Guard demo-guard",
  ...["platform", "service", "default", "batch"].map(
    (name) => `kubernetes:scheduling.k8s.io/v1:PriorityClass demo-guard-quorum-${name}`,
  ),
  ...["single-replica", "spread", "requests", "budget"].flatMap((rule) => [
    `${admission}Policy demo-guard-quorum-${rule}`,
    `${admission}PolicyBinding demo-guard-quorum-${rule}-enforce`,
    `${admission}PolicyBinding demo-guard-quorum-${rule}-warn`,
  ]),
  ...["apart", "requests-cpu", "requests-memory", "spread"].flatMap((rule) =>
    ["Policy", "PolicyBinding"].map(
      (kind) =>
        `kubernetes:admissionregistration.k8s.io/v1:MutatingAdmission${kind} demo-guard-quorum-default-${rule}`,
    ),
  ),
  "quorum:addons:ClusterAutoscaler demo-cluster-autoscaler",
  "kubernetes:helm.sh/v3:Release demo-cluster-autoscaler",
  "quorum:storage:SnapshotDefinitions demo-snapshot-definitions",
  ...["classes", "contents", "s"].map(
    (end) =>
      `kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition demo-snapshot-definitions-volumesnapshot${end}`,
  ),
  "quorum:storage:SnapshotController demo-snapshot-controller",
  ...[
    "core/v1:ServiceAccount",
    "rbac.authorization.k8s.io/v1:ClusterRole",
    "rbac.authorization.k8s.io/v1:ClusterRoleBinding",
    "rbac.authorization.k8s.io/v1:Role",
    "rbac.authorization.k8s.io/v1:RoleBinding",
    "policy/v1:PodDisruptionBudget",
    "apps/v1:Deployment",
  ].map((kind) => `kubernetes:${kind} demo-snapshot-controller`),
  "quorum:storage:Ebs demo-ebs",
  "kubernetes:storage.k8s.io/v1:StorageClass demo-ebs-class",
  "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass demo-ebs-snapshot-class",
];

describe("resources of platform eks", () => {
  let update: Recording;
  let preview: Recording;
  before(async () => {
    update = await run(false);
    preview = await run(true);
  });

  const names = ({ registrations }: Recording) =>
    registrations.map(({ type, name }) => `${type} ${name}`).toSorted();

  it("are exactly these", () => assert.deepEqual(names(update), everything.toSorted()));

  it("are the same in a preview, where nothing of the cloud is known", () =>
    assert.deepEqual(names(preview), everything.toSorted()));

  it("leave none on a default provider", () => {
    for (const recording of [update, preview])
      for (const { type, name, custom, provider } of recording.registrations) {
        if (type.startsWith("pulumi:providers:") || type.startsWith("quorum:")) continue;
        const [own = ""] = type.split(":");
        const expected = own === "aws" ? "demo-aws" : `demo-${own}`;
        assert.match(provider, new RegExp(`::${expected}::`), `${type} ${name} ${custom}`);
      }
  });

  it("touch no account but the stack's, and are tagged by the provider", () => {
    const { inputs } = update.find("pulumi:providers:aws", "demo-aws");
    assert.equal(inputs.region, "us-west-2");
    assert.deepEqual(JSON.parse(inputs.allowedAccountIds), ["123456789012"]);
    assert.deepEqual(JSON.parse(inputs.defaultTags), {
      tags: { "quorum:cluster": "demo", "quorum:managed-by": "pulumi" },
    });
  });

  it("protect what cannot be made again: cluster, keys, logs", () => {
    const isProtected = update.registrations
      .filter(({ protect }) => protect)
      .map(({ type, name }) => `${type} ${name}`);
    assert.deepEqual(isProtected.toSorted(), [
      "aws:cloudwatch/logGroup:LogGroup demo-control-plane",
      "aws:cloudwatch/logGroup:LogGroup demo-flow-logs",
      "aws:kms/key:Key demo-logs",
      "aws:kms/key:Key demo-secrets",
      "eks:index:Cluster demo",
    ]);
  });

  it("protect nothing where the stack says that it may go", async () => {
    const open = await run(true, (raw) => (raw.deletionProtection = false));
    assert.deepEqual(
      open.registrations.filter(({ protect }) => protect),
      [],
    );
    assert.equal(open.find("eks:index:Cluster", "demo").inputs.deletionProtection, false);
  });

  it("say on components which zone and pool stands where, already in a preview", () => {
    assert.deepEqual(
      preview.ofType("quorum:eks:ZoneNodes").map(({ inputs }) => inputs),
      zones.map((zone) => ({ pool: "general", zone, minNodes: 2, desiredNodes: 2, maxNodes: 6 })),
    );
    assert.deepEqual(preview.find("quorum:eks:NodePool", "demo-general").inputs, {
      pool: "general",
      minNodes: 4,
      podsPerNode: 58,
      nodeCpus: 4,
      nodeMemoryGiB: 16,
    });
    assert.deepEqual(preview.find("quorum:eks:ControlPlane", "demo-control-plane").inputs, {
      zones,
      managed: true,
      zonalShift: true,
    });
    assert.deepEqual(
      preview
        .ofType("quorum:aws:ZoneNetwork")
        .map(({ inputs }) => [inputs.zone, inputs.natGateways]),
      zones.map((zone) => [zone, 1]),
    );
  });

  it("tell the stack's reader what there is", () => {
    assert.deepEqual(update.outputs, {
      platform: "eks",
      clusterName: "demo",
      region: "us-west-2",
      vpcId: "demo-vpc-id",
      kubeconfig: "kubeconfig of demo",
      failureDomains: planEks(eksConfig()).failureDomains,
    });
  });

  it("keep the way to the cluster secret", async () => {
    let kubeconfig: pulumi.Output<string> | undefined;
    await record(
      async () => {
        ({ kubeconfig } = eksStack(planEks(eksConfig())));
      },
      { stack: "demo", preview: false },
    );
    assert.ok(kubeconfig !== undefined && (await pulumi.isSecret(kubeconfig)));
  });
});
