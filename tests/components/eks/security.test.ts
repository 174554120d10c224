import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { eksStack } from "../../../components/eks/stack.ts";
import { planEks } from "../../../design/eks.ts";
import { eksConfig, type Raw } from "../../support/fixtures.ts";
import { type Recording, record } from "../../support/mocks.ts";

const run = (change?: (raw: Raw) => void): Promise<Recording> =>
  record(async () => eksStack(planEks(eksConfig(change))), { stack: "demo", preview: false });

/** The SDK adds these to every add-on option, also of an add-on that is off. */
const sdkDefaults = {
  resolveConflictsOnCreate: "OVERWRITE",
  resolveConflictsOnUpdate: "OVERWRITE",
};

describe("security of platform eks", () => {
  let update: Recording;
  before(async () => {
    update = await run();
  });
  const cluster = (recording: Recording) => recording.find("eks:index:Cluster", "demo");

  it("keeps the API private, encrypted, logged, on explicit subnets", () => {
    const { serviceRole: _, ...inputs } = cluster(update).inputs;
    assert.deepEqual(inputs, {
      name: "demo",
      version: "1.36",
      upgradePolicy: { supportType: "STANDARD" },
      vpcId: "demo-vpc-id",
      subnetIds: ["us-west-2a", "us-west-2b", "us-west-2c"].map(
        (zone) => `demo-isolated-${zone}-id`,
      ),
      kubernetesServiceIpAddressRange: "172.20.0.0/16",
      endpointPrivateAccess: true,
      endpointPublicAccess: false,
      authenticationMode: "API",
      createInstanceRole: false,
      createOidcProvider: false,
      skipDefaultNodeGroup: true,
      skipDefaultSecurityGroups: true,
      useDefaultVpcCni: true,
      bootstrapSelfManagedAddons: false,
      kubeProxyAddonOptions: { enabled: false, ...sdkDefaults },
      corednsAddonOptions: { enabled: false, ...sdkDefaults },
      encryptionConfigKeyArn: "arn:aws:test:::demo-secrets",
      enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
      deletionProtection: true,
      tags: { "quorum:cluster": "demo", "quorum:managed-by": "pulumi" },
    });
  });

  it("turns on zonal shift and gives the creator no access, on the cluster inside the component", async () => {
    const [transform] = cluster(update).transforms;
    assert.ok(transform !== undefined);
    const apply = (type: string, props: Record<string, unknown>) =>
      transform({ custom: true, type, name: "demo", props, opts: {} });
    const changed = await apply("aws:eks/cluster:Cluster", {
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: true },
      version: "1.36",
    });
    assert.deepEqual(changed?.props, {
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
      version: "1.36",
      zonalShiftConfig: { enabled: true },
    });
    assert.equal(await apply("aws:iam/role:Role", {}), undefined);
  });

  it("opens the public endpoint to the named ranges only", async () => {
    const open = await run((raw) => (raw.api = { publicCidrs: ["203.0.113.0/24"] }));
    const { endpointPublicAccess, endpointPrivateAccess, publicAccessCidrs } = cluster(open).inputs;
    assert.deepEqual([endpointPublicAccess, endpointPrivateAccess], [true, true]);
    assert.deepEqual(publicAccessCidrs, ["203.0.113.0/24"]);
  });

  it("lets no traffic in but what a flow names", async () => {
    const open = await run((raw) => (raw.api = { privateCidrs: ["10.99.0.0/16"] }));
    const rules = open.ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    assert.deepEqual(
      rules.map(({ inputs }) => inputs).toSorted((a, b) => (a.cidrIpv4 < b.cidrIpv4 ? -1 : 1)),
      [
        {
          securityGroupId: "demo-endpoints-id",
          description: "Nodes and pods call AWS inside the VPC",
          ipProtocol: "tcp",
          fromPort: 443,
          toPort: 443,
          cidrIpv4: "10.20.0.0/16",
        },
        {
          securityGroupId: "sg-cluster",
          description: "Clients outside the VPC call the private API endpoint",
          ipProtocol: "tcp",
          fromPort: 443,
          toPort: 443,
          cidrIpv4: "10.99.0.0/16",
        },
      ],
    );
    const { ingress, egress } = open.find(
      "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
      "demo-default",
    ).inputs;
    assert.deepEqual([ingress, egress], [[], []]);
    for (const { inputs } of open.ofType("aws:ec2/securityGroup:SecurityGroup")) {
      assert.equal(inputs.ingress, undefined);
      assert.equal(inputs.egress, undefined);
    }
  });

  it("gives no subnet public addresses, and the isolated ones no way out", () => {
    for (const { inputs } of update.ofType("aws:ec2/subnet:Subnet"))
      assert.equal(inputs.mapPublicIpOnLaunch, false);
    const routes = update.ofType("aws:ec2/route:Route").map(({ inputs }) => inputs);
    assert.ok(routes.every(({ routeTableId }) => !routeTableId.includes("isolated")));
    for (const { routeTableId, gatewayId, natGatewayId } of routes)
      assert.deepEqual(
        [gatewayId, natGatewayId],
        routeTableId.includes("public")
          ? ["demo-internet-id", undefined]
          : [undefined, routeTableId.replace("private", "nat")],
        "private subnets leave through the NAT gateway of their own zone",
      );
  });

  it("starts nodes with IMDSv2 out of pods' reach, on encrypted gp3", () => {
    const { inputs } = update.find("aws:ec2/launchTemplate:LaunchTemplate", "demo-general");
    assert.deepEqual(inputs.metadataOptions, {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
    });
    assert.deepEqual(inputs.blockDeviceMappings, [
      {
        deviceName: "/dev/xvda",
        ebs: { volumeType: "gp3", volumeSize: 50, encrypted: "true", deleteOnTermination: "true" },
      },
    ]);
    assert.match(Buffer.from(inputs.userData, "base64").toString(), /kind: NodeConfig/);
    assert.deepEqual(
      inputs.tagSpecifications.map((one: { resourceType: string }) => one.resourceType),
      ["instance", "volume"],
    );
  });

  it("encrypts logs, keeps them as long as asked, and has the group before the cluster", () => {
    for (const [name, group] of [
      ["demo-control-plane", "/aws/eks/demo/cluster"],
      ["demo-flow-logs", "/quorum/demo/vpc-flow-logs"],
    ] as const)
      assert.deepEqual(update.find("aws:cloudwatch/logGroup:LogGroup", name).inputs, {
        name: group,
        retentionInDays: 90,
        kmsKeyId: "arn:aws:test:::demo-logs",
      });
    assert.ok(cluster(update).dependencies.includes("demo-control-plane"));
    const flowLog = update.find("aws:ec2/flowLog:FlowLog", "demo-flow-logs").inputs;
    assert.deepEqual([flowLog.trafficType, flowLog.vpcId], ["ALL", "demo-vpc-id"]);
  });

  it("rotates its keys, and lets only the account and the log service use them", () => {
    for (const { inputs } of update.ofType("aws:kms/key:Key")) {
      assert.deepEqual([inputs.enableKeyRotation, inputs.deletionWindowInDays], [true, 30]);
      const { Statement } = JSON.parse(inputs.policy);
      for (const { Principal } of Statement)
        assert.ok(
          Principal.AWS === "arn:aws:iam::123456789012:root" ||
            Principal.Service === "logs.us-west-2.amazonaws.com",
        );
    }
  });

  it("lets administrators in by access entries alone", async () => {
    const recording = await run((raw) => {
      raw.admins.dev = { principalArn: "arn:aws:iam::123456789012:role/dev", access: "view" };
    });
    assert.deepEqual(
      recording
        .ofType("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
        .map(({ inputs }) => [
          inputs.principalArn,
          inputs.policyArn.split("/").at(-1),
          inputs.accessScope,
        ])
        .toSorted(),
      [
        ["arn:aws:iam::123456789012:role/dev", "AmazonEKSViewPolicy", { type: "cluster" }],
        ["arn:aws:iam::123456789012:role/ops", "AmazonEKSClusterAdminPolicy", { type: "cluster" }],
      ],
    );
  });
});
