import type { Raw } from "./fixtures.ts";

/** Turns a fixture into one that asks for every backend and option there is. */
export const everything = (platform: "eks" | "ec2") => (raw: Raw) => {
  raw.pools.disks = diskPool(raw);
  const options = { fileSystem: true, objectStore: true, alerts: true };
  raw.storage = [
    { backend: "ebs" },
    { backend: "rook-ceph", pool: "disks", ...options },
    { backend: "portworx", pool: "disks", licensed: true },
  ];
  raw.namespaces = { shop: { quota: { pods: 10 } } };
  raw.ingress = ingress(platform);
};

/** A pool that may carry storage: one node in each zone. */
export function diskPool(raw: Raw): Raw {
  return {
    ...raw.pools.general,
    minNodes: 2,
    nodesPerZone: { min: 1, desired: 1, max: 1 },
  };
}

export function ingress(platform: "eks" | "ec2"): Raw {
  const https = { port: 443, podPort: 8443 };
  return {
    selector: { "app.kubernetes.io/name": "gateway" },
    listeners: { https: platform === "eks" ? https : { ...https, nodePort: 30443 } },
  };
}
