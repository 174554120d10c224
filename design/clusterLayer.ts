import type { AwsConfig } from "../config/schema.ts";
import type { ChartPlan } from "./charts/chart.ts";
import { type AutoscalerPlan, planAutoscaler } from "./charts/clusterAutoscaler.ts";
import { planMetricsServer } from "./charts/metricsServer.ts";
import { type GuardArgs, guardArgs } from "./guard/guard.ts";
import { teamNamespaces } from "./guard/namespace.ts";
import type { WorkloadRulesPlan } from "./guard/workloadRules.ts";
import { type IngressPlan, planIngress } from "./ingress/ingress.ts";
import type { ControllerPlan } from "./layer/controller.ts";
import { type EbsPlan, planEbs } from "./storage/ebs/ebs.ts";
import { type PortworxPlan, planPortworx } from "./storage/portworx/portworx.ts";
import { planRookCeph, type RookCephPlan } from "./storage/rookCeph/rookCeph.ts";
import { snapshotController } from "./storage/snapshots.ts";

/** What runs on a cluster on AWS. */
export interface ClusterLayerPlan extends WorkloadRulesPlan {
  guard: GuardArgs;
  autoscaler: AutoscalerPlan;
  /** Absent on EKS, where it is a managed add-on. */
  metricsServer?: ChartPlan;
  snapshotController: ControllerPlan;
  storage: { ebs?: EbsPlan; rookCeph?: RookCephPlan; portworx?: PortworxPlan };
  ingress?: IngressPlan;
}

export function planClusterLayer(config: AwsConfig): ClusterLayerPlan {
  const ebs = config.storage.find((one) => one.backend === "ebs");
  const rookCeph = config.storage.find((one) => one.backend === "rook-ceph");
  const portworx = config.storage.find((one) => one.backend === "portworx");
  const ingress = planIngress(config);
  return {
    guard: guardArgs(config.guard, config.kubernetes),
    namespaces: teamNamespaces(config.namespaces),
    autoscaler: planAutoscaler(config),
    ...(config.platform === "eks" ? {} : { metricsServer: planMetricsServer(config) }),
    snapshotController: snapshotController(),
    storage: {
      ...(ebs === undefined ? {} : { ebs: planEbs(ebs, config) }),
      ...(rookCeph === undefined ? {} : { rookCeph: planRookCeph(rookCeph, config) }),
      ...(portworx === undefined ? {} : { portworx: planPortworx(portworx, config) }),
    },
    ...(ingress === undefined ? {} : { ingress }),
  };
}
