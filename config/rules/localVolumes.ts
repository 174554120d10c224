import type { Finding } from "../errors.ts";
import type { EtcdConfig, LocalVolumesConfig } from "../schema.ts";

interface Volumes {
  localVolumes?: LocalVolumesConfig | undefined;
  etcd: EtcdConfig;
}

/** Numbers above nothing, a class name that Kubernetes takes, a directory of its own. */
export function localVolumes({ localVolumes: volumes, etcd }: Volumes): Finding[] {
  if (volumes === undefined) return [];
  const { perHost, sizeGiB, storageClass, directory } = volumes;
  const findings: Finding[] = Object.entries({ perHost, sizeGiB })
    .filter(([, value]) => value < 1 || value > 10_000)
    .map(([name, value]) => ({
      key: `localVolumes.${name}`,
      value,
      remedy: "Use 1 to 10000, or leave localVolumes out.",
      rule: "A volume that is not there holds nothing.",
    }));
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(storageClass))
    findings.push({
      key: "localVolumes.storageClass",
      value: storageClass,
      remedy: 'Use a DNS label, e.g. "local-block".',
      rule: "It names a StorageClass.",
    });
  const sound = /^(\/[A-Za-z0-9._-]+)+$/.test(directory) && !directory.includes("/..");
  if (!sound || within(directory, etcd.dataDir) || within(etcd.dataDir, directory))
    findings.push({
      key: "localVolumes.directory",
      value: directory,
      remedy:
        'Use an absolute path without spaces, apart from etcd\'s, e.g. "/var/lib/quorum-volumes".',
      rule: "Pods write there, and scripts name it.",
    });
  return findings;
}

function within(inner: string, outer: string): boolean {
  return `${inner}/`.startsWith(`${outer}/`);
}
