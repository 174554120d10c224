import type { GuardConfig } from "../config/clusterLayer.ts";
import type { EksConfig } from "../config/schema.ts";
import { type AutoscalerPlan, planAutoscaler } from "./charts/clusterAutoscaler.ts";
import type { TeamNamespaceConfig } from "./guard/namespace.ts";
import { type PortworxPlan, planPortworx } from "./storage/portworx/portworx.ts";
import { planRookCeph, type RookCephPlan } from "./storage/rookCeph/rookCeph.ts";

/** What runs on a managed cluster. */
export interface ClusterLayerPlan {
  guard: GuardConfig;
  namespaces: TeamNamespaceConfig[];
  autoscaler: AutoscalerPlan;
  storage: { rookCeph?: RookCephPlan; portworx?: PortworxPlan };
}

export function planClusterLayer(config: EksConfig): ClusterLayerPlan {
  const rookCeph = config.storage.find((one) => one.backend === "rook-ceph");
  const portworx = config.storage.find((one) => one.backend === "portworx");
  return {
    guard: config.guard,
    namespaces: Object.entries(config.namespaces).map(([name, settings]) => ({
      name,
      ...settings,
    })),
    autoscaler: planAutoscaler(config),
    storage: {
      ...(rookCeph === undefined ? {} : { rookCeph: planRookCeph(rookCeph, config) }),
      ...(portworx === undefined ? {} : { portworx: planPortworx(portworx, config) }),
    },
  };
}
