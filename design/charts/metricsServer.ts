import type { AwsConfig } from "../../config/schema.ts";
import { zoneSpread } from "../workloads/topology.ts";
import { type ChartPlan, chartSource } from "./chart.ts";

const name = "metrics-server";

/**
 * Metrics of pods and nodes, for `kubectl top` and autoscaling of pods. EKS has it as an add-on; here
 * kubelets' serving certificates come from the cluster's CA, so it checks them.
 */
export function planMetricsServer(config: AwsConfig): ChartPlan {
  return {
    release: name,
    namespace: "kube-system",
    source: chartSource(name, config.charts),
    values: {
      replicas: 3,
      podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
      priorityClassName: "system-cluster-critical",
      topologySpreadConstraints: [zoneSpread({ "app.kubernetes.io/name": name }, false)],
      resources: { requests: { cpu: "100m", memory: "200Mi" }, limits: { memory: "400Mi" } },
      args: [
        "--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
      ],
    },
  };
}
