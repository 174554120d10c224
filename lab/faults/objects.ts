import type { ApiClient, AskOptions } from "./api.ts";

/** Any object of the API, with the fields that every one has. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

/** What a pod is doing, as far as tests ask. */
export interface PodView {
  name: string;
  uid: string;
  /** "" while it has no place. */
  node: string;
  address: string;
  ready: boolean;
  /** Asked to go. */
  terminating: boolean;
  /** Seconds for which it stays on an unreachable machine; undefined: for ever. */
  unreachableSeconds: number | undefined;
}

interface ResourceList {
  resources: { name: string; kind: string; namespaced: boolean }[];
}

interface PodList {
  items: {
    metadata: { name: string; uid: string; deletionTimestamp?: string };
    spec: { nodeName?: string; tolerations?: { key?: string; tolerationSeconds?: number }[] };
    status: { podIP?: string; conditions?: { type: string; status: string }[] };
  }[];
}

/** Longest that the API may take for one object: the lab's computer may be busy. */
const timeoutSeconds = 20;

/** Objects of a cluster, of any kind that it knows, by the API's own rules and names. */
export class ObjectClient {
  readonly api: ApiClient;
  readonly #options: AskOptions;
  readonly #kinds = new Map<string, ResourceList>();

  /** @param server Base URL of one API server; left out: whichever the kubeconfig leads to. */
  constructor(api: ApiClient, server?: string) {
    this.api = api;
    this.#options = { timeoutSeconds, ...(server === undefined ? {} : { server }) };
  }

  /** Path of an object. Errors: the cluster does not know its kind. */
  async path(object: KubernetesObject): Promise<string> {
    const { apiVersion, kind, metadata } = object;
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    let list = this.#kinds.get(apiVersion);
    if (!list?.resources.some((one) => one.kind === kind)) {
      list = await this.api.json<ResourceList>(root, this.#options);
      this.#kinds.set(apiVersion, list);
    }
    const found = list.resources.find((one) => one.kind === kind && !one.name.includes("/"));
    if (found === undefined) throw new Error(`the cluster knows no ${apiVersion} ${kind}`);
    const place = found.namespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
    return `${root}${place}/${found.name}/${metadata.name}`;
  }

  /**
   * Server-side apply, every field checked; with `dryRun` nothing is kept. Errors: what the server has
   * against the object.
   */
  async apply(object: KubernetesObject, options: { dryRun?: boolean } = {}): Promise<void> {
    const query = `fieldManager=quorum-lab&fieldValidation=Strict&force=true${
      options.dryRun === true ? "&dryRun=All" : ""
    }`;
    const answer = await this.api.ask(`${await this.path(object)}?${query}`, {
      method: "PATCH",
      contentType: "application/apply-patch+yaml",
      body: object,
      ...this.#options,
    });
    if (answer.status < 200 || answer.status > 299) throw new Error(refusal(object, answer.body));
  }

  /** Make an object; false when there is one of its name already, which is left as it is. */
  async create(object: KubernetesObject): Promise<boolean> {
    const path = await this.path(object);
    const kinds = path.replace(/\/[^/]+$/, "");
    const answer = await this.api.ask(kinds, { ...this.#options, method: "POST", body: object });
    if (answer.status === 201) return true;
    if (answer.status === 409) return false;
    // Admission may refuse before anybody looks for the name: there is one default PriorityClass.
    if ((await this.api.ask(path, this.#options)).status === 200) return false;
    throw new Error(refusal(object, answer.body));
  }

  /** Delete an object with what it owns; one that is gone is no error. */
  async remove(object: KubernetesObject): Promise<void> {
    const path = await this.path(object);
    const query = "propagationPolicy=Background";
    await this.api.ask(`${path}?${query}`, { ...this.#options, method: "DELETE" });
  }

  /** Pods of a namespace that a label selector matches. */
  async pods(namespace: string, selector = ""): Promise<PodView[]> {
    const query = `labelSelector=${encodeURIComponent(selector)}`;
    const path = `/api/v1/namespaces/${namespace}/pods?${query}`;
    const { items } = await this.api.json<PodList>(path, this.#options);
    return items.map(({ metadata, spec, status }) => ({
      name: metadata.name,
      uid: metadata.uid,
      node: spec.nodeName ?? "",
      address: status.podIP ?? "",
      ready:
        status.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false,
      terminating: metadata.deletionTimestamp !== undefined,
      unreachableSeconds: spec.tolerations?.find(
        ({ key }) => key === "node.kubernetes.io/unreachable",
      )?.tolerationSeconds,
    }));
  }
}

function refusal({ kind, metadata }: KubernetesObject, body: string): string {
  try {
    return `${kind} ${metadata.name}: ${(JSON.parse(body) as { message: string }).message}`;
  } catch {
    return `${kind} ${metadata.name}: ${body.slice(0, 300)}`;
  }
}
