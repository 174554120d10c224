/**
 * Small previews made by hand, in the shape of `pulumi preview --json`. A saboteur takes a healthy one
 * and breaks one thing.
 */

export interface PlannedState {
  urn: string;
  type: string;
  custom: boolean;
  inputs: Record<string, unknown>;
  parent: string | undefined;
  protect: boolean;
  retainOnDelete: boolean;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
}

export interface PreviewJson {
  steps: { op: string; urn: string; oldState?: PlannedState; newState?: PlannedState }[];
}

export const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const stack = "urn:pulumi:test::quorum::pulumi:pulumi:Stack::quorum-test";

/** Collects resources; `preview()` says that all of them would be created. */
export class Plan {
  readonly resources = new Map<string, PlannedState>();

  /** @returns the URN, for use as a parent or dependency. */
  add(
    type: string,
    name: string,
    inputs: Record<string, unknown> = {},
    more: Partial<Pick<PlannedState, "parent" | "dependencies" | "protect">> & {
      from?: Record<string, string[]>;
    } = {},
  ): string {
    const urn = `urn:pulumi:test::quorum::${type}::${name}`;
    const propertyDependencies = more.from ?? {};
    const custom = type.includes("/");
    this.resources.set(urn, {
      urn,
      type,
      custom,
      inputs,
      parent: more.parent ?? stack,
      protect: more.protect ?? false,
      retainOnDelete: false,
      dependencies: [
        ...new Set([...(more.dependencies ?? []), ...Object.values(propertyDependencies).flat()]),
      ],
      propertyDependencies,
    });
    return urn;
  }

  /** The resource of this logical name, to be changed in place. */
  named(name: string): PlannedState {
    const found = [...this.resources.values()].find(({ urn }) => urn.endsWith(`::${name}`));
    if (!found) throw new Error(`the plan has no resource named ${name}`);
    return found;
  }

  remove(name: string): void {
    this.resources.delete(this.named(name).urn);
  }

  preview(op: "create" | "same" = "create"): PreviewJson {
    const steps = [...this.resources.values()].map((newState) => ({
      op,
      urn: newState.urn,
      newState: structuredClone(newState),
    }));
    return { steps };
  }
}

/** What an update from one plan to another would do, in the shape of a preview. */
export function previewOfChange(before: Plan, after: Plan, replaced: string[] = []): PreviewJson {
  const steps: PreviewJson["steps"] = [];
  for (const [urn, newState] of after.resources) {
    const oldState = before.resources.get(urn);
    const same = JSON.stringify(oldState) === JSON.stringify(newState);
    const replace = replaced.some((name) => urn.endsWith(`::${name}`));
    if (!oldState) steps.push({ op: "create", urn, newState });
    else
      steps.push({ op: replace ? "replace" : same ? "same" : "update", urn, oldState, newState });
  }
  for (const [urn, oldState] of before.resources) {
    if (!after.resources.has(urn)) steps.push({ op: "delete", urn, oldState });
  }
  return { steps };
}

const letters = ["a", "b", "c", "d", "e"];

/** Eleven machines in three zones: etcd, control plane and worker in each, two load balancers. */
export function hostsPlan(): Plan {
  const plan = new Plan();
  const zones = ["a", "b", "c"];
  const cluster = plan.add("quorum:hosts:Cluster", "lab", {
    name: "lab",
    zones,
    needsEgress: false,
    dns: { replicas: 3, spread: "zone", nodeTaintsPolicy: "Honor", cpuMilli: 100, memoryMiB: 70 },
  });
  const machine = (name: string, zone: string, roles: string[], more = {}): void => {
    const urn = plan.add(
      "quorum:hosts:Machine",
      name,
      { machine: name, zone, address: "192.0.2.1", roles, segment: "192.0.2.0/24", ...more },
      { parent: cluster },
    );
    plan.add("command:remote:Command", `${name}-ready`, { create: "true" }, { parent: urn });
  };
  zones.forEach((zone, index) => {
    const locked = (name: string) => ({ steps: [{ name, oneAtATime: "lock" }] });
    machine(`etcd-${index + 1}`, zone, ["etcd"], locked("etcd"));
    machine(`control-plane-${index + 1}`, zone, ["control-plane"], locked("control-plane"));
    machine(`worker-${index + 1}`, zone, ["worker"], { cpus: 2, memoryGiB: 4 });
  });
  machine("balancer-1", "a", ["load-balancer"]);
  machine("balancer-2", "b", ["load-balancer"]);
  plan.add(
    "quorum:hosts:ApiLoadBalancer",
    "lab-api",
    {
      vip: "192.0.2.100",
      port: 6443,
      segment: "192.0.2.0/24",
      members: ["balancer-1", "balancer-2"],
      backends: ["control-plane-1", "control-plane-2", "control-plane-3"],
    },
    { parent: cluster },
  );
  return plan;
}

export interface EksShape {
  zones?: number;
  /** Machines per zone. Default 2. */
  perZone?: number;
  maxPerZone?: number;
  minNodes?: number;
  node?: Record<string, unknown>;
}

/** A managed cluster with one node group and one NAT for each zone. */
export function eksPlan(shape: EksShape = {}): Plan {
  const { zones = 3, perZone = 2, maxPerZone = perZone * 2, minNodes } = shape;
  const plan = new Plan();
  const names = letters.slice(0, zones).map((letter) => `eu-west-1${letter}`);
  const cluster = plan.add("quorum:eks:Cluster", "prod", {
    name: "prod",
    region: "eu-west-1",
    zones: names,
  });
  const pool = plan.add(
    "quorum:eks:NodePool",
    "general",
    {
      pool: "general",
      zones: names,
      minNodes: minNodes ?? perZone * (zones - 1),
      desiredNodes: perZone * zones,
      maxNodes: maxPerZone * zones,
      ...(shape.node ?? { nodeCpus: 4, nodeMemoryGiB: 16, podsPerNode: 58 }),
    },
    { parent: cluster },
  );
  const subnets = names.map((zone) => {
    const letter = zone.at(-1);
    const subnet = plan.add("aws:ec2/subnet:Subnet", `private-${letter}`, {
      availabilityZone: zone,
      cidrBlock: "10.0.0.0/24",
      vpcId: unknownText,
    });
    const open = plan.add("aws:ec2/subnet:Subnet", `public-${letter}`, { availabilityZone: zone });
    const nat = plan.add(
      "aws:ec2/natGateway:NatGateway",
      `nat-${letter}`,
      { subnetId: unknownText },
      { from: { subnetId: [open] } },
    );
    const table = plan.add("aws:ec2/routeTable:RouteTable", `table-${letter}`, {});
    plan.add(
      "aws:ec2/route:Route",
      `out-${letter}`,
      { destinationCidrBlock: "0.0.0.0/0", natGatewayId: unknownText, routeTableId: unknownText },
      { from: { natGatewayId: [nat], routeTableId: [table] } },
    );
    plan.add(
      "aws:ec2/routeTableAssociation:RouteTableAssociation",
      `link-${letter}`,
      { routeTableId: unknownText, subnetId: unknownText },
      { from: { routeTableId: [table], subnetId: [subnet] } },
    );
    plan.add(
      "aws:eks/nodeGroup:NodeGroup",
      `general-${letter}`,
      {
        subnetIds: [unknownText],
        scalingConfig: { minSize: 1, desiredSize: perZone, maxSize: maxPerZone },
      },
      { parent: pool, from: { subnetIds: [subnet] } },
    );
    return subnet;
  });
  plan.add(
    "eks:index:Cluster",
    "prod-control-plane",
    { name: "prod", privateSubnetIds: subnets.map(() => unknownText) },
    { parent: cluster, from: { privateSubnetIds: subnets } },
  );
  plan.add("aws:eks/addon:Addon", "coredns", {
    addonName: "coredns",
    configurationValues: JSON.stringify({
      replicaCount: zones,
      resources: { requests: { cpu: "100m", memory: "70Mi" } },
      topologySpreadConstraints: [zoneSpread],
    }),
  });
  return plan;
}

/** A control plane on EC2: in each zone an etcd member, a control plane and two workers. */
export function ec2Plan(): Plan {
  const plan = new Plan();
  const zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
  const cluster = plan.add("quorum:ec2:Cluster", "hybrid", {
    name: "hybrid",
    region: "eu-west-1",
    zones,
    needsEgress: false,
    dns: { replicas: 3, spread: "zone", nodeTaintsPolicy: "Honor", cpuMilli: 100, memoryMiB: 70 },
  });
  const size = { nodeCpus: 4, nodeMemoryGiB: 16, podsPerNode: 110 };
  const parent = plan.add("quorum:ec2:NodePool", "general", {
    pool: "general",
    minNodes: 4,
    ...size,
  });
  const backends = zones.map((zone) => {
    const letter = zone.at(-1);
    plan.add("aws:ec2/subnet:Subnet", `private-${letter}`, { availabilityZone: zone });
    const member = plan.add(
      "quorum:ec2:EtcdMember",
      `etcd-${letter}`,
      { member: `etcd-${letter}`, zone },
      { parent: cluster },
    );
    plan.add("aws:ebs/volume:Volume", `etcd-${letter}-data`, {}, { parent: member, protect: true });
    const name = `control-plane-${letter}`;
    plan.add("quorum:ec2:ControlPlane", name, { name, zone }, { parent: cluster });
    const workers = { zone, desiredNodes: 2, maxNodes: 6, pool: "general" };
    plan.add("quorum:ec2:ZoneWorkers", `general-${letter}`, workers, { parent });
    return name;
  });
  const balancer = { zones, crossZone: true, backends };
  plan.add("quorum:ec2:ApiLoadBalancer", "hybrid-api", balancer, { parent: cluster });
  return plan;
}

/** The spread that survives the loss of a zone and lets replacements start elsewhere. */
export const zoneSpread = {
  maxSkew: 1,
  topologyKey: "topology.kubernetes.io/zone",
  whenUnsatisfiable: "DoNotSchedule",
  nodeTaintsPolicy: "Honor",
};

export interface WorkloadShape {
  kind?: "Deployment" | "StatefulSet";
  replicas?: number;
  cpu?: string;
  memory?: string;
  spread?: unknown[];
  storageClassName?: string;
  pod?: Record<string, unknown>;
}

/** A workload in namespace "shop". */
export function addWorkload(plan: Plan, name: string, shape: WorkloadShape = {}): void {
  const { kind = "Deployment", replicas = 3, cpu = "500m", memory = "512Mi" } = shape;
  const labels = { app: name };
  plan.add(`kubernetes:apps/v1:${kind}`, name, {
    metadata: { name, namespace: "shop" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: "app", resources: { requests: { cpu, memory } } }],
          topologySpreadConstraints: shape.spread ?? [zoneSpread],
          ...shape.pod,
        },
      },
      ...(shape.storageClassName === undefined
        ? {}
        : { volumeClaimTemplates: [{ spec: { storageClassName: shape.storageClassName } }] }),
    },
  });
}

export function addBudget(plan: Plan, name: string, spec: Record<string, unknown>): void {
  plan.add("kubernetes:policy/v1:PodDisruptionBudget", `${name}-budget`, {
    metadata: { name, namespace: "shop" },
    spec: { selector: { matchLabels: { app: name } }, ...spec },
  });
}

export function addStorageClass(plan: Plan, name: string, provisioner: string): void {
  plan.add("kubernetes:storage.k8s.io/v1:StorageClass", name, { metadata: { name }, provisioner });
}

/** A chart in namespace "kube-system". */
export function addChart(plan: Plan, chart: string, values: object, more: object = {}): string {
  const inputs = {
    name: chart,
    namespace: "kube-system",
    chart,
    version: "1.2.3",
    values,
    ...more,
  };
  return plan.add("kubernetes:helm.sh/v3:Release", chart, inputs);
}

/** Portworx on every worker, with its own store and one class of three replicas. */
export function addPortworx(plan: Plan, spec: Record<string, unknown> = {}): void {
  plan.add("kubernetes:core.libopenstorage.org/v1:StorageCluster", "portworx", {
    metadata: { name: "portworx", namespace: "portworx" },
    spec: {
      kvdb: { internal: true },
      resources: { requests: { cpu: "500m", memory: "1Gi" } },
      ...spec,
    },
  });
  plan.add("kubernetes:storage.k8s.io/v1:StorageClass", "portworx-block", {
    metadata: { name: "portworx-block" },
    provisioner: "pxd.portworx.com",
    parameters: { repl: "3" },
  });
}

/** Ceph with a monitor per zone and one pool of three replicas. */
export function addCeph(plan: Plan, zones: string[]): void {
  plan.add("kubernetes:ceph.rook.io/v1:CephCluster", "ceph", {
    metadata: { name: "ceph", namespace: "rook-ceph" },
    spec: {
      mon: { count: 3, zones: zones.map((name) => ({ name })) },
      mgr: { count: 2 },
      resources: Object.fromEntries(
        ["mon", "mgr", "mgr-sidecar", "osd", "crashcollector", "exporter"].map((key) => [
          key,
          { requests: { cpu: "50m", memory: "64Mi" } },
        ]),
      ),
      storage: { storageClassDeviceSets: [{ name: "disks", count: 3 }] },
    },
  });
  plan.add("kubernetes:ceph.rook.io/v1:CephBlockPool", "blocks", {
    metadata: { name: "blocks", namespace: "rook-ceph" },
    spec: { failureDomain: "zone", replicated: { size: 3 }, parameters: { min_size: "2" } },
  });
}
