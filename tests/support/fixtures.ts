import { parseConfig } from "../../config/parse.ts";
import type { Ec2Config, EksConfig, HostsConfig } from "../../config/schema.ts";

// biome-ignore lint/suspicious/noExplicitAny: raw settings are what tests break, one field at a time.
export type Raw = any;

/** A valid stack of platform "eks" with few keys; a fresh copy each time. */
export function rawEks(): Raw {
  return {
    platform: "eks",
    name: "demo",
    region: "us-west-2",
    accountId: "123456789012",
    zones: ["us-west-2a", "us-west-2b", "us-west-2c"],
    kubernetes: { version: "1.36" },
    network: { cidr: "10.20.0.0/16" },
    admins: { ops: { principalArn: "arn:aws:iam::123456789012:role/ops" } },
    pools: {
      general: {
        instanceTypes: ["m7i.xlarge"],
        architecture: "x86_64",
        minNodes: 4,
        nodesPerZone: { min: 2, desired: 2, max: 6 },
      },
    },
  };
}

/** A valid stack of platform "hosts": three zones, every role apart. */
export function rawHosts(): Raw {
  const host = (address: string, zone: string, ...roles: string[]) => ({ address, zone, roles });
  return {
    platform: "hosts",
    name: "demo",
    kubernetes: { version: "1.36.3" },
    hosts: {
      "etcd-a": host("192.0.2.11", "a", "etcd"),
      "etcd-b": host("192.0.2.12", "b", "etcd"),
      "etcd-c": host("192.0.2.13", "c", "etcd"),
      "control-a": host("192.0.2.21", "a", "control-plane"),
      "control-b": host("192.0.2.22", "b", "control-plane"),
      "control-c": host("192.0.2.23", "c", "control-plane"),
      "balancer-a": host("192.0.2.31", "a", "load-balancer"),
      "balancer-b": host("192.0.2.32", "b", "load-balancer"),
      "worker-a": host("192.0.2.41", "a", "worker"),
    },
    ssh: { privateKeyFile: "/root/.ssh/id_ed25519" },
    api: { vip: "192.0.2.10" },
    podNetwork: "routed",
    artifacts: { source: "preinstalled" },
  };
}

/** A valid stack of platform "ec2" with few keys. */
export function rawEc2(): Raw {
  return {
    platform: "ec2",
    name: "demo",
    region: "eu-west-1",
    accountId: "123456789012",
    zones: ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
    kubernetes: { version: "1.36.3" },
    network: { cidr: "10.30.0.0/16" },
    machineImage: {
      ownerId: "123456789012",
      names: { arm64: "quorum-arm64", x86_64: "quorum-x86_64" },
    },
    etcd: { instanceType: "m7g.large" },
    controlPlane: { instanceType: "m7g.xlarge" },
    pools: {
      general: {
        instanceTypes: ["m7i.xlarge", "m6i.xlarge"],
        architecture: "x86_64",
        minNodes: 4,
        nodesPerZone: { min: 2, desired: 2, max: 6 },
      },
    },
  };
}

/** A valid stack of platform "workers". */
export function rawWorkers(): Raw {
  return {
    platform: "workers",
    name: "quorum-hybrid",
    attachTo: {
      stack: "organization/quorum/hybrid",
      region: "eu-west-1",
      accountId: "123456789012",
    },
    kubernetes: { version: "1.36.3" },
    hosts: {
      "branch-1": { address: "192.0.2.11", zone: "rack-1" },
      "branch-2": { address: "192.0.2.12", zone: "rack-2" },
    },
    ssh: { privateKeyFile: "../keys/id_ed25519" },
    artifacts: { source: "preinstalled" },
  };
}

/** The parsed form, after `change` has had its way with the raw one. */
export function eksConfig(change: (raw: Raw) => void = () => {}): EksConfig {
  const raw = rawEks();
  change(raw);
  return parseConfig(raw) as EksConfig;
}

export function hostsConfig(change: (raw: Raw) => void = () => {}): HostsConfig {
  const raw = rawHosts();
  change(raw);
  return parseConfig(raw) as HostsConfig;
}

/** Three workers, "worker-1" to "worker-3", one in each zone, with these disks for Ceph. */
export function hostsWithDisks(disks: Record<string, string[]>): {
  config: HostsConfig;
  storage: HostsConfig["storage"][number];
} {
  const config = hostsConfig((raw) => {
    for (const [index, zone] of ["a", "b", "c"].entries())
      raw.hosts[`worker-${index + 1}`] = {
        address: `192.0.2.5${index}`,
        zone,
        roles: ["worker"],
      };
    raw.storage = [{ backend: "rook-ceph", disks }];
  });
  const [storage] = config.storage;
  if (storage === undefined) throw new Error("the stack has no storage");
  return { config, storage };
}

export function ec2Config(change: (raw: Raw) => void = () => {}): Ec2Config {
  const raw = rawEc2();
  change(raw);
  return parseConfig(raw) as Ec2Config;
}
