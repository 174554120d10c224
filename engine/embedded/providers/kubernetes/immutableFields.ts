import { type ApiObject, annotationOf } from "./apiObject.ts";

const podFields = [
  "affinity",
  "automountServiceAccountToken",
  "containers",
  "dnsConfig",
  "dnsPolicy",
  "enableServiceLinks",
  "hostAliases",
  "hostIPC",
  "hostNetwork",
  "hostPID",
  "hostname",
  "imagePullSecrets",
  "initContainers",
  "nodeName",
  "nodeSelector",
  "overhead",
  "preemptionPolicy",
  "priority",
  "priorityClassName",
  "readinessGates",
  "restartPolicy",
  "runtimeClassName",
  "schedulerName",
  "securityContext",
  "serviceAccount",
  "serviceAccountName",
  "shareProcessNamespace",
  "subdomain",
  "terminationGracePeriodSeconds",
  "volumes",
];

const volumeSources = [
  "awsElasticBlockStore",
  "azureDisk",
  "azureFile",
  "cephfs",
  "cinder",
  "csi",
  "fc",
  "flexVolume",
  "flocker",
  "gcePersistentDisk",
  "glusterfs",
  "hostPath",
  "iscsi",
  "local",
  "nfs",
  "photonPersistentDisk",
  "portworxVolume",
  "quobyte",
  "rbd",
  "scaleIO",
  "storageos",
  "vsphereVolume",
];

const inSpec = (fields: readonly string[]) => fields.map((field) => `spec.${field}`);
const roleBinding = ["roleRef"];

/** Fields whose change needs a new object, as the original decides it. */
const byKind: Readonly<Record<string, readonly string[]>> = {
  "apps/v1 DaemonSet": ["spec.selector"],
  "apps/v1 Deployment": ["spec.selector"],
  "apps/v1 StatefulSet": inSpec([
    "podManagementPolicy",
    "revisionHistoryLimit",
    "selector",
    "serviceName",
    "volumeClaimTemplates",
  ]),
  "batch/v1 Job": inSpec(["completions", "parallelism", "selector", "template"]),
  "rbac.authorization.k8s.io/v1 ClusterRoleBinding": roleBinding,
  "rbac.authorization.k8s.io/v1 RoleBinding": roleBinding,
  "storage.k8s.io/v1 StorageClass": ["parameters", "provisioner"],
  "v1 PersistentVolume": inSpec(volumeSources),
  "v1 PersistentVolumeClaim": inSpec(["accessModes", "selector", "storageClassName", "volumeName"]),
  "v1 Pod": inSpec(podFields),
  "v1 ResourceQuota": ["spec.scopes"],
  "v1 Secret": ["type"],
  "v1 Service": ["spec.clusterIP"],
};

/** Provider settings that say whether the content of ConfigMaps and Secrets changes in place. */
export interface Mutability {
  configMaps: boolean;
  secrets: boolean;
}

/** Whether a change at a path, e.g. "spec.selector.matchLabels.app", needs a new object. */
export function needsNewObject(object: ApiObject, path: string, mutability: Mutability): boolean {
  const key = `${object.apiVersion} ${object.kind}`;
  const fields = ["metadata.name", "metadata.namespace", ...(byKind[key] ?? [])];
  const immutable = object.immutable === true;
  if (key === "v1 ConfigMap" && (immutable || !mutability.configMaps)) {
    fields.push("data", "binaryData");
  }
  if (key === "v1 Secret" && (immutable || !mutability.secrets)) fields.push("data", "stringData");
  return fields.some((field) => path === field || path.startsWith(`${field}.`));
}

/** Whether the object's own annotation lets this apply take fields from other managers. */
export function forcesConflicts(object: ApiObject): boolean {
  return annotationOf(object, "patchForce") === "true";
}
