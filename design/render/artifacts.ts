import { releaseDigests, releaseFiles } from "../../config/releaseDigests.ts";
import type { DownloadConfig, HostRole } from "../../config/schema.ts";
import type { SelfManagedVersions } from "../../config/versions.ts";
import type { MachineStep } from "../machine.ts";
import { script, stepScript } from "./pki.ts";
import type { Templates } from "./template.ts";

/**
 * Step "artifacts": fetches what the roles run, each file checked by its SHA-256.
 * @throws Error on a file without a digest: a parsed config has one for each.
 */
export function artifactsStep(
  templates: Templates,
  artifacts: DownloadConfig,
  versions: SelfManagedVersions,
  roles: readonly HostRole[],
): MachineStep {
  const files = releaseFiles(versions, artifacts.architecture);
  const isNode = roles.includes("control-plane") || roles.includes("worker");
  // A control plane asks etcd for locks and takes its snapshots.
  const needsEtcd = roles.includes("etcd") || roles.includes("control-plane");
  const wanted = [...(needsEtcd ? files.etcd : []), ...(isNode ? files.node : [])];
  const lines = wanted.map(({ name, url, target, members = [] }) => {
    const digest = artifacts.digests[name] ?? releaseDigests[name];
    if (digest === undefined) throw new Error(`${name} has no digest`);
    return `${[digest, at(url, artifacts.mirror), target, ...members].join(" ")}\n`;
  });
  return {
    name: "artifacts",
    script: stepScript("artifacts"),
    oneAtATime: false,
    files: [
      script(templates, "artifacts/artifacts.sh", stepScript("artifacts")),
      { path: "/etc/quorum/artifacts", mode: "0644", text: lines.join("") },
    ],
  };
}

/** A mirror keeps the original host as the first part of its path. */
function at(url: string, mirror: string | undefined): string {
  return mirror === undefined
    ? url
    : `${mirror.replace(/\/$/, "")}/${url.slice("https://".length)}`;
}
