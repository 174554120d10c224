import type { HostRole } from "../config/schema.ts";
import type { RootSecret } from "./machine.ts";

/** Certificate authorities; each is two root secrets, `<name>.crt` and `<name>.key`. */
export type AuthorityName = "kubernetes-ca" | "front-proxy-ca" | "etcd-peer-ca" | "etcd-client-ca";

export interface AuthorityPlan {
  name: AuthorityName;
  /** Distinct per authority, so that a chain cannot be built across two of them. */
  commonName: string;
  lifetimeDays: number;
}

/** Ten years: as kubeadm's own authorities; replacing one is a rotation, not a renewal. */
const authorityLifetimeDays = 3650;

/** One year, as kubeadm's leaves; renewed on the machine when two thirds are gone. */
const leafLifetimeHours = 365 * 24;

/** The authorities of one cluster. */
export function authorities(clusterName: string): AuthorityPlan[] {
  const names: AuthorityName[] = [
    "kubernetes-ca",
    "front-proxy-ca",
    "etcd-peer-ca",
    "etcd-client-ca",
  ];
  return names.map((name) => ({
    name,
    commonName: `${clusterName}-${name}`,
    lifetimeDays: authorityLifetimeDays,
  }));
}

/** A certificate that the machine mints for itself and renews. */
export interface LeafPlan {
  /** Kebab-case, unique on the machine. */
  name: string;
  issuer: AuthorityName;
  certificateFile: string;
  keyFile: string;
  /** User that reads the key; its mode is 0600. */
  owner: string;
  commonName: string;
  dnsNames: string[];
  ipAddresses: string[];
  usages: ("serverAuth" | "clientAuth")[];
  lifetimeHours: number;
}

/** A root (or the public half of one) put where a program looks for it. */
export interface PlacementPlan {
  root: RootSecret;
  /** "public-key": only the public half of a key. */
  form: "whole" | "public-key";
  path: string;
  mode: "0600" | "0644";
  owner: string;
}

export interface MachinePki {
  leaves: LeafPlan[];
  placements: PlacementPlan[];
}

/** What a machine needs to know about itself to name its certificates. */
export interface PkiSubject {
  name: string;
  address: string;
  roles: readonly HostRole[];
  /** Further names of the machine, for its server certificates. Default: none. */
  dnsNames?: readonly string[];
}

export const etcdPkiDir = "/etc/etcd/pki";
export const kubernetesPkiDir = "/etc/kubernetes/pki";

/** Certificates and placed roots of one machine, by its roles. */
export function machinePki(subject: PkiSubject): MachinePki {
  const parts = subject.roles.map((role) => pkiOf[role](subject));
  return {
    leaves: parts.flatMap((part) => part.leaves),
    placements: uniqueByPath(parts.flatMap((part) => part.placements)),
  };
}

/** Root secrets that a machine of these roles must hold, and no others. */
export function secretsFor(roles: readonly HostRole[]): RootSecret[] {
  const subject = { name: "any", address: "any", roles };
  const { leaves, placements } = machinePki(subject);
  const roots = leaves.flatMap(({ issuer }): RootSecret[] => [`${issuer}.crt`, `${issuer}.key`]);
  const all = new Set([...placements.map(({ root }) => root), ...roots]);
  if (roles.includes("control-plane")) all.add("secrets-encryption.key");
  return [...all].sort();
}

const pkiOf: Record<HostRole, (subject: PkiSubject) => MachinePki> = {
  etcd: (subject) => ({
    leaves: [
      // etcd compares a peer's source address with its names, hence the address here.
      leaf("etcd-peer", "etcd-peer-ca", subject, {
        file: `${etcdPkiDir}/peer`,
        usages: ["serverAuth", "clientAuth"],
        dnsNames: [subject.name, ...(subject.dnsNames ?? [])],
        ipAddresses: [subject.address],
      }),
      // clientAuth too: etcd's HTTP gateway presents the server certificate to itself.
      leaf("etcd-server", "etcd-client-ca", subject, {
        file: `${etcdPkiDir}/server`,
        usages: ["serverAuth", "clientAuth"],
        dnsNames: [subject.name, ...(subject.dnsNames ?? []), "localhost"],
        ipAddresses: [subject.address, "127.0.0.1"],
      }),
      leaf("etcd-local-client", "etcd-client-ca", subject, {
        file: `${etcdPkiDir}/client`,
        usages: ["clientAuth"],
      }),
    ].map((one) => ({ ...one, owner: "etcd" })),
    placements: [
      certificate("etcd-peer-ca.crt", `${etcdPkiDir}/peer-ca.crt`),
      certificate("etcd-client-ca.crt", `${etcdPkiDir}/client-ca.crt`),
    ],
  }),
  "control-plane": (subject) => ({
    leaves: [
      leaf("apiserver-etcd-client", "etcd-client-ca", subject, {
        file: `${kubernetesPkiDir}/apiserver-etcd-client`,
        usages: ["clientAuth"],
      }),
    ],
    placements: [
      certificate("kubernetes-ca.crt", `${kubernetesPkiDir}/ca.crt`),
      key("kubernetes-ca.key", `${kubernetesPkiDir}/ca.key`),
      certificate("front-proxy-ca.crt", `${kubernetesPkiDir}/front-proxy-ca.crt`),
      key("front-proxy-ca.key", `${kubernetesPkiDir}/front-proxy-ca.key`),
      key("service-account.key", `${kubernetesPkiDir}/sa.key`),
      { ...certificate("service-account.key", `${kubernetesPkiDir}/sa.pub`), form: "public-key" },
      certificate("etcd-client-ca.crt", `${kubernetesPkiDir}/etcd/ca.crt`),
    ],
  }),
  worker: () => ({
    leaves: [],
    placements: [certificate("kubernetes-ca.crt", `${kubernetesPkiDir}/ca.crt`)],
  }),
  "load-balancer": () => ({
    leaves: [],
    placements: [certificate("kubernetes-ca.crt", "/etc/haproxy/ca.crt")],
  }),
};

interface LeafShape {
  /** Path without its ending. */
  file: string;
  usages: LeafPlan["usages"];
  dnsNames?: string[];
  ipAddresses?: string[];
}

function leaf(
  name: string,
  issuer: AuthorityName,
  subject: PkiSubject,
  { file, usages, dnsNames = [], ipAddresses = [] }: LeafShape,
): LeafPlan {
  return {
    name,
    issuer,
    certificateFile: `${file}.crt`,
    keyFile: `${file}.key`,
    owner: "root",
    commonName: `${name}:${subject.name}`,
    dnsNames,
    ipAddresses,
    usages,
    lifetimeHours: leafLifetimeHours,
  };
}

function certificate(root: RootSecret, path: string): PlacementPlan {
  return { root, form: "whole", path, mode: "0644", owner: "root" };
}

function key(root: RootSecret, path: string): PlacementPlan {
  return { root, form: "whole", path, mode: "0600", owner: "root" };
}

function uniqueByPath(placements: PlacementPlan[]): PlacementPlan[] {
  return [...new Map(placements.map((placement) => [placement.path, placement])).values()];
}
