import type { ChartsConfig } from "../config/clusterLayer.ts";
import { type ChartSource, chartSource } from "./charts/chart.ts";
import type { KubernetesPlan } from "./kubernetesPlan.ts";
import { zoneSpread } from "./workloads/topology.ts";

/** The chart as it is installed. */
export interface CiliumPlan {
  source: ChartSource;
  values: CiliumValues;
}

/** What we set of the chart's values; the rest is the chart's own default. */
export interface CiliumValues {
  ipam: { mode: "kubernetes" };
  routingMode: "native";
  autoDirectNodeRoutes: boolean;
  ipv4NativeRoutingCIDR: string;
  kubeProxyReplacement: "false";
  k8sServiceHost: string;
  k8sServicePort: number;
  /** Of the agent on every machine. */
  resources: Requests;
  envoy: { resources: Requests };
  operator: {
    replicas: number;
    topologySpreadConstraints: ReturnType<typeof zoneSpread>[];
    resources: Requests;
  };
  rollOutCiliumPods: boolean;
}

interface Requests {
  requests: { cpu: string; memory: string };
}

/**
 * Cilium on hosts of one flat network: ranges by the controller manager and plain routes, as the
 * routed network has them, and network policies on top. kube-proxy stays.
 */
export function planCilium(plan: KubernetesPlan, charts: ChartsConfig): CiliumPlan {
  return {
    source: chartSource("cilium", charts),
    values: {
      ipam: { mode: "kubernetes" },
      routingMode: "native",
      autoDirectNodeRoutes: true,
      ipv4NativeRoutingCIDR: plan.network.podCidr,
      kubeProxyReplacement: "false",
      // Before there is a pod network no Service answers.
      k8sServiceHost: plan.apiVip,
      k8sServicePort: plan.apiPort,
      resources: requests("100m", "512Mi"),
      envoy: { resources: requests("100m", "128Mi") },
      operator: {
        replicas: 2,
        topologySpreadConstraints: [zoneSpread({ "io.cilium/app": "operator" }, false)],
        resources: requests("100m", "128Mi"),
      },
      rollOutCiliumPods: true,
    },
  };
}

/** The chart has none of its own; agent and operator as its comments propose. */
function requests(cpu: string, memory: string): Requests {
  return { requests: { cpu, memory } };
}
