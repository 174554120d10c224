import { stringify } from "yaml";
import type { EtcdMemberPlan, EtcdPlan } from "../etcdPlan.ts";
import type { MachineFile, MachineStep } from "../machine.ts";
import { etcdPkiDir } from "../pki.ts";
import { ports } from "../ports.ts";
import { clientFiles } from "./etcdClient.ts";
import { libraryDir, script, stepScript, unit } from "./pki.ts";
import { shellVariables, type Templates } from "./template.ts";

const etcdLibrary = `${libraryDir}/etcd`;
const configFile = "/etc/etcd/etcd.yaml";

/**
 * Step "etcd" of one member. Its machines are provisioned in parallel: on first boot they need each
 * other; later restarts are serialised by a lock in etcd (docs/decisions/0005-etcd-start.md).
 */
export function etcdStep(
  templates: Templates,
  plan: EtcdPlan,
  member: EtcdMemberPlan,
): MachineStep {
  const etcdScript = (name: string): MachineFile =>
    script(templates, `etcd/${name}`, `${etcdLibrary}/${name}`);
  return {
    name: "etcd",
    script: stepScript("etcd"),
    oneAtATime: true,
    files: [
      script(templates, "etcd/step.sh", stepScript("etcd")),
      script(templates, "etcd/gate.sh", stepScript("etcd-gate")),
      script(templates, "etcd/undo.sh", stepScript("etcd-undo")),
      { path: configFile, mode: "0644", text: etcdYaml(plan, member) },
      { path: "/etc/quorum/etcd/member.env", mode: "0644", text: memberEnv(plan, member) },
      ...[
        "start-decision.sh",
        "members.sh",
        "inputs-digest.sh",
        "settle.sh",
        "restart.sh",
        "hand-over-leadership.sh",
        "maintenance.sh",
      ].map(etcdScript),
      unit(templates, "etcd/etcd.service", {
        MEMBER: member.name,
        CLUSTER: plan.clusterName,
        DATA_DIR: plan.dataDir,
      }),
      unit(templates, "etcd/etcd-settle.service"),
      unit(templates, "etcd/etcd-maintenance.service"),
      unit(templates, "etcd/etcd-maintenance.timer"),
      ...clientFiles(templates, plan, member.address, "member"),
    ],
  };
}

const peerUrl = ({ address }: EtcdMemberPlan): string => `https://${address}:${ports.etcdPeer}`;
const clientUrl = ({ address }: EtcdMemberPlan): string => `https://${address}:${ports.etcdClient}`;

/**
 * etcd's configuration without "initial-cluster" and "initial-cluster-state": the start decision
 * adds these. Durations are left at etcd's defaults or written as text, because etcd's file takes
 * integers as nanoseconds.
 */
export function etcdYaml(plan: EtcdPlan, member: EtcdMemberPlan): string {
  const here = (port: number): string =>
    `https://${member.address}:${port},https://127.0.0.1:${port}`;
  const tls = (pair: string, authority: string): object => ({
    "cert-file": `${etcdPkiDir}/${pair}.crt`,
    "key-file": `${etcdPkiDir}/${pair}.key`,
    "trusted-ca-file": `${etcdPkiDir}/${authority}.crt`,
    "client-cert-auth": true,
  });
  return stringify({
    name: member.name,
    "data-dir": plan.dataDir,
    "listen-peer-urls": peerUrl(member),
    "listen-client-urls": here(ports.etcdClient),
    // HTTP handlers on a port of their own: sharing one with gRPC starves watches.
    "listen-client-http-urls": here(ports.etcdHttp),
    "listen-metrics-urls": here(ports.etcdMetrics),
    "initial-advertise-peer-urls": peerUrl(member),
    "advertise-client-urls": clientUrl(member),
    "initial-cluster-token": plan.clusterName,
    "heartbeat-interval": 100,
    "election-timeout": 1000,
    "quota-backend-bytes": plan.quotaBytes,
    // A backstop: the apiservers compact every five minutes.
    "auto-compaction-mode": "periodic",
    "auto-compaction-retention": "8h",
    "snapshot-count": 10000,
    "strict-reconfig-check": true,
    "pre-vote": true,
    "feature-gates": "InitialCorruptCheck=true,CompactHashCheck=true",
    "client-transport-security": tls("server", "client-ca"),
    "peer-transport-security": tls("peer", "peer-ca"),
    "tls-min-version": "TLS1.3",
    logger: "zap",
    "log-outputs": ["stderr"],
  });
}

/** What the scripts of an etcd machine know. */
function memberEnv(plan: EtcdPlan, member: EtcdMemberPlan): string {
  const others = plan.members.filter(({ name }) => name !== member.name);
  return shellVariables({
    CLUSTER: plan.clusterName,
    NAME: member.name,
    ADDRESS: member.address,
    PEER_PORT: ports.etcdPeer,
    PEER_URL: peerUrl(member),
    CLIENT_URL: clientUrl(member),
    MEMBERS: plan.members.map((one) => `${one.name}=${peerUrl(one)}`).join(" "),
    OTHER_CLIENT_URLS: others.map(clientUrl).join(","),
    MARKER_HOSTS: [...others.map(({ address }) => address), ...plan.markerHolders].join(" "),
    MARKER_PORT: ports.etcdMarker,
    QUOTA_BYTES: plan.quotaBytes,
    CONFIG_FILE: configFile,
    PKI_DIR: etcdPkiDir,
    DATA_DIR: plan.dataDir,
    STATE_DIR: "/var/lib/quorum/etcd",
    RUN_DIR: "/run/quorum/etcd",
  });
}
