import type { CephStorageConfig } from "../../../config/clusterLayer.ts";
import { singleReplicaWaiver, zoneKey } from "../../workloads/labels.ts";
import { zoneSpread } from "../../workloads/topology.ts";
import { rookNamespace } from "./namespace.ts";

/** The chart runs one operator and cannot run two: volumes go on while none is there. */
export const operatorValues = {
  crds: { enabled: true },
  annotations: { [singleReplicaWaiver]: "accepted" },
  priorityClassName: "system-cluster-critical",
  resources: requests("200m", "128Mi", "512Mi"),
  "ceph-csi-operator": {
    controllerManager: {
      replicas: 2,
      priorityClassName: "system-cluster-critical",
      topologySpreadConstraints: [
        zoneSpread({ "control-plane": "ceph-csi-op-controller-manager" }, false),
      ],
      manager: { resources: requests("10m", "64Mi", "128Mi") },
    },
  },
};

/**
 * Said for each driver: the chart's own values for a driver go before its `driverSpecDefaults`, and are
 * one controller, no snapshots, and drivers that nobody asked for. Source: chart ceph-csi-drivers 1.0.4.
 *
 * @param snapshots The cluster has the snapshot kinds; without them the container for them cannot run.
 */
export function driverValues({ fileSystem }: CephStorageConfig, snapshots: boolean) {
  return {
    operatorConfig: {
      namespace: rookNamespace,
      driverSpecDefaults: {
        imageSet: { name: "rook-csi-operator-image-set-configmap" },
        nodePlugin: { priorityClassName: "system-node-critical" },
        controllerPlugin: { priorityClassName: "system-cluster-critical" },
      },
    },
    drivers: {
      rbd: driver("rbd", true, snapshots),
      cephfs: driver("cephfs", fileSystem, snapshots),
      nfs: driver("nfs", false, snapshots),
      nvmeof: driver("nvmeof", false, snapshots),
    },
  };
}

function driver(kind: string, enabled: boolean, snapshots: boolean) {
  const name = `${rookNamespace}.${kind}.csi.ceph.com`;
  if (!enabled) return { enabled, name };
  return {
    enabled,
    name,
    snapshotPolicy: snapshots ? "volumeSnapshot" : "none",
    controllerPlugin: {
      replicas: 2,
      affinity: { podAntiAffinity: inZonesOfTheirOwn({ app: `${name}-ctrlplugin` }) },
      resources: controllerRequests,
    },
    nodePlugin: { resources: nodeRequests },
  };
}

function inZonesOfTheirOwn(matchLabels: Record<string, string>) {
  return {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: zoneKey, labelSelector: { matchLabels } },
    ],
  };
}

const plugin = requests("250m", "512Mi", "1Gi");
const sidecar = requests("100m", "128Mi", "256Mi");
const logRotator = requests("10m", "32Mi", "128Mi");

/** By container. Source: chart rook-ceph, csi.csiRBDProvisionerResource and csi.csiRBDPluginResource. */
const controllerRequests = {
  plugin,
  provisioner: sidecar,
  attacher: sidecar,
  resizer: sidecar,
  snapshotter: sidecar,
  logRotator,
};

const nodeRequests = { plugin, registrar: requests("50m", "128Mi", "256Mi"), logRotator };

function requests(cpu: string, memory: string, limit: string) {
  return { requests: { cpu, memory }, limits: { memory: limit } };
}
