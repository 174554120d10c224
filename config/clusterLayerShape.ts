import { z } from "zod";

/** The form of what runs on a cluster; `clusterLayer.ts` says what each key means. */

const text = z.string();
const count = z.int();

const replicated = {
  pool: text,
  replicas: count.default(3),
  deleteData: z.boolean().default(false),
};

const backend = z.discriminatedUnion("backend", [
  z.strictObject({ backend: z.literal("ebs"), replicas: count.default(1) }),
  z.strictObject({
    backend: z.literal("rook-ceph"),
    ...replicated,
    disksPerZone: count.default(1),
    diskGiB: count.default(500),
  }),
  z.strictObject({
    backend: z.literal("portworx"),
    ...replicated,
    diskGiB: count.default(500),
    licensed: z.boolean().default(false),
  }),
]);

const mode = z.enum(["enforce", "warn", "off"]);

const namespace = z.strictObject({
  guard: mode.optional(),
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

export const clusterLayer = {
  storage: z.array(backend).default([{ backend: "ebs", replicas: 1 }]),
  guard: z.strictObject({ defaultMode: mode.default("warn") }).prefault({}),
  namespaces: z.record(text, namespace).default({}),
  charts: z.strictObject({ mirror: text.optional() }).prefault({}),
};
