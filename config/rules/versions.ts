import type { Finding } from "../errors.ts";
import { eksVersions, selfManagedVersions } from "../versions.ts";

/** Only minors whose add-on builds are known. */
export function eksVersion({ kubernetes }: { kubernetes: { version: string } }): Finding[] {
  return knownVersion(
    kubernetes.version,
    Object.keys(eksVersions),
    "Each EKS minor needs its own add-on builds, listed in config/versions.ts.",
  );
}

/** Only patch releases that were tried together with their etcd, containerd and images. */
export function selfManagedVersion({ kubernetes }: { kubernetes: { version: string } }): Finding[] {
  return knownVersion(
    kubernetes.version,
    Object.keys(selfManagedVersions),
    "A self-managed release is pinned to the patch, with all that belongs to it, in config/versions.ts.",
  );
}

function knownVersion(version: string, known: readonly string[], rule: string): Finding[] {
  if (known.includes(version)) return [];
  return [
    {
      key: "kubernetes.version",
      value: version,
      remedy: `Use ${known.map((one) => `"${one}"`).join(", ")}.`,
      rule,
    },
  ];
}
