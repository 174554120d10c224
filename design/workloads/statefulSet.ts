import {
  disruptionBudget,
  podTemplate,
  type WorkloadConfig,
  workloadIdentity,
  workloadService,
} from "./workload.ts";

export interface StatefulWorkloadConfig extends WorkloadConfig {
  /** Volumes of each replica, by name. */
  volumes: Record<string, VolumeConfig>;
  /** What happens to volumes when the set is deleted, and when it shrinks. Default "Retain" both. */
  retention?: { whenDeleted?: Retention; whenScaled?: Retention };
}

export type Retention = "Retain" | "Delete";

export interface VolumeConfig {
  sizeGiB: number;
  /** StorageClass, e.g. "rook-ceph-block": named, so that a new default moves no data. */
  storageClass: string;
  mountPath: string;
}

/**
 * The objects of a workload with data. Each replica's volume stays its own.
 * @throws RangeError on no volume, or one without a size.
 */
export function planStatefulSet(config: StatefulWorkloadConfig) {
  const identity = workloadIdentity(config);
  const { labels, replicas } = identity;
  const template = podTemplate(config, identity, "StatefulSet");
  const volumes = Object.entries(config.volumes);
  checkVolumes(config);
  return {
    statefulSet: {
      apiVersion: "apps/v1" as const,
      kind: "StatefulSet" as const,
      metadata: { name: config.name, namespace: config.namespace, labels },
      spec: {
        replicas,
        serviceName: config.name,
        selector: { matchLabels: labels },
        // A replica that hangs must not hold up the others after a lost zone.
        podManagementPolicy: "Parallel",
        updateStrategy: { type: "RollingUpdate" },
        minReadySeconds: 5,
        revisionHistoryLimit: 5,
        persistentVolumeClaimRetentionPolicy: {
          whenDeleted: config.retention?.whenDeleted ?? "Retain",
          whenScaled: config.retention?.whenScaled ?? "Retain",
        },
        template: {
          ...template,
          spec: {
            ...template.spec,
            containers: template.spec.containers.map((one) => ({
              ...one,
              volumeMounts: volumes.map(([name, { mountPath }]) => ({ name, mountPath })),
            })),
            securityContext: {
              ...template.spec.securityContext,
              // Non-root users could not write to a fresh volume.
              fsGroup: dataGroup,
              fsGroupChangePolicy: "OnRootMismatch",
            },
          },
        },
        volumeClaimTemplates: volumes.map(([name, { sizeGiB, storageClass }]) => ({
          metadata: { name, labels },
          spec: {
            accessModes: ["ReadWriteOnce"],
            storageClassName: storageClass,
            resources: { requests: { storage: `${sizeGiB}Gi` } },
          },
        })),
      },
    },
    budget: disruptionBudget(config, identity),
    service: workloadService(config, identity, true),
  };
}

/** Group that owns the files of a volume. */
const dataGroup = 1000;

function checkVolumes({ namespace, name, volumes }: StatefulWorkloadConfig): void {
  const wrong = Object.entries(volumes).flatMap(([volume, { sizeGiB }]) =>
    Number.isInteger(sizeGiB) && sizeGiB > 0
      ? []
      : [`volumes.${volume}.sizeGiB ${sizeGiB}: use a whole number above 0`],
  );
  if (Object.keys(volumes).length === 0)
    wrong.push("volumes: name one, or use a highly available Deployment");
  if (wrong.length > 0)
    throw new RangeError(`workload ${namespace}/${name}:\n  ${wrong.join("\n  ")}`);
}
