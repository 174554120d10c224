import { clusterTimings } from "../clusterTimings.ts";
import type { KubernetesPlan, NodePlan } from "../kubernetesPlan.ts";

/** A document of a YAML file, as data. */
export type YamlDocument = Record<string, unknown>;

/**
 * kubelet's settings for one role. What depends on the host (cgroup driver) is added on the machine.
 * The grace of a control plane's shutdown covers the API server's own (see `kubeadm.ts`).
 */
export function kubeletConfiguration(plan: KubernetesPlan, role: NodePlan["role"]): YamlDocument {
  const { machineSeconds } = plan.apiServerShutdown;
  const shutdownSeconds =
    role === "control-plane"
      ? { all: machineSeconds, critical: machineSeconds - 10 }
      : { all: 60, critical: 20 };
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    clusterDNS: [plan.network.dnsAddress],
    clusterDomain: "cluster.local",
    serverTLSBootstrap: true,
    rotateCertificates: true,
    nodeLeaseDurationSeconds: clusterTimings.leaseSeconds,
    shutdownGracePeriod: `${shutdownSeconds.all}s`,
    shutdownGracePeriodCriticalPods: `${shutdownSeconds.critical}s`,
    // An image that no registry can give back must not be deleted when the disk fills.
    ...(plan.imagesArePreloaded
      ? { imageGCHighThresholdPercent: 100, imageGCLowThresholdPercent: 99 }
      : {}),
  };
}

/** kubelet flags that only registration uses: name, address, zone, labels. */
export function nodeRegistration(plan: KubernetesPlan, node: NodePlan): YamlDocument {
  const labels = {
    "topology.kubernetes.io/region": plan.cloud?.region ?? plan.clusterName,
    "topology.kubernetes.io/zone": node.zone,
    ...node.labels,
  };
  return {
    name: node.name,
    criSocket: "unix:///run/containerd/containerd.sock",
    imagePullPolicy: plan.imagesArePreloaded ? "Never" : "IfNotPresent",
    taints: node.taints.map(({ key, value, effect }) =>
      value === "" ? { key, effect } : { key, value, effect },
    ),
    kubeletExtraArgs: [
      { name: "node-ip", value: node.address },
      ...(plan.cloud === undefined ? [] : [{ name: "cloud-provider", value: "external" }]),
      {
        name: "node-labels",
        value: Object.entries(labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(","),
      },
    ],
  };
}
