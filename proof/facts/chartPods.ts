/**
 * Where charts keep what their pods ask for. Requests stand in the plan's values alone: a chart whose
 * values lack them is unknown demand, since its defaults change from one version to the next. Which
 * containers a pod has is the chart's, as of the versions in config/versions.ts.
 */
import type { GraphNode } from "../graph.ts";
import { at } from "../read.ts";
import { waiver } from "./podFields.ts";

/** Like pods of a chart. */
export interface ChartPods {
  name: string;
  /** As the plan has it. */
  replicas: unknown;
  /** `resources` of each container. */
  containers: unknown[];
  /** Holds the pods' spread, affinity, nodeSelector, tolerations and annotations. */
  place?: unknown;
  /** Holds `minAvailable` or `maxUnavailable`; none when absent, or `enabled` is false. */
  budget?: unknown;
}

/** Charts that ask for nothing where it is not their place to: an empty request is one of nothing. */
const nothing = { requests: { cpu: 0, memory: 0 } };

/** A Deployment whose settings stand at the top of the values. */
function atTop(name: string, replicas: string) {
  return ({ inputs: { values } }: GraphNode): ChartPods[] => [
    {
      name,
      replicas: at(values, replicas),
      containers: [at(values, "resources")],
      place: values,
      budget: at(values, "podDisruptionBudget"),
    },
  ];
}

/** The node's part of the EBS driver: the driver, registrar and liveness probe have like requests. */
function ebsDriver({ inputs: { values } }: GraphNode): ChartPods[] {
  const each = at(values, "node", "resources");
  const sidecar = (name: string) => at(values, "sidecars", name, "resources") ?? each;
  const containers = [each, sidecar("nodeDriverRegistrar"), sidecar("livenessProbe")];
  const nodes = { name: "ebs-csi-node", replicas: "every machine", containers };
  if (at(values, "nodeComponentOnly") === true) return [nodes];
  const controller = at(values, "controller");
  return [
    nodes,
    {
      name: "ebs-csi-controller",
      replicas: at(controller, "replicaCount"),
      // The driver, provisioner, attacher, snapshotter, resizer and liveness probe.
      containers: Array.from({ length: 6 }, () => at(controller, "resources")),
      place: controller,
    },
  ];
}

/** Rook runs one operator; the operator of the drivers comes as a part of its chart. */
function rookOperator({ inputs: { values } }: GraphNode): ChartPods[] {
  const drivers = at(values, "ceph-csi-operator", "controllerManager");
  return [
    {
      name: "rook-ceph-operator",
      replicas: 1,
      containers: [at(values, "resources")],
      place: values,
    },
    {
      name: "ceph-csi-controller-manager",
      replicas: at(drivers, "replicas"),
      containers: [at(drivers, "manager", "resources")],
      place: drivers,
    },
  ];
}

/** For each driver a controller, and a pod on every machine. Logs are rotated unless told not to. */
function cephDrivers({ inputs: { values } }: GraphNode): ChartPods[] {
  const names = ["rbd", "cephfs", "nfs", "nvmeof"];
  return names.flatMap((driver): ChartPods[] => {
    const own = at(values, "drivers", driver);
    // Enabled by default.
    if (at(own, "enabled") === false) return [];
    const controller = at(own, "controllerPlugin");
    const of = (plugin: unknown, containers: string[]) =>
      containers.map((container) => at(plugin, "resources", container));
    const snapshotter = at(own, "snapshotPolicy") === "none" ? [] : ["snapshotter"];
    const nodes = ["plugin", "registrar", "logRotator"];
    const sidecars = ["plugin", "provisioner", "attacher", "resizer", "logRotator"];
    return [
      {
        name: `${driver}-ctrlplugin`,
        replicas: at(controller, "replicas"),
        containers: of(controller, [...sidecars, ...snapshotter]),
        place: controller,
      },
      {
        name: `${driver}-nodeplugin`,
        replicas: "every machine",
        containers: of(at(own, "nodePlugin"), nodes),
      },
    ];
  });
}

function cilium({ inputs: { values } }: GraphNode): ChartPods[] {
  const operator = at(values, "operator");
  const everywhere = (name: string, resources: unknown): ChartPods => ({
    name,
    replicas: "every machine",
    containers: [resources],
  });
  const envoy = at(values, "envoy");
  return [
    everywhere("cilium", at(values, "resources")),
    ...(at(envoy, "enabled") === false ? [] : [everywhere("cilium-envoy", at(envoy, "resources"))]),
    {
      name: "cilium-operator",
      replicas: at(operator, "replicas"),
      containers: [at(operator, "resources")],
      place: operator,
    },
  ];
}

/** One operator that asks for nothing and cannot be told to; volumes go on while it is away. */
function portworxOperator(): ChartPods[] {
  const place = { annotations: { [waiver]: "accepted" } };
  return [{ name: "portworx-operator", replicas: 1, containers: [nothing], place }];
}

/** What the pods of a chart are, by the chart's name. */
export const knownCharts: Record<string, (release: GraphNode) => ChartPods[]> = {
  "cluster-autoscaler": atTop("cluster-autoscaler", "replicaCount"),
  "metrics-server": atTop("metrics-server", "replicas"),
  "aws-load-balancer-controller": atTop("aws-load-balancer-controller", "replicaCount"),
  "aws-ebs-csi-driver": ebsDriver,
  "rook-ceph": rookOperator,
  "ceph-csi-drivers": cephDrivers,
  // Its pods are those of the custom resources in its values.
  "rook-ceph-cluster": () => [],
  portworx: portworxOperator,
  cilium,
};
