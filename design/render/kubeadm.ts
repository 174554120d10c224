import { clusterTimings } from "../clusterTimings.ts";
import type { EtcdPlan } from "../etcdPlan.ts";
import type { KubernetesPlan, NodePlan } from "../kubernetesPlan.ts";
import type { MachineFile } from "../machine.ts";
import { kubernetesPkiDir } from "../pki.ts";
import { ports } from "../ports.ts";
import { kubeletConfiguration, nodeRegistration, type YamlDocument } from "./kubelet.ts";
import { yamlFile } from "./yamlFile.ts";

export const kubeadmDir = "/etc/quorum/kubeadm";
/** Audit policy and authentication rules, mounted into the API server. */
export const apiServerDir = "/etc/quorum/apiserver";
const encryptionDir = "/etc/kubernetes/encryption";
const auditDir = "/var/log/kubernetes";
const patchesDir = `${kubeadmDir}/patches`;

/** Names and addresses of an API server's certificate besides those that kubeadm adds. */
export function apiServerSans(plan: KubernetesPlan): string[] {
  return [plan.apiName, plan.apiVip, "localhost", "127.0.0.1"].filter((name) => name !== "");
}

/** The file for `kubeadm init` and for every later phase. */
export function initFile(plan: KubernetesPlan, etcd: EtcdPlan, node: NodePlan): MachineFile {
  return yamlFile(`${kubeadmDir}/init.yaml`, [
    clusterConfiguration(plan, etcd),
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "InitConfiguration",
      localAPIEndpoint: localApi(node),
      nodeRegistration: nodeRegistration(plan, node),
      patches: { directory: patchesDir },
      // Asked before its health is waited for, a new API server has by default one minute to come: on a
      // slow disk it needs longer.
      timeouts: { kubernetesAPICall: "4m0s" },
      skipPhases: ["show-join-command"],
    },
    kubeletConfiguration(plan, "worker"),
    kubeProxyConfiguration(plan),
  ]);
}

/** The file for `kubeadm join`; the discovery file is made on the machine, just before. */
export function joinFile(plan: KubernetesPlan, node: NodePlan): MachineFile {
  return yamlFile(`${kubeadmDir}/join.yaml`, [
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "JoinConfiguration",
      discovery: { file: { kubeConfigPath: "/run/quorum-join.conf" } },
      nodeRegistration: nodeRegistration(plan, node),
      patches: { directory: patchesDir },
      ...(node.role === "control-plane"
        ? { controlPlane: { localAPIEndpoint: localApi(node) } }
        : {}),
    },
  ]);
}

/** Patches that kubeadm applies to what it writes. */
export function patchFiles(plan: KubernetesPlan, node: NodePlan): MachineFile[] {
  const kubelet = yamlFile(`${patchesDir}/kubeletconfiguration0+strategic.yaml`, [
    {
      ...kubeletConfiguration(plan, node.role),
      ...(node.providerId === undefined ? {} : { providerID: node.providerId }),
      ...(node.maxPods === undefined ? {} : { maxPods: node.maxPods }),
    },
  ]);
  return node.role === "worker" ? [kubelet] : [kubelet, apiServerPatch(plan)];
}

/**
 * With etcd in its probes an API server would be restarted for etcd's trouble, and a lost quorum end
 * in a crash loop of up to 300 s after it is back.
 */
function apiServerPatch(plan: KubernetesPlan): MachineFile {
  const probe = { httpGet: { path: "/livez?exclude=etcd" } };
  return yamlFile(`${patchesDir}/kube-apiserver0+strategic.yaml`, [
    {
      spec: {
        terminationGracePeriodSeconds: plan.apiServerShutdown.graceSeconds,
        containers: [{ name: "kube-apiserver", livenessProbe: probe, startupProbe: probe }],
      },
    },
  ]);
}

function clusterConfiguration(plan: KubernetesPlan, etcd: EtcdPlan): YamlDocument {
  const url = (port: number) => etcd.members.map(({ address }) => `https://${address}:${port}`);
  return {
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "ClusterConfiguration",
    clusterName: plan.clusterName,
    kubernetesVersion: `v${plan.versions.kubernetes}`,
    controlPlaneEndpoint: `${plan.apiName}:${plan.apiPort}`,
    certificateValidityPeriod: "8760h",
    encryptionAlgorithm: "ECDSA-P256",
    networking: {
      podSubnet: plan.network.podCidr,
      serviceSubnet: plan.network.serviceCidr,
      dnsDomain: "cluster.local",
    },
    etcd: {
      external: {
        endpoints: url(ports.etcdClient),
        httpEndpoints: url(ports.etcdHttp),
        caFile: `${kubernetesPkiDir}/etcd/ca.crt`,
        certFile: `${kubernetesPkiDir}/apiserver-etcd-client.crt`,
        keyFile: `${kubernetesPkiDir}/apiserver-etcd-client.key`,
      },
    },
    apiServer: apiServer(plan),
    controllerManager: {
      extraArgs: args({
        "node-monitor-grace-period": `${clusterTimings.nodeGraceSeconds}s`,
        "node-monitor-period": `${clusterTimings.nodeMonitorSeconds}s`,
        "node-cidr-mask-size": plan.network.nodePrefix,
        profiling: "false",
        ...volumeRelease(plan),
      }),
    },
    scheduler: { extraArgs: args({ profiling: "false" }) },
    // Rendered here, spread over zones: templates/manifests/coredns.yaml.
    dns: { disabled: true },
  };
}

/**
 * By default volumes are taken from a machine that has been silent for 6 minutes, whether it is off or
 * not; here they wait for the proof that `quorum fence` asks for. A cloud deletes the Node of a machine
 * that is gone, and after that only the time releases its volumes: there the default stays.
 * Source: kube-controller-manager, --disable-force-detach-on-timeout.
 */
function volumeRelease({ cloud }: KubernetesPlan): Record<string, string> {
  return cloud === undefined ? { "disable-force-detach-on-timeout": "true" } : {};
}

function apiServer(plan: KubernetesPlan): YamlDocument {
  const { delaySeconds, watchesSeconds, sendsRetryAfter } = plan.apiServerShutdown;
  return {
    certSANs: apiServerSans(plan),
    extraArgs: args({
      "goaway-chance": "0.001",
      "shutdown-delay-duration": `${delaySeconds}s`,
      "shutdown-send-retry-after": `${sendsRetryAfter}`,
      "shutdown-watch-termination-grace-period": `${watchesSeconds}s`,
      "default-not-ready-toleration-seconds": clusterTimings.evictionTolerationSeconds,
      "default-unreachable-toleration-seconds": clusterTimings.evictionTolerationSeconds,
      "authentication-config": `${apiServerDir}/authentication.yaml`,
      "encryption-provider-config": `${encryptionDir}/config.yaml`,
      "encryption-provider-config-automatic-reload": "true",
      "audit-policy-file": `${apiServerDir}/audit-policy.yaml`,
      "audit-log-path": `${auditDir}/audit.log`,
      "audit-log-maxage": 30,
      "audit-log-maxbackup": 10,
      "audit-log-maxsize": 100,
      "kubelet-certificate-authority": `${kubernetesPkiDir}/ca.crt`,
      profiling: "false",
    }),
    extraVolumes: [
      mount("quorum-apiserver", apiServerDir, "Directory", true),
      mount("encryption", encryptionDir, "Directory", true),
      mount("audit", auditDir, "DirectoryOrCreate", false),
    ],
  };
}

/** kube-proxy leaves connection tracking alone: the step "node" sets it, where the host lets it. */
function kubeProxyConfiguration(plan: KubernetesPlan): YamlDocument {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clusterCIDR: plan.network.podCidr,
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  };
}

function localApi(node: NodePlan): YamlDocument {
  return { advertiseAddress: node.address, bindPort: ports.apiServer };
}

function args(values: Record<string, string | number>): YamlDocument[] {
  return Object.entries(values).map(([name, value]) => ({ name, value: String(value) }));
}

function mount(name: string, path: string, pathType: string, readOnly: boolean): YamlDocument {
  return { name, hostPath: path, mountPath: path, pathType, readOnly };
}
