import type { StatefulWorkloadConfig } from "../../design/workloads/statefulSet.ts";
import type { WorkloadConfig } from "../../design/workloads/workload.ts";

/** A workload as an application team asks for it. */
export function workload(change: Partial<WorkloadConfig> = {}): WorkloadConfig {
  return {
    name: "shop",
    namespace: "team",
    zones: ["a", "b", "c"],
    image: "registry.example.com/shop:1.4.2",
    requests: { cpuMilli: 250, memoryMiB: 256 },
    port: 8080,
    probe: { readyPath: "/ready" },
    ...change,
  };
}

export function statefulWorkload(
  change: Partial<StatefulWorkloadConfig> = {},
): StatefulWorkloadConfig {
  const data = { sizeGiB: 100, storageClass: "rook-ceph-block", mountPath: "/data" };
  return { ...workload(), volumes: { data }, ...change };
}
