import type { EbsStorageConfig } from "../../../config/clusterLayer.ts";
import type { AwsConfig } from "../../../config/schema.ts";
import { type ChartPlan, chartSource } from "../../charts/chart.ts";
import type { ControllerPlan } from "../../layer/controller.ts";
import { snapshotClassOf } from "../snapshotClass.ts";
import { csiDriver, driverController } from "./controller.ts";

/** EBS volumes: the class, snapshots of them, and on EC2 the driver. */
export interface EbsPlan {
  /** Absent on EKS, where it is a managed add-on. */
  driver?: {
    object: typeof csiDriver;
    controller: ControllerPlan;
    /** What runs on every node. */
    nodes: ChartPlan;
  };
  storageClass: ReturnType<typeof volumeClass>;
  snapshotClass: ReturnType<typeof snapshotClassOf>;
}

/** Class of EBS volumes; the cluster's default. */
export const ebsClass = "ebs-csi-default-sc";

export const ebsDriver = "ebs.csi.aws.com";

export function planEbs(storage: EbsStorageConfig, config: AwsConfig): EbsPlan {
  return {
    ...(config.platform === "eks"
      ? {}
      : {
          driver: {
            object: csiDriver,
            controller: driverController(config),
            nodes: nodeDriver(config),
          },
        }),
    storageClass: volumeClass(storage),
    snapshotClass: snapshotClassOf("ebs-snapshots", ebsDriver, storage.deleteData),
  };
}

/** A volume is made in the zone where its pod runs, encrypted, and can grow. */
function volumeClass({ deleteData }: EbsStorageConfig) {
  return {
    apiVersion: "storage.k8s.io/v1" as const,
    kind: "StorageClass" as const,
    metadata: {
      name: ebsClass,
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    },
    provisioner: ebsDriver,
    parameters: { type: "gp3", encrypted: "true" },
    reclaimPolicy: deleteData ? "Delete" : "Retain",
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: true,
  };
}

/**
 * The node's part. It learns machine and zone from the Node, which the cloud controller completes:
 * pods of workers do not reach the metadata service.
 */
function nodeDriver(config: AwsConfig): ChartPlan {
  return {
    release: "aws-ebs-csi-driver",
    namespace: "kube-system",
    source: chartSource("aws-ebs-csi-driver", config.charts),
    values: {
      nodeComponentOnly: true,
      node: {
        enableWindows: false,
        metadataSources: "kubernetes",
        priorityClassName: "system-node-critical",
        resources: { requests: { cpu: "10m", memory: "40Mi" }, limits: { memory: "256Mi" } },
      },
    },
  };
}
