import { z } from "zod";

/** The form of what runs on a cluster; `clusterLayer.ts` says what each key means. */

const text = z.string();
const count = z.int();

const replicated = {
  pool: text,
  replicas: count.default(3),
  deleteData: z.boolean().default(false),
};

/** What Ceph offers, on every platform. */
export const cephOptions = {
  fileSystem: z.boolean().default(false),
  objectStore: z.boolean().default(false),
  alerts: z.boolean().default(false),
};

const kvdb = z.discriminatedUnion("mode", [
  z.strictObject({ mode: z.literal("internal") }),
  z.strictObject({ mode: z.literal("external"), endpoints: z.array(text), secretName: text }),
]);

const backend = z.discriminatedUnion("backend", [
  z.strictObject({
    backend: z.literal("ebs"),
    replicas: count.default(1),
    deleteData: z.boolean().default(false),
  }),
  z.strictObject({
    backend: z.literal("rook-ceph"),
    ...replicated,
    disksPerZone: count.default(1),
    diskGiB: count.default(500),
    ...cephOptions,
  }),
  z.strictObject({
    backend: z.literal("portworx"),
    ...replicated,
    diskGiB: count.default(500),
    licensed: z.boolean().default(false),
    kvdb: kvdb.default({ mode: "internal" }),
  }),
]);

/** Ceph on disks of hosts. */
export const hostsStorage = z
  .array(
    z.strictObject({
      backend: z.literal("rook-ceph"),
      disks: z.record(text, z.array(text)),
      replicas: count.default(3),
      deleteData: z.boolean().default(false),
      ...cephOptions,
    }),
  )
  .default([]);

const mode = z.enum(["enforce", "warn", "off"]);

/** What the API server says to what would not survive. */
export const guard = z.strictObject({ defaultMode: mode.default("warn") });

const namespace = z.strictObject({
  guard: mode.optional(),
  defaults: z.boolean().optional(),
  quota: z
    .strictObject({
      cpus: count.positive().optional(),
      memoryGiB: count.positive().optional(),
      pods: count.positive().optional(),
      storageGiB: count.positive().optional(),
    })
    .optional(),
  containers: z
    .strictObject({
      defaultCpuMilli: count.positive(),
      defaultMemoryMiB: count.positive(),
      maxCpuMilli: count.positive().optional(),
      maxMemoryMiB: count.positive().optional(),
    })
    .optional(),
});

/** Namespaces of teams, by name. */
export const namespaces = z.record(text, namespace).default({});

const ingress = z.strictObject({
  scheme: z.enum(["internal", "internet-facing"]).default("internal"),
  clientCidrs: z.array(text).default([]),
  namespace: text.default("ingress"),
  selector: z.record(text, text),
  listeners: z.record(
    text,
    z.strictObject({ port: count, podPort: count, nodePort: count.optional() }),
  ),
});

/** Where charts come from. */
export const charts = z.strictObject({
  mirror: text.optional(),
  digests: z.record(text, text).default({}),
});

export const clusterLayer = {
  storage: z.array(backend).default([{ backend: "ebs", replicas: 1, deleteData: false }]),
  guard: guard.prefault({}),
  namespaces,
  charts: charts.prefault({}),
  ingress: ingress.optional(),
};
