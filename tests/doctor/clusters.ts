import type { V1Pod, V1PodSpec, V1ValidatingWebhook } from "@kubernetes/client-node";
import { type Cluster, type Controller, emptyCluster } from "../../doctor/cluster.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests break objects of the API, one field at a time.
type Any = any;

const zones = ["a", "b", "c"] as const;
type Zone = (typeof zones)[number];

export function node(
  name: string,
  zone: string | undefined,
  change: (one: Any) => void = () => {},
) {
  const one: Any = {
    metadata: {
      name,
      labels: {
        "kubernetes.io/hostname": name,
        ...(zone === undefined ? {} : { "topology.kubernetes.io/zone": zone }),
      },
    },
    spec: {},
    status: {
      allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
      conditions: [{ type: "Ready", status: "True" }],
    },
  };
  change(one);
  return one;
}

export interface PodOptions {
  namespace?: string;
  name: string;
  on?: string;
  labels?: Record<string, string>;
  spec?: Partial<V1PodSpec>;
  ready?: boolean;
  owner?: { kind: string; name: string };
  annotations?: Record<string, string>;
}

export function pod({
  namespace = "team",
  name,
  on,
  labels,
  ready = true,
  ...rest
}: PodOptions): V1Pod {
  return {
    metadata: {
      name,
      namespace,
      labels: labels ?? {},
      annotations: rest.annotations ?? {},
      ...(rest.owner === undefined
        ? {}
        : {
            ownerReferences: [{ apiVersion: "apps/v1", uid: "1", controller: true, ...rest.owner }],
          }),
    },
    spec: { ...templateSpec(), ...(on === undefined ? {} : { nodeName: on }), ...rest.spec },
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}

export function templateSpec(): V1PodSpec {
  return {
    containers: [{ name: "main", resources: { requests: { cpu: "500m", memory: "512Mi" } } }],
  };
}

/** A hard spread over zones of the pods with these labels. */
export function zoneSpread(matchLabels: Record<string, string>): Any {
  return {
    maxSkew: 1,
    topologyKey: "topology.kubernetes.io/zone",
    whenUnsatisfiable: "DoNotSchedule",
    nodeTaintsPolicy: "Honor",
    labelSelector: { matchLabels },
  };
}

export interface AppOptions {
  name?: string;
  namespace?: string;
  kind?: Controller["kind"];
  /** Where its pods run. Default: one worker in each zone. */
  on?: string[];
  replicas?: number;
  spec?: Partial<V1PodSpec>;
  annotations?: Record<string, string>;
  budget?: false;
}

/** A workload that survives everything, unless told otherwise; added to the cluster. */
export function app(cluster: Cluster, options: AppOptions = {}): { pods: V1Pod[]; budget: Any } {
  const { name = "shop", namespace = "team", kind = "Deployment" } = options;
  const on = options.on ?? ["worker-a-1", "worker-b-1", "worker-c-1"];
  const labels = { "app.kubernetes.io/name": name };
  const spec = {
    ...templateSpec(),
    topologySpreadConstraints: [zoneSpread(labels)],
    ...options.spec,
  };
  cluster.controllers.push({
    kind,
    namespace,
    name,
    annotations: options.annotations ?? {},
    replicas: options.replicas ?? on.length,
    template: { metadata: { labels }, spec },
  });
  const isDeployment = kind === "Deployment";
  const hash = "5d8f";
  const pods = on.map((where, index) =>
    pod({
      ...{ namespace, spec, on: where },
      name: isDeployment ? `${name}-${hash}-${index}` : `${name}-${index}`,
      labels: { ...labels, ...(isDeployment ? { "pod-template-hash": hash } : {}) },
      owner: isDeployment
        ? { kind: "ReplicaSet", name: `${name}-${hash}` }
        : { kind: "StatefulSet", name },
    }),
  );
  cluster.pods.push(...pods);
  const budget: Any = {
    metadata: { name, namespace, generation: 1 },
    spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    status: {
      observedGeneration: 1,
      disruptionsAllowed: 1,
      currentHealthy: on.length,
      desiredHealthy: on.length - 1,
    },
  };
  if (options.budget !== false) cluster.budgets.push(budget);
  return { pods, budget };
}

/** Three zones, each with a control plane and two workers; etcd beside them. Nothing is wrong with it. */
export function healthy(change: (cluster: Cluster) => void = () => {}): Cluster {
  const cluster = emptyCluster();
  const taints = [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }];
  for (const zone of zones) {
    cluster.nodes.push(
      node(`control-${zone}`, zone, (one) => {
        one.metadata.labels["node-role.kubernetes.io/control-plane"] = "";
        one.spec.taints = taints;
      }),
      node(`worker-${zone}-1`, zone),
      node(`worker-${zone}-2`, zone),
    );
    for (const component of ["kube-apiserver", "kube-scheduler", "kube-controller-manager"])
      cluster.pods.push(staticPod(component, zone));
  }
  for (const name of ["kube-system", "kube-node-lease", "team", "guards"])
    cluster.namespaces.push({
      metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
    });
  cluster.zoneByAddress = { "192.0.2.1": "a", "192.0.2.2": "b", "192.0.2.3": "c" };
  cluster.apiServerAddresses = ["192.0.2.21", "192.0.2.22", "192.0.2.23"];
  app(cluster);
  const labels = { "k8s-app": "kube-dns" };
  app(cluster, {
    ...{ name: "coredns", namespace: "kube-system" },
    spec: { tolerations: [{ operator: "Exists" }] },
  });
  cluster.pods.push(
    pod({
      namespace: "kube-system",
      name: "proxy-1",
      labels,
      owner: { kind: "DaemonSet", name: "proxy" },
    }),
    pod({ name: "backup-1", owner: { kind: "Job", name: "backup" } }),
  );
  change(cluster);
  return cluster;
}

export const etcdFlag =
  "--etcd-servers=https://192.0.2.1:2379,https://192.0.2.2:2379,https://192.0.2.3:2379";

export function staticPod(component: string, zone: Zone): V1Pod {
  return pod({
    namespace: "kube-system",
    name: `${component}-control-${zone}`,
    on: `control-${zone}`,
    labels: { component, tier: "control-plane" },
    annotations: { "kubernetes.io/config.mirror": "1" },
    owner: { kind: "Node", name: `control-${zone}` },
    spec: {
      containers: [
        {
          name: component,
          ...(component === "kube-apiserver" ? { command: [component, etcdFlag] } : {}),
        },
      ],
    },
  });
}

/** A webhook served by pods in namespace "guards"; it looks at pods of the namespace "team" only. */
export function webhook(
  cluster: Cluster,
  on: string[],
  change: (one: V1ValidatingWebhook) => void = () => {},
): void {
  app(cluster, { name: "guard", namespace: "guards", on });
  cluster.services.push({
    metadata: { name: "guard", namespace: "guards" },
    spec: { selector: { "app.kubernetes.io/name": "guard" } },
  });
  const one: V1ValidatingWebhook = {
    name: "pods.example.com",
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    failurePolicy: "Fail",
    clientConfig: { service: { namespace: "guards", name: "guard" } },
    rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "team" } },
  };
  change(one);
  cluster.validatingWebhooks.push({ metadata: { name: "guard" }, webhooks: [one] });
}

/** A claim of a pod, and the volume that it is bound to. */
export function claim(
  cluster: Cluster,
  owner: V1Pod,
  name: string,
  place: { zone?: string; node?: string; modes?: string[] },
): void {
  const namespace = owner.metadata?.namespace ?? "";
  owner.spec?.volumes?.push({ name: "data", persistentVolumeClaim: { claimName: name } });
  const values =
    place.zone === undefined
      ? { key: "kubernetes.io/hostname", values: [place.node ?? ""] }
      : { key: "topology.kubernetes.io/zone", values: [place.zone] };
  if (cluster.claims.some(({ metadata }) => metadata?.name === name)) return;
  cluster.claims.push({
    metadata: { name, namespace },
    spec: { volumeName: `volume-of-${name}`, accessModes: place.modes ?? ["ReadWriteOnce"] },
  });
  cluster.volumes.push({
    metadata: { name: `volume-of-${name}` },
    spec: {
      storageClassName: "block",
      ...(place.zone === undefined && place.node === undefined
        ? {}
        : {
            nodeAffinity: {
              required: {
                nodeSelectorTerms: [{ matchExpressions: [{ operator: "In", ...values }] }],
              },
            },
          }),
    },
  });
}
