import type { EtcdPlan } from "../etcdPlan.ts";
import type { MachineFile, MachineStep } from "../machine.ts";
import { etcdPkiDir, kubernetesPkiDir } from "../pki.ts";
import { ports } from "../ports.ts";
import { libraryDir, script, stepScript, unit } from "./pki.ts";
import { shellVariables, type Templates } from "./template.ts";

/** Where snapshots of etcd lie on a control plane; each is root's alone. */
export const snapshotDir = "/var/lib/quorum/snapshots";

/** "member": has an etcd of its own, so its client certificate too. */
export type EtcdClientKind = "member" | "control-plane";

const certificates: Record<EtcdClientKind, { pair: string; authority: string }> = {
  member: { pair: `${etcdPkiDir}/client`, authority: `${etcdPkiDir}/client-ca.crt` },
  "control-plane": {
    pair: `${kubernetesPkiDir}/apiserver-etcd-client`,
    authority: `${kubernetesPkiDir}/etcd/ca.crt`,
  },
};

/** What every machine with access to etcd has: where it is, a lock in it, and the marker. */
export function clientFiles(
  templates: Templates,
  plan: EtcdPlan,
  address: string,
  kind: EtcdClientKind,
): MachineFile[] {
  const { pair, authority } = certificates[kind];
  const endpoints = plan.members.map((one) => `https://${one.address}:${ports.etcdClient}`);
  return [
    {
      path: "/etc/quorum/etcd/client.env",
      mode: "0644",
      text: shellVariables({
        ETCDCTL_ENDPOINTS: endpoints.join(","),
        ETCDCTL_CACERT: authority,
        ETCDCTL_CERT: `${pair}.crt`,
        ETCDCTL_KEY: `${pair}.key`,
      }),
    },
    script(templates, "etcd/with-lock.sh", "/usr/local/bin/quorum-with-lock"),
    script(templates, "etcd/wait-healthy.sh", `${libraryDir}/etcd/wait-healthy.sh`),
    unit(templates, "etcd/quorum-etcd-marker.socket", {
      ADDRESS: address,
      PORT: ports.etcdMarker,
    }),
    unit(templates, "etcd/quorum-etcd-marker@.service"),
  ];
}

/** Step "etcd-client" of a control plane: waits until etcd is formed, and remembers that it was. */
export function etcdClientStep(
  templates: Templates,
  plan: EtcdPlan,
  address: string,
  kind: EtcdClientKind,
): MachineStep {
  return {
    name: "etcd-client",
    script: stepScript("etcd-client"),
    oneAtATime: false,
    files: [
      script(templates, "etcd/client-step.sh", stepScript("etcd-client")),
      script(templates, "etcd/client-undo.sh", stepScript("etcd-client-undo")),
      ...clientFiles(templates, plan, address, kind),
    ],
  };
}

/** Step "etcd-snapshots" of a control plane: snapshots by timer, verified, the newest kept. */
export function etcdSnapshotsStep(templates: Templates, plan: EtcdPlan): MachineStep {
  const { intervalMinutes, keep } = plan.snapshots;
  return {
    name: "etcd-snapshots",
    script: stepScript("etcd-snapshots"),
    oneAtATime: false,
    files: [
      script(templates, "etcd/snapshot-step.sh", stepScript("etcd-snapshots")),
      script(templates, "etcd/snapshot-undo.sh", stepScript("etcd-snapshots-undo")),
      script(templates, "etcd/snapshot.sh", `${libraryDir}/etcd/snapshot.sh`),
      {
        path: "/etc/quorum/etcd/snapshot.env",
        mode: "0644",
        text: shellVariables({ SNAPSHOT_DIR: snapshotDir, KEEP: keep }),
      },
      unit(templates, "etcd/etcd-snapshot.service"),
      unit(templates, "etcd/etcd-snapshot.timer", { INTERVAL_MINUTES: intervalMinutes }),
    ],
  };
}
