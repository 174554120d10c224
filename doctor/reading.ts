import type {
  V1Deployment,
  V1EndpointSlice,
  V1Pod,
  V1PodSpec,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { type Cluster, type Controller, emptyCluster } from "./cluster.ts";

/** Lists objects page by page. */
export interface ObjectSource {
  /**
   * Every object below a path, a page at a time.
   * @throws ReadRefused when the account may not read it, PagesExpired when the list took too long.
   */
  pages(path: string): AsyncIterable<unknown[]>;
}

/** The API server says that the account may not read something. */
export class ReadRefused extends Error {}

/** The API server no longer knows the list that a further page was asked of. */
export class PagesExpired extends Error {}

const triesOfList = 3;

/** What is read, by the field that it fills. `clusterRole.yaml` allows exactly this. */
export const readings = {
  nodes: { group: "", resource: "nodes" },
  namespaces: { group: "", resource: "namespaces" },
  pods: { group: "", resource: "pods" },
  services: { group: "", resource: "services" },
  claims: { group: "", resource: "persistentvolumeclaims" },
  volumes: { group: "", resource: "persistentvolumes" },
  deployments: { group: "apps", resource: "deployments" },
  statefulSets: { group: "apps", resource: "statefulsets" },
  budgets: { group: "policy", resource: "poddisruptionbudgets" },
  storageClasses: { group: "storage.k8s.io", resource: "storageclasses" },
  apiServers: { group: "discovery.k8s.io", resource: "endpointslices", namespace: "default" },
  validatingWebhooks: {
    group: "admissionregistration.k8s.io",
    resource: "validatingwebhookconfigurations",
  },
  mutatingWebhooks: {
    group: "admissionregistration.k8s.io",
    resource: "mutatingwebhookconfigurations",
  },
} as const;

type Reading = (typeof readings)[keyof typeof readings];

/** Path of the collection of a reading; every group here is served as v1. */
export function pathOf(reading: Reading): string {
  const { group, resource } = reading;
  const root = group === "" ? "/api/v1" : `/apis/${group}/v1`;
  return "namespace" in reading
    ? `${root}/namespaces/${reading.namespace}/${resource}`
    : `${root}/${resource}`;
}

export interface ReadCluster {
  cluster: Cluster;
  /** What may not be read, by resource. */
  refused: string[];
}

/** Reads everything that the doctor looks at; what may not be read is said, not thrown. */
export async function readCluster(source: ObjectSource): Promise<ReadCluster> {
  const refused: string[] = [];
  const read = async <T>(reading: Reading, keep = (object: T) => [object]): Promise<T[]> => {
    try {
      return await collect(source, reading, keep);
    } catch (error) {
      if (!(error instanceof ReadRefused)) throw error;
      refused.push(reading.resource);
      return [];
    }
  };
  const slices = await read<V1EndpointSlice>(readings.apiServers);
  const cluster: Cluster = {
    ...emptyCluster(),
    nodes: await read(readings.nodes),
    namespaces: await read(readings.namespaces),
    pods: await read<V1Pod>(readings.pods, (pod) => (isAlive(pod) ? [trimmed(pod)] : [])),
    services: await read(readings.services),
    claims: await read(readings.claims),
    volumes: await read(readings.volumes),
    budgets: await read(readings.budgets),
    storageClasses: await read(readings.storageClasses),
    validatingWebhooks: await read(readings.validatingWebhooks),
    mutatingWebhooks: await read(readings.mutatingWebhooks),
    controllers: [
      ...(await read<V1Deployment>(readings.deployments)).map(controller("Deployment")),
      ...(await read<V1StatefulSet>(readings.statefulSets)).map(controller("StatefulSet")),
    ],
    apiServerAddresses: refused.includes("endpointslices") ? undefined : addressesOf(slices),
  };
  return { cluster, refused };
}

/** All objects of a list, each cut down as its page arrives. A list that expires is begun again. */
async function collect<T>(
  source: ObjectSource,
  reading: Reading,
  keep: (object: T) => T[],
): Promise<T[]> {
  for (let attempt = 1; ; attempt++) {
    const found: T[] = [];
    try {
      for await (const page of source.pages(pathOf(reading)))
        for (const object of page) found.push(...keep(object as T));
      return found;
    } catch (error) {
      if (!(error instanceof PagesExpired) || attempt === triesOfList) throw error;
    }
  }
}

function isAlive({ status }: V1Pod): boolean {
  return status?.phase !== "Succeeded" && status?.phase !== "Failed";
}

function addressesOf(slices: readonly V1EndpointSlice[]): string[] {
  return slices
    .filter(({ metadata }) => metadata?.labels?.["kubernetes.io/service-name"] === "kubernetes")
    .flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses));
}

function controller(kind: Controller["kind"]) {
  return ({ metadata, spec }: V1Deployment | V1StatefulSet): Controller => ({
    kind,
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
    annotations: metadata?.annotations ?? {},
    replicas: spec?.replicas ?? 1,
    template: {
      metadata: { labels: spec?.template.metadata?.labels ?? {} },
      spec: trimmedSpec(spec?.template.spec),
    },
  });
}

/** A pod without what nobody looks at, so that thousands fit into memory. */
export function trimmed({ metadata, spec, status }: V1Pod): V1Pod {
  const { name, namespace, labels, annotations, ownerReferences, deletionTimestamp } =
    metadata ?? {};
  return {
    metadata: defined({ name, namespace, labels, annotations, ownerReferences, deletionTimestamp }),
    spec: trimmedSpec(spec),
    status: {
      conditions: (status?.conditions ?? []).filter(({ type }) => type === "Ready"),
    },
  };
}

function trimmedSpec(spec: V1PodSpec | undefined): V1PodSpec {
  const { nodeName, nodeSelector, affinity, tolerations, topologySpreadConstraints, resources } =
    spec ?? {};
  const priorityClassName = spec?.priorityClassName;
  return {
    ...defined({
      ...{ nodeName, nodeSelector, affinity, tolerations, topologySpreadConstraints, resources },
      priorityClassName,
      volumes: spec?.volumes?.filter(
        ({ persistentVolumeClaim, ephemeral }) =>
          persistentVolumeClaim !== undefined || ephemeral !== undefined,
      ),
    }),
    containers: (spec?.containers ?? []).map(({ name, resources: own, command, args }) =>
      defined({ name, resources: own, ...etcdFlag(command, args) }),
    ),
  };
}

/** Of command lines only the flag that names etcd's members is looked at. */
function etcdFlag(...lists: (string[] | undefined)[]): { command?: string[] } {
  const command = lists.flatMap((list) =>
    (list ?? []).filter((word) => word.startsWith("--etcd-servers=")),
  );
  return command.length === 0 ? {} : { command };
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, one]) => one !== undefined),
  ) as Defined<T>;
}
