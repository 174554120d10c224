import type { HostsCephConfig } from "../clusterLayer.ts";
import type { Finding } from "../errors.ts";
import type { HostConfig } from "../schema.ts";
import { repeated } from "./storage.ts";
import { copiesApart, quorumZones } from "./storagePool.ts";

interface Storage {
  hosts: Record<string, HostConfig>;
  storage: HostsCephConfig[];
}

/** Ceph once; whole disks of known workers, in as many zones as it keeps copies. */
export function hostsStorage({ hosts, storage }: Storage): Finding[] {
  return storage.flatMap((entry, index) => {
    const key = `storage[${index}]`;
    return [
      ...repeated(storage, index),
      ...Object.entries(entry.disks).flatMap(([host, paths]) =>
        disksOf(`${key}.disks.${host}`, paths, hosts[host]),
      ),
      ...zones(key, entry, hosts),
    ];
  });
}

/** A path that names the same disk after a restart, or at least none that is a partition of the system. */
const diskPath = /^\/dev\/[A-Za-z0-9/_:.+-]+$/;

function disksOf(key: string, paths: string[], host: HostConfig | undefined): Finding[] {
  if (host === undefined || !host.roles.includes("worker"))
    return [
      {
        key,
        value: undefined,
        remedy: "Name a host of the stack that is a worker.",
        rule: "Ceph's pods run on workers.",
      },
    ];
  if (paths.length === 0)
    return [
      {
        key,
        value: paths,
        remedy: "List its disks, or remove the host.",
        rule: "Data needs a disk to be on.",
      },
    ];
  return paths
    .map((path, index) => ({ path, index }))
    .filter(({ path, index }) => !diskPath.test(path) || paths.indexOf(path) !== index)
    .map(({ path, index }) => ({
      key: `${key}[${index}]`,
      value: path,
      remedy: 'Write each disk once, by a path such as "/dev/disk/by-id/…".',
      rule: "Everything on the disk is lost, so it is named exactly.",
    }));
}

function zones(
  key: string,
  { disks, replicas }: HostsCephConfig,
  hosts: Record<string, HostConfig>,
): Finding[] {
  const places = new Set(Object.keys(disks).flatMap((name) => hosts[name]?.zone ?? [])).size;
  const findings: Finding[] = [];
  if (places < quorumZones)
    findings.push({
      key: `${key}.disks`,
      value: Object.keys(disks),
      remedy: `Name disks of hosts in ${quorumZones} zones or more.`,
      rule: `Of ${places} zones one holds half of the monitors or more: its loss stops rook-ceph.`,
    });
  return [...findings, ...copiesApart(key, replicas, places)];
}
