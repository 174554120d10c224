import type { AwsConfig } from "../../config/schema.ts";
import { clusterAutoscaler } from "../../config/versions.ts";
import { awsPlace } from "../layer/place.ts";
import { zoneSpread } from "../workloads/topology.ts";
import { type ChartPlan, chartSource } from "./chart.ts";

export interface AutoscalerPlan {
  chart: ChartPlan;
  /** Names the role that pod identity gives. */
  serviceAccount: string;
  replicas: number;
  /** Pools that it scales; "all" where none carries storage. */
  pools: string[] | "all";
}

const name = "cluster-autoscaler";

/** One works, the other takes its lease when that one is lost. */
const replicas = 2;

/** Pools whose nodes carry disks: their number is a person's decision. */
export function storagePools({ storage }: Pick<AwsConfig, "storage">): string[] {
  return storage.flatMap((one) => (one.backend === "ebs" ? [] : [one.pool]));
}

/**
 * Cluster Autoscaler of the cluster's own minor. Groups are found by their tags. A pool that carries
 * storage has none on EC2; on EKS, which tags all groups, it has equal counts: nothing to scale.
 *
 * @throws RangeError on a version of Kubernetes without one: parsed configs have none.
 */
export function planAutoscaler(config: AwsConfig): AutoscalerPlan {
  const [minor] = /^\d+\.\d+/.exec(config.kubernetes.version) ?? [""];
  const tag = clusterAutoscaler[minor];
  if (tag === undefined)
    throw new RangeError(`no Cluster Autoscaler for ${config.kubernetes.version}`);
  const pools = Object.keys(config.pools);
  const withDisks = storagePools(config);
  return {
    chart: {
      release: name,
      namespace: "kube-system",
      source: chartSource(name, config.charts),
      values: values(config, tag),
    },
    serviceAccount: name,
    replicas,
    pools: withDisks.length === 0 ? "all" : pools.filter((pool) => !withDisks.includes(pool)),
  };
}

/** Source of the flags: Cluster Autoscaler FAQ, "What are the parameters to CA?". */
function values(config: AwsConfig, tag: string): Record<string, unknown> {
  return {
    fullnameOverride: name,
    cloudProvider: "aws",
    awsRegion: config.region,
    autoDiscovery: { clusterName: config.name },
    image: { tag },
    ...awsPlace(config),
    replicaCount: replicas,
    priorityClassName: "system-cluster-critical",
    podDisruptionBudget: { maxUnavailable: 1 },
    topologySpreadConstraints: [zoneSpread({ "app.kubernetes.io/instance": name }, false)],
    resources: { requests: { cpu: "100m", memory: "300Mi" }, limits: { memory: "600Mi" } },
    rbac: { serviceAccount: { create: true, name } },
    extraArgs: {
      // A zone's groups are alike, so that nodes come back evenly over zones.
      "balance-similar-node-groups": true,
      expander: "least-waste",
      // Ours have budgets, so their nodes can go.
      "skip-nodes-with-system-pods": false,
      "skip-nodes-with-local-storage": false,
      // A lost zone of three is a third of all nodes: below this the autoscaler goes on.
      "max-total-unready-percentage": 45,
      "ok-total-unready-count": 3,
      "max-node-provision-time": "15m",
      "max-graceful-termination-sec": 600,
    },
  };
}
