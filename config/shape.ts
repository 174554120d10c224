import { z } from "zod";
import { charts, clusterLayer, guard, hostsStorage, namespaces } from "./clusterLayerShape.ts";
import type { ClusterConfig, Ec2Config, EksConfig, HostsConfig, WorkersConfig } from "./schema.ts";

/**
 * The form of each key by platform: types, defaults, and which keys exist. What a value must mean
 * is in `rules/`, so that one bad value hides no other problem.
 */

const text = z.string();
const count = z.int();
const textByName = z.record(text, text);

/** A top-level number or truth value: the Pulumi engine hands every scalar over as text. */
function fromText<F extends z.ZodType>(form: F) {
  return z.preprocess(
    (value) =>
      typeof value === "string" && /^(\d{1,15}|true|false)$/.test(value)
        ? JSON.parse(value)
        : value,
    form,
  );
}

const taint = z.strictObject({
  key: text,
  value: text,
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
});

const common = {
  name: text,
  tags: textByName.default({}),
  proof: z.strictObject({ require: z.array(text) }).optional(),
};

const pool = z.strictObject({
  instanceTypes: z.array(text),
  architecture: z.enum(["x86_64", "arm64"]),
  zones: z.array(text).optional(),
  minNodes: count,
  nodesPerZone: z.strictObject({ min: count, desired: count, max: count }),
  volumeGiB: count.default(50),
  podsPerNode: count.default(58),
  capacity: z.enum(["on-demand", "spot"]).default("on-demand"),
  labels: textByName.default({}),
  taints: z.array(taint).default([]),
});

const eks = {
  platform: z.literal("eks"),
  ...common,
  kubernetes: z.strictObject({ version: text, serviceCidr: text.default("172.20.0.0/16") }),
  region: text,
  accountId: text,
  zones: z.array(text),
  network: z.strictObject({ cidr: text }),
  api: z
    .strictObject({
      publicCidrs: z.array(text).default([]),
      privateCidrs: z.array(text).default([]),
    })
    .prefault({}),
  admins: z.record(
    text,
    z.strictObject({ principalArn: text, access: z.enum(["admin", "view"]).default("admin") }),
  ),
  pools: z.record(text, pool),
  ...clusterLayer,
  logRetentionDays: fromText(count).default(90),
  deletionProtection: fromText(z.boolean()).default(true),
};

const host = z.strictObject({
  address: text,
  zone: text,
  roles: z.array(z.enum(["etcd", "control-plane", "load-balancer", "worker"])),
  labels: textByName.default({}),
  taints: z.array(taint).default([]),
  size: z.strictObject({ cpus: count.positive(), memoryGiB: z.number().positive() }).optional(),
  physicalHost: text.optional(),
  installation: count.positive().default(1),
});

const snapshots = z.strictObject({
  intervalMinutes: count.default(15),
  keep: count.default(96),
});

const etcd = z.strictObject({
  quotaGiB: z.number().default(8),
  dataDir: text.default("/var/lib/etcd"),
  snapshots: snapshots.prefault({}),
});

/** Where workers keep local volumes when the stack names no place. */
export const localVolumesDirectory = "/var/lib/quorum-volumes";

const localVolumes = z.strictObject({
  perHost: count,
  sizeGiB: count,
  storageClass: text.default("local-block"),
  directory: text.default(localVolumesDirectory),
});

const hosts = {
  platform: z.literal("hosts"),
  ...common,
  kubernetes: z.strictObject({
    version: text,
    serviceCidr: text.default("172.20.0.0/16"),
    podCidr: text.default("10.244.0.0/16"),
  }),
  hosts: z.record(text, host),
  ssh: z.strictObject({
    user: text.default("root"),
    port: count.default(22),
    privateKeyFile: text,
  }),
  api: z.strictObject({ vip: text, port: count.default(6443) }),
  etcd: etcd.prefault({}),
  podNetwork: z.enum(["routed", "cilium"]),
  storage: hostsStorage,
  charts: charts.prefault({}),
  guard: guard.optional(),
  namespaces,
  localVolumes: localVolumes.optional(),
  powerStatus: z.strictObject({ command: z.array(text), off: text }).optional(),
  artifacts: z.discriminatedUnion("source", [
    z.strictObject({ source: z.literal("preinstalled") }),
    z.strictObject({
      source: z.literal("download"),
      mirror: text.exactOptional(),
      architecture: z.enum(["amd64", "arm64"]).default("amd64"),
      digests: z.record(text, text).default({}),
    }),
  ]),
  deletionProtection: fromText(z.boolean()).default(true),
};

const workers = {
  platform: z.literal("workers"),
  ...common,
  attachTo: z.strictObject({ stack: text, region: text, accountId: text }),
  kubernetes: hosts.kubernetes,
  hosts: z.record(text, host.omit({ roles: true })),
  ssh: hosts.ssh,
  podMtuBytes: fromText(count).default(1300),
  artifacts: hosts.artifacts,
};

const ec2Machine = { instanceType: text, volumeGiB: count.default(30) };

const ec2 = {
  platform: z.literal("ec2"),
  ...common,
  kubernetes: z.strictObject({
    version: text,
    serviceCidr: text.default("172.20.0.0/16"),
    podCidr: text.default("10.244.0.0/16"),
  }),
  region: text,
  accountId: text,
  zones: z.array(text),
  network: z.strictObject({ cidr: text }),
  api: z
    .strictObject({
      clientCidrs: z.array(text).default([]),
      operatorAddress: text.optional(),
    })
    .prefault({}),
  machineImage: z.strictObject({
    ownerId: text,
    names: z.strictObject({ x86_64: text.exactOptional(), arm64: text.exactOptional() }),
  }),
  etcd: z.strictObject({
    ...ec2Machine,
    dataVolumeGiB: count.default(20),
    dataVolumeIops: count.default(3000),
    quotaGiB: z.number().default(4),
    snapshots: z
      .strictObject({
        intervalMinutes: count.default(15),
        keep: count.default(8),
        retentionDays: count.default(30),
      })
      .prefault({}),
  }),
  controlPlane: z.strictObject(ec2Machine),
  pools: z.record(text, pool),
  podNetwork: z.enum(["vxlan", "none"]).default("vxlan"),
  remoteWorkers: z
    .strictObject({ cidrs: z.array(text), podMtuBytes: count.default(1300) })
    .optional(),
  ...clusterLayer,
  logRetentionDays: fromText(count).default(90),
  deletionProtection: fromText(z.boolean()).default(true),
};

type Shape<C> = { readonly [K in keyof Required<C>]: z.ZodType };

/** Form of every top-level key, by platform. */
export const shapes: {
  readonly [P in ClusterConfig["platform"]]: Readonly<Record<string, z.ZodType>>;
} = {
  eks: eks satisfies Shape<EksConfig>,
  hosts: hosts satisfies Shape<HostsConfig>,
  ec2: ec2 satisfies Shape<Ec2Config>,
  workers: workers satisfies Shape<WorkersConfig>,
};

/** Never called: the compiler checks here that the forms and `schema.ts` say the same. */
export type FormsMatchSchema = [
  Same<z.output<z.ZodObject<typeof eks>>, EksConfig>,
  Same<z.output<z.ZodObject<typeof hosts>>, HostsConfig>,
  Same<z.output<z.ZodObject<typeof ec2>>, Ec2Config>,
  Same<z.output<z.ZodObject<typeof workers>>, WorkersConfig>,
];
type Same<Form extends Config, Config> = Form;
