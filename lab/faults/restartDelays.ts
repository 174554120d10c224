import { ApiClient } from "./api.ts";
import type { FaultCluster } from "./fault.ts";

interface PodList {
  items: {
    spec: { nodeName?: string };
    status: { containerStatuses?: { restartCount: number }[] };
  }[];
}

/**
 * A kubelet starts a container that ended again at once, but waits 10 s the next time, then 20 s, up to
 * 300 s, until it has run for 10 minutes. A series that kills the same programs over and over would wait for
 * that, and its cluster would no longer be one in which a program ends once in a long while. Kubelets keep
 * these delays in memory only.
 */
export class RestartDelays {
  readonly #cluster: FaultCluster;
  readonly #api: ApiClient;
  readonly #restarts = new Map<string, number>();

  constructor(cluster: FaultCluster & { kubeconfig: string }) {
    this.#cluster = cluster;
    this.#api = new ApiClient(cluster.kubeconfig);
  }

  /** Restart the kubelets of nodes on which containers were restarted since the last time. Returns their names. */
  async clear(): Promise<string[]> {
    const counts = new Map<string, number>();
    const { items } = await this.#api.json<PodList>("/api/v1/namespaces/kube-system/pods");
    for (const { spec, status } of items) {
      const node = spec.nodeName ?? "";
      const restarts = (status.containerStatuses ?? []).map(({ restartCount }) => restartCount);
      counts.set(
        node,
        restarts.reduce((sum, one) => sum + one, counts.get(node) ?? 0),
      );
    }
    const { lab } = this.#cluster;
    const changed = lab.names.filter(
      (name) => (counts.get(name) ?? 0) !== (this.#restarts.get(name) ?? 0),
    );
    for (const name of changed) {
      await lab.machine(name).exec(["systemctl", "restart", "kubelet"]);
      this.#restarts.set(name, counts.get(name) ?? 0);
    }
    return changed;
  }
}
