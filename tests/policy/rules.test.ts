import assert from "node:assert/strict";
import { plannedResources, violationLines, violations } from "../../policy/check.ts";
import { rules } from "../../policy/rules/index.ts";
import { eksPlan, hostsPlan, type Plan } from "../support/plannedGraph.ts";

/** A plan that keeps every rule and has one resource of each kind that a rule looks at. */
function sound(): Plan {
  const plan = eksPlan();
  for (const [urn, state] of hostsPlan().resources) plan.resources.set(urn, state);
  const cluster = plan.named("prod-control-plane");
  cluster.protect = true;
  Object.assign(cluster.inputs, {
    endpointPublicAccess: false,
    encryptionConfigKeyArn: "arn:aws:kms:eu-west-1:123456789012:key/1",
  });
  plan.add("aws:ec2/launchTemplate:LaunchTemplate", "template", {
    metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
    blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { encrypted: "true" } }],
  });
  plan.add("aws:ebs/volume:Volume", "disk", { encrypted: true }, { protect: true });
  plan.add("kubernetes:storage.k8s.io/v1:StorageClass", "gp3", {
    provisioner: "ebs.csi.aws.com",
    parameters: { encrypted: "true" },
  });
  plan.add("aws:lb/loadBalancer:LoadBalancer", "api", { internal: true });
  plan.add("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "https", {
    cidrIpv4: "10.0.0.0/16",
  });
  plan.add("aws:ec2/securityGroup:SecurityGroup", "nodes", {
    ingress: [{ cidrBlocks: ["10.0.0.0/16"] }],
  });
  plan.add("aws:iam/rolePolicy:RolePolicy", "reader", policy(["ec2:DescribeTags"], "*"));
  plan.add(
    "kubernetes:ceph.rook.io/v1:CephCluster",
    "ceph",
    { spec: { mon: { count: 3 } } },
    {
      protect: true,
    },
  );
  return plan;
}

function policy(actions: string[], resource: string, more: object = {}): { policy: string } {
  const statement = { Effect: "Allow", Action: actions, Resource: resource, ...more };
  return { policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) };
}

function found(change: (plan: Plan) => void): string[] {
  const plan = sound();
  change(plan);
  return violationLines(violations(plannedResources(plan.preview())));
}

const set = (name: string, key: string, value: unknown) => (plan: Plan) => {
  plan.named(name).inputs[key] = value;
};

const cases: [string, (plan: Plan) => void, string[]][] = [
  [
    "an even number of etcd members",
    (plan) => plan.remove("etcd-3"),
    [
      "[mandatory] odd-quorum: etcd has 2 members: use 3 or 5, an even number survives no more than one less",
      "[mandatory] odd-quorum: etcd-1 stand in zone a: its loss would leave no majority of 2",
      "[mandatory] odd-quorum: etcd-2 stand in zone b: its loss would leave no majority of 2",
    ],
  ],
  [
    "two etcd members in one zone",
    set("etcd-3", "zone", "b"),
    [
      "[mandatory] odd-quorum: etcd-2 and etcd-3 stand in zone b: its loss would leave no majority of 3",
    ],
  ],
  [
    "four Ceph monitors",
    set("ceph", "spec", { mon: { count: 4 } }),
    [
      "[mandatory] odd-quorum: Ceph cluster ceph has 4 members: use 3 or 5, an even number survives no more than one less",
    ],
  ],
  [
    "metadata without a token, two hops away",
    set("template", "metadataOptions", { httpTokens: "optional", httpPutResponseHopLimit: 2 }),
    [
      '[mandatory] imds-v2: template: metadataOptions.httpTokens is optional: set it to "required"',
      "[mandatory] imds-v2: template: metadataOptions.httpPutResponseHopLimit is 2: set it to 1, or pods can take on the node's role",
    ],
  ],
  [
    "a root volume in clear",
    set("template", "blockDeviceMappings", [{ deviceName: "/dev/xvda", ebs: {} }]),
    [
      "[mandatory] encryption-at-rest: template: volume /dev/xvda is not encrypted: set ebs.encrypted",
    ],
  ],
  [
    "a volume in clear",
    set("disk", "encrypted", false),
    ["[mandatory] encryption-at-rest: disk: it is not encrypted: set encrypted"],
  ],
  [
    "Secrets in clear",
    (plan) => delete plan.named("prod-control-plane").inputs.encryptionConfigKeyArn,
    [
      "[mandatory] encryption-at-rest: prod-control-plane: Secrets are not encrypted with a key of your own: set encryptionConfigKeyArn",
    ],
  ],
  [
    "a class of volumes in clear",
    set("gp3", "parameters", {}),
    [
      '[mandatory] encryption-at-rest: gp3: volumes of this class are not encrypted: set parameters.encrypted to "true"',
    ],
  ],
  [
    "an API that the internet reaches",
    set("prod-control-plane", "endpointPublicAccess", true),
    [
      "[mandatory] no-public-endpoint: prod-control-plane: the API endpoint is open to the whole internet: set endpointPublicAccess to false, or publicAccessCidrs to your own ranges",
    ],
  ],
  [
    "a load balancer that the internet reaches",
    set("api", "internal", false),
    [
      "[mandatory] no-public-endpoint: api: the load balancer faces the internet: set internal to true",
    ],
  ],
  [
    "ingress from everywhere",
    set("https", "cidrIpv4", "0.0.0.0/0"),
    [
      "[mandatory] no-public-endpoint: https: it lets in 0.0.0.0/0: name the ranges or security groups that need it",
    ],
  ],
  [
    "a group with ingress from everywhere",
    set("nodes", "ingress", [{ ipv6CidrBlocks: ["::/0"] }]),
    [
      "[mandatory] no-public-endpoint: nodes: its ingress lets in ::/0: name the ranges or security groups that need it",
    ],
  ],
  [
    "every action of a service",
    set("reader", "policy", policy(["ec2:*"], "arn:aws:ec2:eu-west-1:1:volume/*").policy),
    ["[mandatory] scoped-iam: reader: it allows ec2:*: list the actions that are used"],
  ],
  [
    "a scopable action on every resource",
    set("reader", "policy", policy(["ec2:DeleteVolume", "ec2:DescribeTags"], "*").policy),
    [
      "[mandatory] scoped-iam: reader: it allows ec2:DeleteVolume on every resource: name the resources",
    ],
  ],
  [
    "data that nothing protects",
    (plan) => {
      plan.named("disk").protect = false;
    },
    [
      "[advisory] protect-data: disk: it holds data and nothing protects it: set protect or retainOnDelete",
    ],
  ],
];

describe("policy rules", () => {
  it("find nothing wrong with a sound plan", () => {
    assert.deepEqual(
      found(() => {}),
      [],
    );
  });

  for (const [wrong, change, expected] of cases) {
    it(`report ${wrong}, and nothing else`, () => assert.deepEqual(found(change), expected));
  }

  it("allow a public endpoint for ranges of one's own", () => {
    const lines = found((plan) => {
      const { inputs } = plan.named("prod-control-plane");
      Object.assign(inputs, { endpointPublicAccess: true, publicAccessCidrs: ["192.0.2.0/24"] });
    });
    assert.deepEqual(lines, []);
  });

  it("leave a policy alone whose condition narrows it", () => {
    const more = { Condition: { StringEquals: { "aws:ResourceTag/cluster": "prod" } } };
    const { policy: text } = policy(["ec2:DeleteVolume"], "*", more);
    assert.deepEqual(found(set("reader", "policy", text)), []);
  });

  it("have distinct names, and are broken by a case each", () => {
    const names = rules.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    const broken = new Set(
      cases.flatMap(([, , lines]) => lines.map((line) => line.split(/[ :]+/)[1])),
    );
    assert.deepEqual([...broken].sort(), names.toSorted());
  });
});
