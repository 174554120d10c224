import type { EksConfig } from "../config/schema.ts";
import { type AddonPlan, planAddons } from "./addons.ts";
import { type ClusterLayerPlan, planClusterLayer } from "./clusterLayer.ts";
import { planKeys } from "./encryption.ts";
import { byFailureDomain, type Placement } from "./failureDomains.ts";
import { type FlowPlan, planFirewall } from "./firewall.ts";
import { planRoles, type RolePlans } from "./iam.ts";
import { type ClusterNames, clusterNames } from "./names.ts";
import { type NetworkPlan, planNetwork } from "./network.ts";
import { type PoolPlan, planPools } from "./pools.ts";
import { clusterTags } from "./tags.ts";

export interface ControlPlanePlan {
  version: string;
  serviceCidr: string;
  /** Empty: the endpoint is private only. */
  publicCidrs: string[];
  /** Who may do what, by a name of the stack's choice. */
  access: Record<string, AccessPlan>;
}

export interface AccessPlan {
  principalArn: string;
  /** EKS access policy, for the whole cluster. */
  policyArn: string;
}

/** Everything decided about a managed cluster, as plain values. */
export interface EksPlan {
  platform: "eks";
  name: string;
  names: ClusterNames;
  region: string;
  accountId: string;
  tags: Record<string, string>;
  network: NetworkPlan;
  firewall: FlowPlan[];
  keys: ReturnType<typeof planKeys>;
  roles: RolePlans;
  controlPlane: ControlPlanePlan;
  addons: AddonPlan[];
  pools: PoolPlan[];
  layer: ClusterLayerPlan;
  logRetentionDays: number;
  deletionProtection: boolean;
  /** Members by zone: what is lost with it. */
  failureDomains: Record<string, string[]>;
}

export function planEks(config: EksConfig): EksPlan {
  const network = planNetwork(config);
  const pools = planPools(config);
  return {
    platform: "eks",
    name: config.name,
    names: clusterNames(config.name),
    region: config.region,
    accountId: config.accountId,
    tags: clusterTags(config),
    network,
    firewall: planFirewall(config),
    keys: planKeys(config),
    roles: planRoles(config),
    controlPlane: planControlPlane(config),
    addons: planAddons(config),
    pools,
    layer: planClusterLayer(config),
    logRetentionDays: config.logRetentionDays,
    deletionProtection: config.deletionProtection,
    failureDomains: byFailureDomain(placements(network, pools)),
  };
}

function planControlPlane(config: EksConfig): ControlPlanePlan {
  return {
    version: config.kubernetes.version,
    serviceCidr: config.kubernetes.serviceCidr,
    publicCidrs: config.api.publicCidrs,
    access: Object.fromEntries(
      Object.entries(config.admins).map(([name, { principalArn, access }]) => [
        name,
        { principalArn, policyArn: accessPolicies[access] },
      ]),
    ),
  };
}

/** Source: EKS guide, "Review access policy permissions". */
const accessPolicies = {
  admin: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
  view: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
} as const;

function placements(network: NetworkPlan, pools: readonly PoolPlan[]): Placement[] {
  return [
    ...network.zones.map(({ zone }) => ({ group: "nat-gateway", member: zone, zone })),
    ...network.anchorZones.map((zone) => ({ group: "control-plane", member: zone, zone })),
    ...pools.flatMap((pool) =>
      pool.groups.map(({ zone, desiredNodes }) => ({
        group: `pool/${pool.name}`,
        member: `${desiredNodes} nodes`,
        zone,
      })),
    ),
  ];
}
