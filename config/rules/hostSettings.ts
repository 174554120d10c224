import type { Finding } from "../errors.ts";
import { releaseDigests, releaseFiles } from "../releaseDigests.ts";
import type {
  ArtifactsConfig,
  DownloadConfig,
  EtcdConfig,
  HostsApiConfig,
  PowerStatusConfig,
  SshConfig,
} from "../schema.ts";
import { selfManagedVersions } from "../versions.ts";

/** A TCP port. */
function port(key: string, value: number): Finding[] {
  if (value >= 1 && value <= 65535) return [];
  return [{ key, value, remedy: "Use 1 to 65535.", rule: "TCP has no other ports." }];
}

/** Ports that something else on the same machines listens on. Source: Kubernetes "Ports and Protocols". */
const takenPorts = [2379, 2380, 2381, 2382, 10248, 10249, 10250, 10256, 10257, 10259];

export function apiPort({ api, ssh }: { api: HostsApiConfig; ssh: SshConfig }): Finding[] {
  const findings = port("api.port", api.port);
  if (api.port !== ssh.port && !takenPorts.includes(api.port)) return findings;
  return [
    ...findings,
    {
      key: "api.port",
      value: api.port,
      remedy: "Use 6443.",
      rule: "Another server of the cluster's machines listens there.",
    },
  ];
}

export function ssh({ ssh }: { ssh: SshConfig }): Finding[] {
  const findings = port("ssh.port", ssh.port);
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(ssh.user))
    findings.push({
      key: "ssh.user",
      value: ssh.user,
      remedy: 'Use a Linux user name, e.g. "root".',
      rule: "SSH signs in with it.",
    });
  if (ssh.privateKeyFile.trim() === "" || ssh.privateKeyFile.includes("PRIVATE KEY"))
    findings.push({
      key: "ssh.privateKeyFile",
      // Whoever pastes a key here must not find it in a log.
      value: undefined,
      remedy: "Name the key's file.",
      rule: "The key itself never stands in a stack file.",
    });
  return findings;
}

export function etcd({ etcd }: { etcd: EtcdConfig }): Finding[] {
  const findings: Finding[] = [];
  if (!(etcd.quotaGiB >= 0.1 && etcd.quotaGiB <= 8))
    findings.push({
      key: "etcd.quotaGiB",
      value: etcd.quotaGiB,
      remedy: "Use 0.1 to 8.",
      rule: "etcd advises 8 GiB at most, or a start takes too long.",
    });
  if (!/^(\/[A-Za-z0-9._-]+)+$/.test(etcd.dataDir) || etcd.dataDir.includes("/.."))
    findings.push({
      key: "etcd.dataDir",
      value: etcd.dataDir,
      remedy: 'Use an absolute path without spaces, e.g. "/var/lib/etcd".',
      rule: "Units and scripts name it.",
    });
  const { intervalMinutes, keep } = etcd.snapshots;
  if (intervalMinutes < 1 || intervalMinutes > 1440)
    findings.push({
      key: "etcd.snapshots.intervalMinutes",
      value: intervalMinutes,
      remedy: "Use 1 to 1440.",
      rule: "It bounds how much a restore can lose.",
    });
  if (keep < 1 || keep > 10000)
    findings.push({
      key: "etcd.snapshots.keep",
      value: keep,
      remedy: "Use 1 to 10000.",
      rule: "Without a snapshot nothing can be restored.",
    });
  return findings;
}

/** A command that can be asked, and an answer that can be told from another. */
export function powerStatus({
  powerStatus,
}: {
  powerStatus?: PowerStatusConfig | undefined;
}): Finding[] {
  if (powerStatus === undefined) return [];
  const findings: Finding[] = [];
  const { command, off } = powerStatus;
  if ((command[0] ?? "").trim() === "")
    findings.push({
      key: "powerStatus.command",
      value: command,
      remedy: 'Name a program and its arguments, e.g. ["ipmitool", "-H", "bmc-{host}", "chassis"].',
      rule: "It is asked before volumes are taken away from a machine.",
    });
  else if (![...command, off].some((word) => /\{(host|address)\}/.test(word)))
    findings.push({
      key: "powerStatus.command",
      value: command,
      remedy: "Put {host} or {address} into the command, or into off.",
      rule: "An answer about some machine proves nothing about another.",
    });
  if (matchesNothingSaid(off))
    findings.push({
      key: "powerStatus.off",
      value: off,
      remedy: 'Use a regular expression that only "off" matches, e.g. "Chassis Power is off".',
      rule: "What matches everything calls a machine off that is on.",
    });
  return findings;
}

/** True also for what is no regular expression. */
function matchesNothingSaid(pattern: string): boolean {
  try {
    return new RegExp(pattern).test("");
  } catch {
    return true;
  }
}

export function artifacts({
  artifacts,
  kubernetes,
}: {
  artifacts: ArtifactsConfig;
  kubernetes: { version: string };
}): Finding[] {
  if (artifacts.source !== "download") return [];
  return [...mirror(artifacts.mirror), ...digests(artifacts, kubernetes.version)];
}

function mirror(url: string | undefined): Finding[] {
  if (url === undefined || /^https:\/\/[^\s/@?#]+(\/[^\s?#]*)?$/.test(url)) return [];
  return [
    {
      key: "artifacts.mirror",
      // An address with a password in it must not reach a log.
      value: undefined,
      remedy:
        'Use an https address without user or query, e.g. "https://mirror.example.com/quorum".',
      rule: "Machines fetch from it unattended, and plans show it.",
    },
  ];
}

/** No file is fetched whose contents nobody has vouched for. */
function digests(artifacts: DownloadConfig, version: string): Finding[] {
  const malformed = Object.entries(artifacts.digests)
    .filter(([, digest]) => !/^[0-9a-f]{64}$/.test(digest))
    .map(([name, value]) => ({
      key: `artifacts.digests.${name}`,
      value,
      remedy: "Use 64 hexadecimal digits, as sha256sum prints them.",
      rule: "A file is checked by its SHA-256.",
    }));
  const versions = selfManagedVersions[version];
  if (versions === undefined) return malformed;
  const missing = Object.values(releaseFiles(versions, artifacts.architecture))
    .flat()
    .filter(({ name }) => releaseDigests[name] === undefined)
    .filter(({ name }) => artifacts.digests[name] === undefined)
    .map(({ name, url }) => ({
      key: `artifacts.digests.${name}`,
      value: undefined,
      remedy: `Give the SHA-256 that the project publishes for ${url}.`,
      rule: "No file is fetched without a digest, and config/releaseDigests.ts has none for it.",
    }));
  return [...malformed, ...missing];
}
