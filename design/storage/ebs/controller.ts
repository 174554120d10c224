import type { AwsConfig } from "../../../config/schema.ts";
import { ebsDriverImages } from "../../../config/versions.ts";
import { type AccessRule, type ControllerPlan, planController } from "../../layer/controller.ts";
import { awsPlace } from "../../layer/place.ts";

/**
 * The driver's controller on EC2. The chart's own cannot be put into its machine's network, where alone
 * it would find a role; so the chart brings the nodes' part, and this is the other. Source of containers,
 * arguments and rules: chart aws-ebs-csi-driver 2.64.0.
 */
export function driverController(config: AwsConfig): ControllerPlan {
  return planController({
    name: "ebs-csi-controller",
    namespace: "kube-system",
    replicas: 2,
    rules,
    pod: {
      ...awsPlace(config),
      securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
      containers: [
        driver(config.region),
        sidecar("provisioner", [
          "--timeout=60s",
          "--extra-create-metadata",
          "--default-fstype=ext4",
          "--feature-gates=Topology=true",
          leaderElection,
        ]),
        sidecar("attacher", ["--timeout=6m", leaderElection]),
        sidecar("snapshotter", ["--extra-create-metadata", leaderElection]),
        sidecar("resizer", ["--timeout=60s", "--handle-volume-inuse-error=false", leaderElection]),
        sidecar("livenessProbe", ["--probe-timeout=60s", `--health-port=${healthPort}`]),
      ],
      volumes: [{ name: "socket", emptyDir: {} }],
    },
  });
}

/** How the API server treats the driver's volumes. */
export const csiDriver = {
  apiVersion: "storage.k8s.io/v1" as const,
  kind: "CSIDriver" as const,
  metadata: { name: "ebs.csi.aws.com" },
  spec: { attachRequired: true, podInfoOnMount: false, fsGroupPolicy: "File" },
};

const leaderElection = "--leader-election=true";

/** On the machine's own network, so one that nothing else there has. */
const healthPort = 9808;

const socketFolder = "/csi";
const volumeMounts = [{ name: "socket", mountPath: socketFolder }];
const resources = {
  requests: { cpu: "10m", memory: "40Mi" },
  limits: { memory: "256Mi" },
};
const securityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

function driver(region: string) {
  const probe = { httpGet: { path: "/healthz", port: healthPort }, timeoutSeconds: 60 };
  return {
    name: "driver",
    image: ebsDriverImages.driver,
    args: [
      "controller",
      `--endpoint=unix://${socketFolder}/csi.sock`,
      "--batching=true",
      "--logging-format=text",
      "--v=2",
    ],
    env: [
      { name: "AWS_REGION", value: region },
      { name: "CSI_NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
    ],
    livenessProbe: { ...probe, initialDelaySeconds: 10, periodSeconds: 10, failureThreshold: 10 },
    readinessProbe: { ...probe, initialDelaySeconds: 10, periodSeconds: 10, failureThreshold: 5 },
    volumeMounts,
    resources,
    securityContext,
  };
}

function sidecar(name: keyof typeof ebsDriverImages, args: string[]) {
  return {
    name: name === "livenessProbe" ? "liveness-probe" : `csi-${name}`,
    image: ebsDriverImages[name],
    args: [`--csi-address=${socketFolder}/csi.sock`, "--v=2", ...args],
    volumeMounts,
    resources,
    securityContext,
  };
}

const read = ["get", "list", "watch"];
const storageGroup = ["storage.k8s.io"];
const snapshotGroup = ["snapshot.storage.k8s.io"];

/** What provisioner, attacher, snapshotter and resizer may do together. */
const rules: AccessRule[] = [
  {
    apiGroups: [""],
    resources: ["persistentvolumes"],
    verbs: [...read, "create", "patch", "delete"],
  },
  { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: [...read, "update"] },
  { apiGroups: [""], resources: ["persistentvolumeclaims/status"], verbs: ["patch"] },
  { apiGroups: [""], resources: ["nodes", "pods"], verbs: read },
  {
    apiGroups: [""],
    resources: ["events"],
    verbs: ["list", "watch", "create", "update", "patch"],
  },
  {
    apiGroups: storageGroup,
    resources: ["storageclasses", "csinodes", "volumeattributesclasses"],
    verbs: read,
  },
  { apiGroups: storageGroup, resources: ["volumeattachments"], verbs: [...read, "patch"] },
  { apiGroups: storageGroup, resources: ["volumeattachments/status"], verbs: ["patch"] },
  { apiGroups: snapshotGroup, resources: ["volumesnapshotclasses"], verbs: read },
  { apiGroups: snapshotGroup, resources: ["volumesnapshots"], verbs: [...read, "update"] },
  {
    apiGroups: snapshotGroup,
    resources: ["volumesnapshotcontents"],
    verbs: [...read, "update", "patch"],
  },
  {
    apiGroups: snapshotGroup,
    resources: ["volumesnapshotcontents/status"],
    verbs: ["update", "patch"],
  },
];
