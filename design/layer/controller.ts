import { zoneSpread } from "../workloads/topology.ts";

/** A rule of a role. */
export interface AccessRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

export interface ControllerSettings {
  name: string;
  namespace: string;
  replicas: number;
  /** What it may do everywhere; its leases are its own business. */
  rules: AccessRule[];
  /** Time that a new replica must be ready before the next is replaced. Default 0. */
  minReadySeconds?: number;
  /** Fields of the pod besides those that all controllers have. */
  pod: {
    containers: { name: string; image: string; [field: string]: unknown }[];
    [field: string]: unknown;
  };
}

/**
 * A controller of the cluster as plain objects: replicas over zones of which one works and the others
 * wait for its lease, and a budget that always lets one go.
 */
export function planController(settings: ControllerSettings) {
  const { name, namespace, replicas, rules, minReadySeconds = 0, pod } = settings;
  const labels = { "app.kubernetes.io/name": name };
  const metadata = { name, namespace, labels };
  const roleName = `quorum:${name}`;
  const subjects = [{ kind: "ServiceAccount" as const, name, namespace }];
  return {
    serviceAccount: { apiVersion: "v1" as const, kind: "ServiceAccount" as const, metadata },
    ...clusterAccess(roleName, rules, subjects),
    ...leases(roleName, namespace, subjects),
    deployment: {
      apiVersion: "apps/v1" as const,
      kind: "Deployment" as const,
      metadata,
      spec: {
        replicas,
        minReadySeconds,
        selector: { matchLabels: labels },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: name,
            priorityClassName: "system-cluster-critical",
            topologySpreadConstraints: [zoneSpread(labels, false)],
            ...pod,
          },
        },
      },
    },
    budget: {
      apiVersion: "policy/v1" as const,
      kind: "PodDisruptionBudget" as const,
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    },
  };
}

export type ControllerPlan = ReturnType<typeof planController>;

/** Every object of a controller, for what looks at all of them. */
export function controllerObjects(plan: ControllerPlan) {
  return Object.values(plan);
}

const roleGroup = "rbac.authorization.k8s.io" as const;
const roleVersion = `${roleGroup}/v1` as const;

type Subjects = { kind: "ServiceAccount"; name: string; namespace: string }[];

function clusterAccess(name: string, rules: AccessRule[], subjects: Subjects) {
  return {
    clusterRole: {
      apiVersion: roleVersion,
      kind: "ClusterRole" as const,
      metadata: { name },
      rules,
    },
    clusterRoleBinding: {
      apiVersion: roleVersion,
      kind: "ClusterRoleBinding" as const,
      metadata: { name },
      roleRef: { apiGroup: roleGroup, kind: "ClusterRole", name },
      subjects,
    },
  };
}

/** The lease that says which replica works. */
function leases(name: string, namespace: string, subjects: Subjects) {
  return {
    role: {
      apiVersion: roleVersion,
      kind: "Role" as const,
      metadata: { name, namespace },
      rules: [
        {
          apiGroups: ["coordination.k8s.io"],
          resources: ["leases"],
          verbs: ["get", "list", "watch", "create", "update", "delete"],
        },
      ],
    },
    roleBinding: {
      apiVersion: roleVersion,
      kind: "RoleBinding" as const,
      metadata: { name, namespace },
      roleRef: { apiGroup: roleGroup, kind: "Role", name },
      subjects,
    },
  };
}
