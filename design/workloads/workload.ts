import { clusterTimings } from "../clusterTimings.ts";
import { nameLabel } from "./labels.ts";
import type { PriorityName } from "./priorities.ts";
import { hostAntiAffinity, leaveLostMachines, zoneSpread } from "./topology.ts";

/** What an application team says about a workload; everything else has a default that survives. */
export interface WorkloadConfig {
  /** DNS label; names the objects and selects the pods. */
  name: string;
  namespace: string;
  /** Zones of the stack in which the cluster has nodes. */
  zones: readonly string[];
  image: string;
  /** What each replica needs; the scheduler and the proof count with it. */
  requests: { cpuMilli: number; memoryMiB: number };
  /** Memory above which the container is killed. Default: what it requests. */
  memoryLimitMiB?: number;
  /** The port that the container answers on. */
  port: number;
  probe: ProbeConfig;
  /** At least 2. Default: one in each zone. */
  replicas?: number;
  /** Whether replicas may share a machine when there is no other. Default "preferred". */
  apart?: "required" | "preferred";
  /** Default "quorum-service". */
  priority?: PriorityName;
  shutdown?: ShutdownConfig;
  env?: Record<string, string>;
  args?: readonly string[];
}

export interface ProbeConfig {
  /** Path that answers 200 when the replica can serve; without one, an open port will do. */
  readyPath?: string;
  /** Path that answers 200 unless only a restart helps. Default: an open port. */
  livePath?: string;
  /** Longest that a start may take. Default 60. */
  startSeconds?: number;
}

export interface ShutdownConfig {
  /** Goes on serving while load balancers notice. Default 5. */
  drainSeconds?: number;
  /** From SIGTERM to SIGKILL. Default 20. */
  stopSeconds?: number;
}

/**
 * Time a machine's shutdown leaves to ordinary pods: kubelet's 45 s less 15 s for critical ones
 * (the nodes' user data).
 */
export const machineShutdownSeconds = 30;

export interface WorkloadIdentity {
  labels: Record<string, string>;
  replicas: number;
}

/**
 * The names and numbers that all objects of a workload share.
 * @throws RangeError on what could not survive: one replica, a shutdown longer than a machine's.
 */
export function workloadIdentity(config: WorkloadConfig): WorkloadIdentity {
  const replicas = config.replicas ?? config.zones.length;
  const wrong: string[] = [];
  if (!/^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/.test(config.name))
    wrong.push(`name ${JSON.stringify(config.name)}: use a DNS label of at most 53 characters`);
  if (new Set(config.zones).size < 2 || new Set(config.zones).size !== config.zones.length)
    wrong.push(`zones [${config.zones.join(", ")}]: name two distinct zones or more`);
  if (!Number.isInteger(replicas) || replicas < 2)
    wrong.push(`replicas ${replicas}: one replica is down with its machine; use 2 or more`);
  for (const [key, value] of Object.entries(config.requests))
    if (!Number.isInteger(value) || value <= 0)
      wrong.push(`requests.${key} ${value}: use a whole number above 0`);
  const { drain, stop } = shutdownOf(config);
  if (drain + stop > machineShutdownSeconds)
    wrong.push(
      `shutdown ${drain} + ${stop} s: a machine that goes down waits ${machineShutdownSeconds} s; use less`,
    );
  if ((config.memoryLimitMiB ?? Number.POSITIVE_INFINITY) < config.requests.memoryMiB)
    wrong.push(`memoryLimitMiB ${config.memoryLimitMiB}: use requests.memoryMiB or more`);
  if (wrong.length > 0)
    throw new RangeError(`workload ${config.namespace}/${config.name}:\n  ${wrong.join("\n  ")}`);
  return { labels: { [nameLabel]: config.name }, replicas };
}

function shutdownOf({ shutdown }: WorkloadConfig) {
  return { drain: shutdown?.drainSeconds ?? 5, stop: shutdown?.stopSeconds ?? 20 };
}

/** Seconds between looks at a replica, and how many bad answers in a row count. */
const readyPeriod = 5;
const livePeriod = 10;
const startPeriod = 2;

function probes(config: WorkloadConfig) {
  const look = (path: string | undefined) =>
    path === undefined ? { tcpSocket: { port: "main" } } : { httpGet: { path, port: "main" } };
  const { readyPath, livePath, startSeconds = 60 } = config.probe;
  return {
    // Until it has started, neither of the other two is asked: a slow start is no failure.
    startupProbe: {
      ...look(readyPath),
      periodSeconds: startPeriod,
      failureThreshold: Math.ceil(startSeconds / startPeriod),
    },
    readinessProbe: { ...look(readyPath), periodSeconds: readyPeriod, failureThreshold: 2 },
    livenessProbe: { ...look(livePath), periodSeconds: livePeriod, failureThreshold: 6 },
  };
}

function container(config: WorkloadConfig) {
  const { cpuMilli, memoryMiB } = config.requests;
  return {
    name: "main",
    image: config.image,
    ...(config.args === undefined ? {} : { args: [...config.args] }),
    ...(config.env === undefined
      ? {}
      : { env: Object.entries(config.env).map(([name, value]) => ({ name, value })) }),
    ports: [{ name: "main", containerPort: config.port }],
    resources: {
      requests: { cpu: `${cpuMilli}m`, memory: `${memoryMiB}Mi` },
      limits: { memory: `${config.memoryLimitMiB ?? memoryMiB}Mi` },
    },
    ...probes(config),
    lifecycle: { preStop: { sleep: { seconds: shutdownOf(config).drain } } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    },
  };
}

/** Template of a workload's pods. */
export function podTemplate(
  config: WorkloadConfig,
  { labels }: WorkloadIdentity,
  kind: "Deployment" | "StatefulSet",
) {
  const revision = kind === "Deployment";
  const { drain, stop } = shutdownOf(config);
  return {
    metadata: { labels },
    spec: {
      priorityClassName: config.priority ?? "quorum-service",
      terminationGracePeriodSeconds: drain + stop,
      topologySpreadConstraints: [zoneSpread(labels, revision)],
      affinity: hostAntiAffinity(labels, config.apart ?? "preferred", revision),
      tolerations: leaveLostMachines(clusterTimings.evictionTolerationSeconds),
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [container(config)],
    },
  };
}

/**
 * A budget that lets one replica go at a time: never none, or no machine could be drained, and never
 * two. A replica that is not ready may always go: keeping it serves nobody.
 */
export function disruptionBudget(config: WorkloadConfig, { labels }: WorkloadIdentity) {
  return {
    apiVersion: "policy/v1" as const,
    kind: "PodDisruptionBudget" as const,
    metadata: { name: config.name, namespace: config.namespace, labels },
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: labels },
    },
  };
}

/** The Service in front of a workload; "headless" names each replica instead. */
export function workloadService(
  config: WorkloadConfig,
  { labels }: WorkloadIdentity,
  headless: boolean,
) {
  return {
    apiVersion: "v1" as const,
    kind: "Service" as const,
    metadata: { name: config.name, namespace: config.namespace, labels },
    spec: {
      selector: labels,
      ports: [{ name: "main", port: config.port, targetPort: "main" }],
      // Replicas must find each other before they are ready, or a quorum never forms.
      ...(headless ? { clusterIP: "None", publishNotReadyAddresses: true } : {}),
    },
  };
}
