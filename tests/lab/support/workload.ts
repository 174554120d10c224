import { echoImage } from "../../../lab/containerImages.ts";
import type { ApiClient } from "../../../lab/faults/api.ts";
import { waitUntil } from "../../../lab/process.ts";

const namespace = "default";
const port = 8080;

const echoContainer = {
  name: "echo",
  image: echoImage,
  imagePullPolicy: "IfNotPresent",
  ports: [{ containerPort: port }],
  readinessProbe: { httpGet: { path: "/healthz", port }, periodSeconds: 1 },
  env: [
    { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  ],
};

/** A Deployment spread over zones, with a Service of the same name. */
export async function deployEcho(api: ApiClient, name: string, replicas: number): Promise<void> {
  const labels = { app: name };
  await ensure(api, `/apis/apps/v1/namespaces/${namespace}/deployments`, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: "topology.kubernetes.io/zone",
              whenUnsatisfiable: "DoNotSchedule",
              labelSelector: { matchLabels: labels },
            },
          ],
          containers: [echoContainer],
        },
      },
    },
  });
  await ensure(api, `/api/v1/namespaces/${namespace}/services`, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: labels, ports: [{ port: 80, targetPort: port }] },
  });
}

/** One pod on every node, control planes included: where the cluster is looked at from. */
export async function deployProbes(api: ApiClient, name: string): Promise<void> {
  const labels = { app: name };
  await ensure(api, `/apis/apps/v1/namespaces/${namespace}/daemonsets`, {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { tolerations: [{ operator: "Exists" }], containers: [echoContainer] },
      },
    },
  });
}

async function ensure(api: ApiClient, path: string, body: unknown): Promise<void> {
  const answer = await api.ask(path, { method: "POST", body, timeoutSeconds: 10 });
  if (answer.status !== 201 && answer.status !== 409) {
    throw new Error(`POST ${path}: HTTP ${answer.status} ${answer.body.slice(0, 300)}`);
  }
}

/** A ready pod of an app. */
export interface ReadyPod {
  name: string;
  node: string;
  address: string;
}

interface PodList {
  items: {
    metadata: { name: string; deletionTimestamp?: string };
    spec: { nodeName?: string };
    status: { podIP?: string; conditions?: { type: string; status: string }[] };
  }[];
}

/** Pods of an app that are ready now. */
export async function readyPods(api: ApiClient, app: string): Promise<ReadyPod[]> {
  const list = await api.json<PodList>(
    `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`,
  );
  return list.items
    .filter(({ metadata, status }) => {
      const ready = status.conditions?.some((one) => one.type === "Ready" && one.status === "True");
      return ready === true && metadata.deletionTimestamp === undefined;
    })
    .map(({ metadata, spec, status }) => ({
      name: metadata.name,
      node: spec.nodeName ?? "",
      address: status.podIP ?? "",
    }));
}

/** Wait for as many ready pods. Errors: they do not come. */
export async function waitForPods(
  api: ApiClient,
  app: string,
  count: number,
  seconds = 180,
): Promise<ReadyPod[]> {
  let pods: ReadyPod[] = [];
  await waitUntil(
    `${count} ready pods of ${app}`,
    seconds,
    async () => {
      pods = await readyPods(api, app).catch(() => []);
      return pods.length === count;
    },
    500,
  );
  return pods;
}

export async function removeEcho(api: ApiClient, names: readonly string[]): Promise<void> {
  for (const name of names) {
    for (const path of [
      `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
      `/apis/apps/v1/namespaces/${namespace}/daemonsets/${name}`,
      `/api/v1/namespaces/${namespace}/services/${name}`,
    ]) {
      await api.ask(`${path}?propagationPolicy=Background`, { method: "DELETE" });
    }
  }
}
