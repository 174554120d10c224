import type { EksConfig } from "../config/schema.ts";
import { type EksAddonName, eksVersions } from "../config/versions.ts";
import type { EksRole } from "./iam.ts";

/** A managed add-on of EKS. */
export interface AddonPlan {
  name: EksAddonName;
  version: string;
  /** True: nodes need it to become ready. False: it needs nodes to run on. */
  beforeNodes: boolean;
  /** The add-on's own settings; {} leaves all as the build has them. */
  configuration: Record<string, unknown>;
  /** Role of one of its service accounts, by pod identity. */
  identity?: { serviceAccount: string; role: EksRole };
}

/** Replicas keep apart by zone, so that no zone has all; over machines where there is a choice. */
function spread(labels: Record<string, string>): unknown[] {
  const labelSelector = { matchLabels: labels };
  return [
    {
      maxSkew: 1,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "DoNotSchedule",
      // A lost zone does not count, or replacements would wait for it.
      nodeTaintsPolicy: "Honor",
      labelSelector,
    },
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector,
    },
  ];
}

/** Said although it is what the builds do by themselves: the proof of capacity counts with it. */
function requests(cpu: string, memory: string) {
  return { requests: { cpu, memory } };
}

/** One in each of three zones: a machine may be rolled while another is lost. */
const replicas = 3;

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
      replicaCount: replicas,
      // A newer build may turn it on by itself and then decide the number.
      autoScaling: { enabled: false },
      podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
      resources: { ...requests("100m", "70Mi"), limits: { memory: "170Mi" } },
      topologySpreadConstraints: spread({ "k8s-app": "kube-dns" }),
    },
  },
  "aws-ebs-csi-driver": {
    beforeNodes: false,
    configuration: {
      controller: {
        replicaCount: replicas,
        resources: { ...requests("10m", "40Mi"), limits: { memory: "256Mi" } },
        topologySpreadConstraints: spread({ app: "ebs-csi-controller" }),
      },
      // The class is the stack's own, so that a preview shows it and it keeps its volumes.
      defaultStorageClass: { enabled: false },
    },
    identity: { serviceAccount: "ebs-csi-controller-sa", role: "volume-driver" },
  },
  "metrics-server": {
    beforeNodes: false,
    configuration: {
      replicas,
      podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
      resources: { ...requests("100m", "200Mi"), limits: { memory: "400Mi" } },
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
