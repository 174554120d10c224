import type { HostConfig, HostRole, HostsConfig } from "../../config/schema.ts";
import { selfManagedVersions } from "../../config/versions.ts";
import { ports } from "../ports.ts";

/** What one role asks of a host, before anything is changed there. */
interface Needs {
  memoryMiB: number;
  /** TCP ports that must be free. */
  ports: number[];
  /** Programs from the distribution. */
  commands: string[];
  /** Programs that source "preinstalled" expects, with the key of their version. */
  programs: Partial<Record<string, "kubernetes" | "etcd" | "containerd" | "runc">>;
}

const kubernetesNode = {
  commands: ["nft", "ip", "mount"],
  programs: {
    kubelet: "kubernetes",
    kubeadm: "kubernetes",
    kubectl: "kubernetes",
    containerd: "containerd",
    runc: "runc",
  },
} as const;

/** kubelet's own port is 10250; 10248 its health, 10256 kube-proxy's. */
const nodePorts = [10248, 10250, 10256];

const needsOf: Record<HostRole, Needs> = {
  etcd: {
    memoryMiB: 900,
    ports: [ports.etcdClient, ports.etcdPeer, ports.etcdMetrics, ports.etcdHttp, ports.etcdMarker],
    commands: [],
    programs: { etcd: "etcd", etcdctl: "etcd", etcdutl: "etcd" },
  },
  "control-plane": {
    memoryMiB: 1700,
    ports: [...nodePorts, ports.apiServer, ports.apiHealthAgent, 10257, 10259],
    commands: [...kubernetesNode.commands],
    programs: { ...kubernetesNode.programs, etcdctl: "etcd", etcdutl: "etcd" },
  },
  worker: {
    memoryMiB: 900,
    ports: nodePorts,
    commands: [...kubernetesNode.commands],
    programs: kubernetesNode.programs,
  },
  "load-balancer": {
    memoryMiB: 200,
    ports: [ports.haproxyHealth],
    commands: ["haproxy", "keepalived", "ip"],
    programs: {},
  },
};

const everywhere = ["bash", "flock", "openssl", "sysctl", "tee", "tac"];

/** etcd writes a second copy of its data when it is defragmented or restored. */
const etcdDiskPerQuota = 2;
const containerdDiskGiB = 10;

/** What a preflight asks by; only hosts of a role with settings of its own need those. */
export type PreflightConfig = Pick<HostsConfig, "artifacts" | "kubernetes"> &
  Partial<Pick<HostsConfig, "api" | "etcd" | "localVolumes">>;

/** The questions for one host, as templates/node/preflight.sh reads them from standard input. */
export function preflightQuestions(
  config: PreflightConfig,
  name: string,
  host: Pick<HostConfig, "address" | "roles">,
): string {
  const needs = host.roles.map((role) => needsOf[role]);
  const unique = <T>(values: T[]): T[] => [...new Set(values)];
  const isNode = host.roles.includes("control-plane") || host.roles.includes("worker");
  const balancer = host.roles.includes("load-balancer") && config.api ? [config.api.port] : [];
  const lines = [
    `machine ${name} ${host.address}`,
    `commands ${unique([...everywhere, ...needs.flatMap(({ commands }) => commands)]).join(" ")}`,
    `memory ${needs.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0)}`,
    `ports ${unique([...needs.flatMap((need) => need.ports), ...balancer]).join(" ")}`,
    ...(isNode ? ["kubernetes-node", `disk /var/lib/containerd ${containerdDiskGiB}`] : []),
    ...(host.roles.includes("etcd") && config.etcd
      ? [`disk ${config.etcd.dataDir} ${config.etcd.quotaGiB * etcdDiskPerQuota}`]
      : []),
    ...volumeLines(config, host),
    ...artifactLines(config, needs),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function volumeLines(
  { localVolumes }: PreflightConfig,
  { roles }: Pick<HostConfig, "roles">,
): string[] {
  if (localVolumes === undefined || !roles.includes("worker")) return [];
  const { directory, perHost, sizeGiB } = localVolumes;
  return [`volumes ${directory} ${perHost} ${sizeGiB}`];
}

function artifactLines(config: PreflightConfig, needs: Needs[]): string[] {
  const programs = Object.entries(Object.assign({}, ...needs.map((need) => need.programs)));
  if (programs.length === 0) return [];
  if (config.artifacts.source === "download") return ["commands tar gzip sha256sum", "downloader"];
  const versions = selfManagedVersions[config.kubernetes.version];
  if (versions === undefined) return [];
  return programs.map(
    ([program, key]) => `version ${program} ${versions[key as keyof typeof versions]}`,
  );
}
