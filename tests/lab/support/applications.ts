import type { StatefulWorkloadConfig } from "../../../design/workloads/statefulSet.ts";
import { hostAntiAffinity } from "../../../design/workloads/topology.ts";
import type { WorkloadConfig } from "../../../design/workloads/workload.ts";
import { echoImage } from "../../../lab/containerImages.ts";
import type { KubernetesObject, ObjectClient } from "../../../lab/faults/objects.ts";
import { waitUntil } from "../../../lab/process.ts";

/** A service as an application team asks for it, of the lab's own web server. */
export function shop(namespace: string): WorkloadConfig {
  return {
    name: "shop",
    namespace,
    zones: ["a", "b", "c"],
    image: echoImage,
    requests: { cpuMilli: 20, memoryMiB: 64 },
    port: 8080,
    probe: { readyPath: "/healthz", livePath: "/healthz" },
  };
}

/** The same with data, on the lab's local volumes. */
export function ledger(namespace: string): StatefulWorkloadConfig {
  return {
    ...shop(namespace),
    name: "ledger",
    env: { DATA_DIR: "/data" },
    volumes: { data: { sizeGiB: 1, storageClass: "local-block", mountPath: "/data" } },
  };
}

/** One pod on every node, control planes included, that says nothing about how long it stays. */
export function bystanders(namespace: string, nodes: number) {
  const labels = { app: "bystander" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "bystander", namespace },
    spec: {
      replicas: nodes,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          tolerations: [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists" }],
          affinity: hostAntiAffinity(labels, "required", false),
          containers: [{ name: "main", image: echoImage }],
        },
      },
    },
  };
}

/** Selects the pods of one of them. */
export function selectorOf({ name }: WorkloadConfig): string {
  return `app.kubernetes.io/name=${name}`;
}

interface ClaimList {
  items: {
    metadata: { name: string };
    spec: { claimRef?: { namespace: string } };
    status: { phase: string };
  }[];
}

/** What a test puts on the cluster; it takes away what it made, and nothing that was there. */
export class Belongings {
  readonly #objects: ObjectClient;
  readonly #made: KubernetesObject[] = [];

  constructor(objects: ObjectClient) {
    this.#objects = objects;
  }

  async add(...objects: readonly KubernetesObject[]): Promise<void> {
    for (const object of objects) if (await this.#objects.create(object)) this.#made.push(object);
  }

  /** Remove everything, last first, and give back the volumes of its namespaces. */
  async remove(): Promise<void> {
    for (const object of this.#made.toReversed()) await this.#objects.remove(object);
    for (const { kind, metadata } of this.#made) {
      if (kind !== "Namespace") continue;
      const path = `/api/v1/namespaces/${metadata.name}`;
      const isGone = async () => (await this.#objects.api.ask(path)).status === 404;
      await waitUntil(`namespace ${metadata.name} is gone`, 120, () => isGone().catch(() => false));
      await this.#releaseVolumes(metadata.name);
    }
    this.#made.length = 0;
  }

  /** A kept volume serves nobody until its old claim is taken off it. */
  async #releaseVolumes(namespace: string): Promise<void> {
    const volumes = "/api/v1/persistentvolumes";
    const { items } = await this.#objects.api.json<ClaimList>(volumes);
    for (const { metadata, spec } of items) {
      if (spec.claimRef?.namespace !== namespace) continue;
      await this.#objects.api.json(`${volumes}/${metadata.name}`, {
        method: "PATCH",
        contentType: "application/merge-patch+json",
        body: { spec: { claimRef: null } },
      });
    }
  }
}
