import { parseAllDocuments } from "yaml";
import { storageImages } from "../../config/versions.ts";
import { type AccessRule, planController } from "../layer/controller.ts";
import type { Templates } from "../render/template.ts";

/** The snapshot controller: one per cluster, for all drivers. Runs on workers; asks AWS for nothing. */
export const snapshotController = () =>
  planController({
    name: "snapshot-controller",
    namespace: "kube-system",
    replicas: 2,
    rules,
    // It waits 30 s for its definitions before it gives up; a replica that does is not ready.
    minReadySeconds: 35,
    pod: {
      securityContext: { runAsNonRoot: true, runAsUser: 65532 },
      containers: [
        {
          name: "snapshot-controller",
          image: storageImages.snapshotController,
          args: ["--v=2", "--leader-election=true"],
          resources: { requests: { cpu: "10m", memory: "40Mi" }, limits: { memory: "256Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
            seccompProfile: { type: "RuntimeDefault" },
          },
        },
      ],
    },
  });

/** A definition as its publisher wrote it. */
export interface DefinitionPlan {
  apiVersion: "apiextensions.k8s.io/v1";
  kind: "CustomResourceDefinition";
  metadata: { name: string };
  spec: {
    group: string;
    names: { kind: string; plural: string };
    scope: string;
    versions: { name: string; served: boolean; storage: boolean }[];
  };
}

/** Snapshot kinds, from the published files. */
export function snapshotDefinitions(templates: Templates): DefinitionPlan[] {
  return [...templates]
    .filter(([path]) => path.startsWith("definitions/snapshot/"))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([, text]) => parseAllDocuments(text).map((one) => one.toJS() as DefinitionPlan));
}

const snapshotGroup = ["snapshot.storage.k8s.io"];
const read = ["get", "list", "watch"];

/** Source: external-snapshotter v8.5.0, deploy/kubernetes/snapshot-controller; group snapshots are off. */
const rules: AccessRule[] = [
  { apiGroups: [""], resources: ["persistentvolumes"], verbs: read },
  { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: [...read, "update"] },
  { apiGroups: [""], resources: ["events"], verbs: ["list", "watch", "create", "update", "patch"] },
  { apiGroups: snapshotGroup, resources: ["volumesnapshotclasses"], verbs: read },
  {
    apiGroups: snapshotGroup,
    resources: ["volumesnapshotcontents", "volumesnapshots"],
    verbs: [...read, "create", "update", "patch", "delete"],
  },
  { apiGroups: snapshotGroup, resources: ["volumesnapshotcontents/status"], verbs: ["patch"] },
  {
    apiGroups: snapshotGroup,
    resources: ["volumesnapshots/status"],
    verbs: ["update", "patch"],
  },
];
