import type { EksConfig } from "../config/schema.ts";
import { type EksAddonName, eksVersions } from "../config/versions.ts";
import type { RolePlan } from "./iam.ts";

/** A managed add-on of EKS. */
export interface AddonPlan {
  name: EksAddonName;
  version: string;
  /** True: nodes need it to become ready. False: it needs nodes to run on. */
  beforeNodes: boolean;
  /** The add-on's own settings; {} leaves all as the build has them. */
  configuration: Record<string, unknown>;
  /** Role of one of its service accounts, by pod identity. */
  identity?: { serviceAccount: string; role: RolePlan["purpose"] };
}

/** One replica per zone where three zones can be had, never all in one. */
function spread(labels: Record<string, string>): unknown[] {
  return ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    // A rule that must hold would keep a replica waiting for a lost zone.
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: labels },
  }));
}

type Settings = Pick<AddonPlan, "beforeNodes" | "configuration" | "identity">;

/** Settings by add-on; the names and values are those of each add-on's configuration schema. */
const settings: Record<EksAddonName, Settings> = {
  "vpc-cni": {
    beforeNodes: true,
    configuration: {
      enableNetworkPolicy: "true",
      env: { ENABLE_PREFIX_DELEGATION: "true", WARM_PREFIX_TARGET: "1" },
    },
    identity: { serviceAccount: "aws-node", role: "network-plugin" },
  },
  "kube-proxy": { beforeNodes: true, configuration: {} },
  "eks-pod-identity-agent": { beforeNodes: true, configuration: {} },
  "eks-node-monitoring-agent": { beforeNodes: false, configuration: {} },
  coredns: {
    beforeNodes: false,
    configuration: {
      replicaCount: 3,
      podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
      topologySpreadConstraints: spread({ "k8s-app": "kube-dns" }),
    },
  },
  "aws-ebs-csi-driver": {
    beforeNodes: false,
    configuration: {
      controller: {
        replicaCount: 2,
        topologySpreadConstraints: spread({ app: "ebs-csi-controller" }),
      },
      defaultStorageClass: { enabled: true },
    },
    identity: { serviceAccount: "ebs-csi-controller-sa", role: "volume-driver" },
  },
  "metrics-server": {
    beforeNodes: false,
    configuration: {
      replicas: 2,
      podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
      topologySpreadConstraints: spread({ "app.kubernetes.io/name": "metrics-server" }),
    },
  },
};

/** The add-ons of a cluster, at the builds that go with its version. */
export function planAddons(config: EksConfig): AddonPlan[] {
  const versions = eksVersions[config.kubernetes.version];
  if (versions === undefined)
    throw new RangeError(`EKS ${config.kubernetes.version} should have been refused`);
  const wanted = (name: EksAddonName) =>
    name !== "aws-ebs-csi-driver" || config.storage.some(({ backend }) => backend === "ebs");
  return (Object.keys(settings) as EksAddonName[])
    .filter(wanted)
    .map((name) => ({ name, version: versions[name], ...settings[name] }));
}
