import type {
  V1MutatingWebhookConfiguration,
  V1Namespace,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1PodTemplateSpec,
  V1Service,
  V1StorageClass,
  V1ValidatingWebhookConfiguration,
} from "@kubernetes/client-node";

/** A Deployment or StatefulSet, without its status. */
export interface Controller {
  kind: "Deployment" | "StatefulSet";
  namespace: string;
  name: string;
  annotations: Record<string, string>;
  /** The API server fills in 1 where nothing is said. */
  replicas: number;
  template: V1PodTemplateSpec;
}

/** A running cluster as far as the doctor looks at it: plain objects, as the API server gives them. */
export interface Cluster {
  nodes: V1Node[];
  namespaces: V1Namespace[];
  /** Without those that have ended. */
  pods: V1Pod[];
  controllers: Controller[];
  budgets: V1PodDisruptionBudget[];
  services: V1Service[];
  claims: V1PersistentVolumeClaim[];
  volumes: V1PersistentVolume[];
  storageClasses: V1StorageClass[];
  validatingWebhooks: V1ValidatingWebhookConfiguration[];
  mutatingWebhooks: V1MutatingWebhookConfiguration[];
  /** Addresses behind the Service "kubernetes": the API servers. Undefined when not read. */
  apiServerAddresses: string[] | undefined;
  /** What the stack file says of machines outside the cluster: zone by address. */
  zoneByAddress: Record<string, string>;
}

/** A cluster with nothing in it. */
export function emptyCluster(): Cluster {
  return {
    nodes: [],
    namespaces: [],
    pods: [],
    controllers: [],
    budgets: [],
    services: [],
    claims: [],
    volumes: [],
    storageClasses: [],
    validatingWebhooks: [],
    mutatingWebhooks: [],
    apiServerAddresses: undefined,
    zoneByAddress: {},
  };
}
