import assert from "node:assert/strict";
import { ec2Stack } from "../../../components/ec2/stack.ts";
import { secretsFor } from "../../../design/pki.ts";
import { ec2Config, type Raw } from "../../support/fixtures.ts";
import { type Recording, record } from "../../support/mocks.ts";

const run = (preview: boolean, change?: (raw: Raw) => void): Promise<Recording> =>
  record(async () => ec2Stack(ec2Config(change)), { stack: "demo", preview });

const zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
const perZone = (make: (zone: string) => string[]): string[] => zones.flatMap(make);

const group = (name: string) => [
  `quorum:ec2:MachineGroup ${name}`,
  `aws:ec2/launchTemplate:LaunchTemplate ${name}`,
  `aws:autoscaling/group:Group ${name}`,
];
const closedBucket = (name: string) => [
  `aws:s3/bucket:Bucket ${name}`,
  `aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock ${name}`,
  `aws:s3/bucketOwnershipControls:BucketOwnershipControls ${name}`,
  `aws:s3/bucketPolicy:BucketPolicy ${name}`,
];

/**
 * Every resource of the fixture but the network, which platform "eks" has too, files and flows, and what
 * runs on the cluster (clusterLayer.test.ts).
 */
const everything = [
  "pulumi:providers:aws demo-aws",
  "pulumi:providers:tls demo-tls",
  "pulumi:providers:random demo-random",
  "quorum:ec2:Cluster demo",
  ...["secrets", "snapshots", "logs"].flatMap((purpose) => [
    `quorum:aws:EncryptionKey demo-${purpose}`,
    `aws:kms/key:Key demo-${purpose}`,
    `aws:kms/alias:Alias demo-${purpose}`,
  ]),
  ...["etcd", "control-plane", "worker"].flatMap((role) => [
    `quorum:ec2:MachineRole demo-${role}`,
    `aws:iam/instanceProfile:InstanceProfile demo-${role}`,
    `quorum:aws:IamRole demo-${role}`,
    `aws:iam/role:Role demo-${role}`,
    `aws:iam/rolePolicy:RolePolicy demo-${role}`,
  ]),
  "quorum:aws:IamRole demo-flow-logs",
  "aws:iam/role:Role demo-flow-logs",
  "aws:iam/rolePolicy:RolePolicy demo-flow-logs",
  "quorum:aws:FlowLogs demo-flow-logs",
  "aws:cloudwatch/logGroup:LogGroup demo-flow-logs",
  "aws:ec2/flowLog:FlowLog demo-flow-logs",
  "quorum:ec2:SecurityGroups demo-security-groups",
  ...["etcd", "control-plane", "worker", "api", "endpoints"].map(
    (name) => `aws:ec2/securityGroup:SecurityGroup demo-${name}`,
  ),
  "quorum:ec2:Secrets demo-secrets",
  ...(["etcd", "control-plane", "worker"] as const).flatMap((role) =>
    secretsFor([role]).map((root) => `aws:ssm/parameter:Parameter demo-${role}-${root}`),
  ),
  "quorum:ec2:SnapshotBucket demo-snapshots",
  ...closedBucket("demo-snapshots"),
  "aws:s3/bucketVersioning:BucketVersioning demo-snapshots",
  "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration demo-snapshots",
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration demo-snapshots",
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration demo-snapshots",
  "quorum:ec2:MachineFiles demo-files",
  ...closedBucket("demo-files"),
  "aws:route53/zone:Zone demo-domain",
  "quorum:ec2:ApiLoadBalancer demo-api",
  "aws:lb/loadBalancer:LoadBalancer demo-api",
  "aws:lb/targetGroup:TargetGroup demo-api",
  "aws:lb/listener:Listener demo-api",
  "aws:route53/record:Record demo-api",
  ...perZone((zone) => [
    `aws:ec2/subnetCidrReservation:SubnetCidrReservation demo-etcd-${zone}`,
    `quorum:ec2:EtcdMember demo-etcd-${zone}`,
    `aws:ec2/networkInterface:NetworkInterface demo-etcd-${zone}`,
    `aws:route53/record:Record demo-etcd-${zone}`,
    `aws:ebs/volume:Volume demo-etcd-${zone}`,
    `aws:ssm/parameter:Parameter demo-etcd-${zone}`,
    ...group(`demo-etcd-${zone}`),
    `quorum:ec2:ControlPlane demo-control-plane-${zone}`,
    ...group(`demo-control-plane-${zone}`),
    `aws:autoscaling/lifecycleHook:LifecycleHook demo-control-plane-${zone}`,
    `quorum:ec2:ZoneWorkers demo-general-${zone}`,
    ...group(`demo-general-${zone}`),
    `aws:autoscaling/lifecycleHook:LifecycleHook demo-general-${zone}`,
  ]),
  "quorum:ec2:NodePool demo-general",
  "quorum:ec2:ClusterAccess demo-access",
  "quorum:hosts:ClientCertificate demo-access-operator",
  "pulumi:providers:command demo-access-command",
  "command:local:Command demo-access-api-answers",
  "pulumi:providers:kubernetes demo-access-kubernetes",
];

const elsewhere =
  /^(quorum:aws:(Network|ZoneNetwork|Endpoints)|aws:ec2\/(vpc|subnet(?!Cidr)|route|internetGateway|natGateway|eip|defaultSecurityGroup)\w*:|aws:vpc\/|aws:s3\/bucketObjectv2|tls:|random:|quorum:index:ClusterPki|kubernetes:|quorum:(guard|addons|storage):)/;

describe("resources of platform ec2", () => {
  let update: Recording;
  let preview: Recording;
  before(async function () {
    this.timeout(120000);
    update = await run(false);
    preview = await run(true);
  });
  const names = ({ registrations }: Recording) =>
    registrations.map(({ type, name }) => `${type} ${name}`).toSorted();
  const inputsOf = (type: string, name: string) => update.find(type, name).inputs;

  it("are exactly these, beside the network", () =>
    assert.deepEqual(
      names(update).filter((one) => !elsewhere.test(one)),
      everything.toSorted(),
    ));

  it("are the same in a preview, where nothing of the cloud is known", () =>
    assert.deepEqual(names(preview), names(update)));

  it("leave none on a default provider", () => {
    for (const { type, name, provider } of update.registrations) {
      if (/^(pulumi:providers|quorum):/.test(type)) continue;
      assert.match(
        provider,
        /::demo-(aws|tls|random|access-command|access-kubernetes)::/,
        `${type} ${name}`,
      );
    }
  });

  it("protect identity and data: keys, interfaces, volumes, names, snapshots, balancer, roots of trust", () => {
    const isProtected = update.registrations
      .filter(({ protect }) => protect)
      .map(({ type, name }) => `${type} ${name}`);
    assert.deepEqual(
      isProtected.toSorted(),
      [
        "aws:cloudwatch/logGroup:LogGroup demo-flow-logs",
        "aws:kms/key:Key demo-logs",
        "aws:kms/key:Key demo-secrets",
        "aws:kms/key:Key demo-snapshots",
        "aws:lb/loadBalancer:LoadBalancer demo-api",
        "aws:s3/bucket:Bucket demo-snapshots",
        ...perZone((zone) => [
          `aws:ebs/volume:Volume demo-etcd-${zone}`,
          `aws:ec2/networkInterface:NetworkInterface demo-etcd-${zone}`,
          `aws:route53/record:Record demo-etcd-${zone}`,
        ]),
        "random:index/randomBytes:RandomBytes demo-secrets-encryption",
        "tls:index/privateKey:PrivateKey demo-service-account",
        ...["kubernetes-ca", "front-proxy-ca", "etcd-peer-ca", "etcd-client-ca"].flatMap((ca) => [
          `tls:index/privateKey:PrivateKey demo-${ca}`,
          `tls:index/selfSignedCert:SelfSignedCert demo-${ca}`,
        ]),
      ].toSorted(),
    );
  });

  it("protect nothing where the stack says that it may go", async () => {
    const open = await run(true, (raw) => (raw.deletionProtection = false));
    assert.deepEqual(
      open.registrations.filter(({ protect }) => protect),
      [],
    );
  });

  it("give an etcd member an address and a disk that outlive its machine", () => {
    const { privateIps, subnetId, securityGroups } = inputsOf(
      "aws:ec2/networkInterface:NetworkInterface",
      "demo-etcd-eu-west-1b",
    );
    assert.deepEqual(
      [privateIps, subnetId, securityGroups],
      [["10.30.52.17"], "demo-isolated-eu-west-1b-id", ["demo-etcd-id"]],
    );
    const reservation = inputsOf(
      "aws:ec2/subnetCidrReservation:SubnetCidrReservation",
      "demo-etcd-eu-west-1b",
    );
    assert.deepEqual(
      [reservation.cidrBlock, reservation.reservationType],
      ["10.30.52.16/28", "explicit"],
    );
    const { tags: _, ...volume } = inputsOf("aws:ebs/volume:Volume", "demo-etcd-eu-west-1b");
    assert.deepEqual(volume, {
      availabilityZone: "eu-west-1b",
      type: "gp3",
      size: 20,
      iops: 3000,
      throughput: 125,
      encrypted: true,
      kmsKeyId: "arn:aws:test:::demo-secrets",
    });
    const parameter = inputsOf("aws:ssm/parameter:Parameter", "demo-etcd-eu-west-1b");
    assert.deepEqual(
      [parameter.name, parameter.value.value],
      ["/k8s/demo/volumes/etcd-eu-west-1b", "demo-etcd-eu-west-1b-id"],
    );
    const scaling = inputsOf("aws:autoscaling/group:Group", "demo-etcd-eu-west-1b");
    assert.deepEqual(scaling.availabilityZones, ["eu-west-1b"]);
    assert.equal(scaling.vpcZoneIdentifiers, undefined);
    assert.deepEqual([scaling.minSize, scaling.desiredCapacity, scaling.maxSize], [1, 1, 1]);
    const template = inputsOf("aws:ec2/launchTemplate:LaunchTemplate", "demo-etcd-eu-west-1b");
    assert.deepEqual(template.networkInterfaces, [
      {
        deviceIndex: 0,
        networkInterfaceId: "demo-etcd-eu-west-1b-id",
        deleteOnTermination: "false",
      },
    ]);
  });

  it("let a control plane be judged by EC2 alone, and name it to the balancer", () => {
    const scaling = inputsOf("aws:autoscaling/group:Group", "demo-control-plane-eu-west-1a");
    assert.deepEqual(
      [scaling.healthCheckType, scaling.targetGroupArns, scaling.vpcZoneIdentifiers],
      ["EC2", ["arn:aws:test:::demo-api"], ["demo-private-eu-west-1a-id"]],
    );
    for (const { inputs } of update.ofType("aws:autoscaling/group:Group")) {
      assert.equal(inputs.healthCheckType, "EC2");
      assert.equal(inputs.instanceRefresh, undefined, "a new template replaces nothing");
    }
  });

  it("balance the API as the reference decides", () => {
    const { tags: _, ...targets } = inputsOf("aws:lb/targetGroup:TargetGroup", "demo-api");
    assert.deepEqual(targets, {
      vpcId: "demo-vpc-id",
      port: 6443,
      protocol: "TCP",
      targetType: "instance",
      preserveClientIp: "false",
      deregistrationDelay: 60,
      connectionTermination: true,
      targetHealthStates: [{ enableUnhealthyConnectionTermination: true }],
      healthCheck: {
        protocol: "HTTPS",
        path: "/readyz",
        port: "traffic-port",
        matcher: "200",
        interval: 5,
        timeout: 3,
        healthyThreshold: 2,
        unhealthyThreshold: 2,
      },
    });
    const balancer = inputsOf("aws:lb/loadBalancer:LoadBalancer", "demo-api");
    assert.deepEqual(
      [balancer.internal, balancer.enableCrossZoneLoadBalancing, balancer.securityGroups],
      [true, true, ["demo-api-id"]],
    );
  });

  it("show the autoscaler each pool's group, also when it is empty", () => {
    const { tags } = inputsOf("aws:autoscaling/group:Group", "demo-general-eu-west-1c");
    const value = (key: string) => tags.find((tag: { key: string }) => tag.key === key)?.value;
    assert.equal(value("k8s.io/cluster-autoscaler/enabled"), "true");
    assert.equal(value("k8s.io/cluster-autoscaler/demo"), "owned");
    const prefix = "k8s.io/cluster-autoscaler/node-template";
    assert.equal(value(`${prefix}/label/topology.ebs.csi.aws.com/zone`), "eu-west-1c");
    assert.equal(value(`${prefix}/label/quorum/pool`), "general");
    assert.deepEqual(
      update.find("aws:autoscaling/group:Group", "demo-general-eu-west-1c").ignoreChanges,
      ["desiredCapacity"],
    );
  });

  it("keep snapshots versioned, locked and encrypted", () => {
    const rule = inputsOf(
      "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
      "demo-snapshots",
    ).rule;
    assert.deepEqual(rule, { defaultRetention: { mode: "GOVERNANCE", days: 30 } });
    const bucket = inputsOf("aws:s3/bucket:Bucket", "demo-snapshots");
    assert.deepEqual(
      [bucket.bucket, bucket.objectLockEnabled, bucket.forceDestroy],
      ["demo-etcd-123456789012-euwest1", true, undefined],
    );
  });

  it("grow by the same number for each further pool", async function () {
    this.timeout(240000);
    const count = async (pools: number) => {
      const grown = await run(true, (raw) => {
        for (let index = 1; index < pools; index += 1)
          raw.pools[`pool-${index}`] = raw.pools.general;
        raw.kubernetes.podCidr = "10.64.0.0/10";
        raw.pools.general.nodesPerZone.max = 3;
      });
      return grown.registrations.length;
    };
    const [one, two, four] = [await count(1), await count(2), await count(4)];
    assert.equal(two - one, (four - two) / 2);
  });
});
