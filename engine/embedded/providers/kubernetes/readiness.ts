import { setTimeout as delay } from "node:timers/promises";
import type { Operation } from "../../provider.ts";
import type { ApiClient } from "./apiClient.ts";
import { type ApiObject, annotationOf, at, conditionOf, nameOf, namespaceOf } from "./apiObject.ts";

const defaultTimeoutSeconds = 600;
const firstPauseMilliseconds = 200;
const longestPauseMilliseconds = 2000;

/** What keeps an object from being ready: undefined when nothing does. */
type Obstacle = string | undefined;

/** Waiting is of no use: the object has failed. */
class FailedError extends Error {}

type Check = (
  object: ApiObject,
  client: ApiClient,
  signal: AbortSignal,
) => Obstacle | Promise<Obstacle>;

const checks: Readonly<Record<string, Check>> = {
  "apiextensions.k8s.io/v1 CustomResourceDefinition": definition,
  "apps/v1 DaemonSet": daemonSet,
  "apps/v1 Deployment": deployment,
  "apps/v1 StatefulSet": statefulSet,
  "batch/v1 Job": job,
  "v1 PersistentVolume": volume,
  "v1 PersistentVolumeClaim": volumeClaim,
  "v1 Pod": pod,
  "v1 Service": service,
};

/** An object that was applied and did not become ready, with its last state. */
export class NotReadyError extends Error {
  readonly live: ApiObject;

  constructor(message: string, live: ApiObject) {
    super(message);
    this.live = live;
  }
}

/**
 * Waits until an object does its work: workloads rolled out, jobs complete, definitions served,
 * services with an endpoint. Objects annotated `pulumi.com/skipAwait` are not waited for.
 * @throws NotReadyError on failure, on cancel, or when the time is over.
 */
export async function untilReady(
  client: ApiClient,
  path: string,
  applied: ApiObject,
  operation: Operation,
): Promise<ApiObject> {
  const check = checks[`${applied.apiVersion} ${applied.kind}`];
  if (check === undefined || annotationOf(applied, "skipAwait") === "true") return applied;
  const timeoutSeconds = Number(annotationOf(applied, "timeoutSeconds") ?? defaultTimeoutSeconds);
  const signal = AbortSignal.any([operation.signal, AbortSignal.timeout(timeoutSeconds * 1000)]);
  const what = `${applied.kind} ${nameOf(applied)}`;
  let live = applied;
  let shown = "";
  let obstacle: Obstacle;
  let pauseMilliseconds = firstPauseMilliseconds;
  try {
    for (;;) {
      obstacle = await check(live, client, signal);
      if (obstacle === undefined) return live;
      if (obstacle !== shown) operation.log(`${what}: ${obstacle}`);
      shown = obstacle;
      await delay(pauseMilliseconds, undefined, { signal });
      pauseMilliseconds = Math.min(pauseMilliseconds * 1.5, longestPauseMilliseconds);
      const found = await client.get(path, signal);
      if (found === undefined) throw new FailedError("it was deleted meanwhile");
      live = found;
    }
  } catch (error) {
    throw new NotReadyError(
      `${what} is not ready: ${reasonOf(error, obstacle, operation, timeoutSeconds)}`,
      live,
    );
  }
}

function reasonOf(
  error: unknown,
  obstacle: Obstacle,
  operation: Operation,
  timeoutSeconds: number,
): string {
  if (operation.signal.aborted) return `cancelled (${obstacle ?? "at the first look"})`;
  const timedOut = error instanceof Error && ["AbortError", "TimeoutError"].includes(error.name);
  if (timedOut) return `after ${timeoutSeconds} s, ${obstacle ?? "no answer"}`;
  return error instanceof Error ? error.message : String(error);
}

/** Waits until an object is gone. */
export async function untilGone(
  client: ApiClient,
  path: string,
  object: ApiObject,
  signal: AbortSignal,
): Promise<void> {
  const timeoutSeconds = Number(annotationOf(object, "timeoutSeconds") ?? defaultTimeoutSeconds);
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]);
  let pauseMilliseconds = firstPauseMilliseconds;
  try {
    for (;;) {
      const live = await client.get(path, bounded);
      const uid = at(object, "metadata", "uid");
      // Another object of the same name is not ours.
      if (live === undefined || (uid !== undefined && at(live, "metadata", "uid") !== uid)) return;
      await delay(pauseMilliseconds, undefined, { signal: bounded });
      pauseMilliseconds = Math.min(pauseMilliseconds * 1.5, longestPauseMilliseconds);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!bounded.aborted) throw error;
    throw new Error(
      `${object.kind} ${nameOf(object)} still exists ${timeoutSeconds} s after its deletion was asked for; finalizers may hold it`,
    );
  }
}

function number(object: ApiObject, ...path: string[]): number {
  const value = at(object, ...path);
  return typeof value === "number" ? value : 0;
}

function notObserved(object: ApiObject): Obstacle {
  const seen =
    number(object, "status", "observedGeneration") >= number(object, "metadata", "generation");
  return seen ? undefined : "its controller has not seen the change yet";
}

function deployment(object: ApiObject): Obstacle {
  const unseen = notObserved(object);
  if (unseen !== undefined) return unseen;
  const progressing = conditionOf(object, "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded")
    throw new FailedError(progressing.message);
  const failure = conditionOf(object, "ReplicaFailure");
  if (failure?.status === "True") return `replicas cannot be made: ${failure.message}`;
  const wanted = Number(at(object, "spec", "replicas") ?? 1);
  const updated = number(object, "status", "updatedReplicas");
  const available = number(object, "status", "availableReplicas");
  const total = number(object, "status", "replicas");
  if (updated < wanted) return `${updated} of ${wanted} replicas are updated`;
  if (total > updated) return `${total - updated} old replicas have yet to end`;
  return available < wanted ? `${available} of ${wanted} replicas are available` : undefined;
}

function statefulSet(object: ApiObject): Obstacle {
  const unseen = notObserved(object);
  if (unseen !== undefined) return unseen;
  if (at(object, "spec", "updateStrategy", "type") === "OnDelete") return undefined;
  const wanted = Number(at(object, "spec", "replicas") ?? 1);
  const ready = number(object, "status", "readyReplicas");
  if (ready < wanted) return `${ready} of ${wanted} replicas are ready`;
  const partition = Number(at(object, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0);
  const updated = number(object, "status", "updatedReplicas");
  const toUpdate = Math.max(wanted - partition, 0);
  return updated < toUpdate ? `${updated} of ${toUpdate} replicas are updated` : undefined;
}

function daemonSet(object: ApiObject): Obstacle {
  const unseen = notObserved(object);
  if (unseen !== undefined) return unseen;
  if (at(object, "spec", "updateStrategy", "type") === "OnDelete") return undefined;
  const wanted = number(object, "status", "desiredNumberScheduled");
  const updated = number(object, "status", "updatedNumberScheduled");
  const available = number(object, "status", "numberAvailable");
  if (updated < wanted) return `${updated} of ${wanted} pods are updated`;
  return available < wanted ? `${available} of ${wanted} pods are available` : undefined;
}

function job(object: ApiObject): Obstacle {
  const failed = conditionOf(object, "Failed");
  if (failed?.status === "True") throw new FailedError(`${failed.reason}: ${failed.message}`);
  if (conditionOf(object, "Complete")?.status === "True") return undefined;
  if (at(object, "spec", "suspend") === true) return undefined;
  return `${number(object, "status", "succeeded")} pods have completed`;
}

function definition(object: ApiObject): Obstacle {
  const names = conditionOf(object, "NamesAccepted");
  if (names?.status === "False") throw new FailedError(names.message);
  return conditionOf(object, "Established")?.status === "True" ? undefined : "not established";
}

function pod(object: ApiObject): Obstacle {
  const phase = String(at(object, "status", "phase") ?? "Pending");
  if (phase === "Succeeded") return undefined;
  if (phase === "Failed")
    throw new FailedError(String(at(object, "status", "message") ?? "it failed"));
  const ready = conditionOf(object, "Ready");
  return ready?.status === "True" ? undefined : `${phase}, ${ready?.message || "not ready"}`;
}

function volume(object: ApiObject): Obstacle {
  const phase = String(at(object, "status", "phase") ?? "Pending");
  return ["Available", "Bound"].includes(phase) ? undefined : phase;
}

/** A claim that waits for its first pod is as ready as it gets. */
async function volumeClaim(
  object: ApiObject,
  client: ApiClient,
  signal: AbortSignal,
): Promise<Obstacle> {
  const phase = String(at(object, "status", "phase") ?? "Pending");
  if (phase === "Bound") return undefined;
  const name = at(object, "spec", "storageClassName");
  if (typeof name === "string" && name !== "") {
    const path = `/apis/storage.k8s.io/v1/storageclasses/${encodeURIComponent(name)}`;
    const storageClass = await client.get(path, signal);
    if (at(storageClass, "volumeBindingMode") === "WaitForFirstConsumer") return undefined;
  }
  return phase;
}

async function service(
  object: ApiObject,
  client: ApiClient,
  signal: AbortSignal,
): Promise<Obstacle> {
  const type = at(object, "spec", "type");
  if (type === "ExternalName") return undefined;
  const ingress = at(object, "status", "loadBalancer", "ingress");
  if (type === "LoadBalancer" && !(Array.isArray(ingress) && ingress.length > 0)) {
    return "it has no load balancer yet";
  }
  const selector = at(object, "spec", "selector");
  const headless = at(object, "spec", "clusterIP") === "None";
  if (headless || selector === undefined || selector === null) return undefined;
  const slices = await client.list(
    `/apis/discovery.k8s.io/v1/namespaces/${namespaceOf(object)}/endpointslices`,
    { labelSelector: `kubernetes.io/service-name=${nameOf(object)}` },
    signal,
  );
  const endpoints = slices.flatMap((slice) => {
    const list = at(slice, "endpoints");
    return Array.isArray(list) ? list : [];
  });
  const ready = endpoints.some((endpoint) => at(endpoint, "conditions", "ready") !== false);
  return ready ? undefined : "no pod behind it is ready";
}
