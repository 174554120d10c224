import { closest } from "fastest-levenshtein";
import { type Architecture, instanceTypes } from "../aws.ts";
import type { Finding } from "../errors.ts";
import type { Ec2EtcdConfig, Ec2MachineConfig, MachineImageConfig, PoolConfig } from "../schema.ts";

interface Machines {
  machineImage: MachineImageConfig;
  etcd: Ec2EtcdConfig;
  controlPlane: Ec2MachineConfig;
  pools: Record<string, PoolConfig>;
}

/** Known types that are large enough, and an image for each architecture in use. */
export function machines({ machineImage, etcd, controlPlane, pools }: Machines): Finding[] {
  const roles = [
    { key: "etcd", machine: etcd, memoryGiB: 2 },
    // kubeadm's own minimum is 1.7 GB; the API server alone takes more under load.
    { key: "controlPlane", machine: controlPlane, memoryGiB: 4 },
  ];
  const users = new Map<Architecture, string>();
  for (const { key, machine } of roles) {
    const type = instanceTypes.get(machine.instanceType);
    if (type !== undefined) users.set(type.architecture, `${key}.instanceType`);
  }
  for (const [name, pool] of Object.entries(pools)) users.set(pool.architecture, `pools.${name}`);
  return [
    ...image(machineImage, users),
    ...roles.flatMap(({ key, machine, memoryGiB }) => machineType(key, machine, memoryGiB)),
  ];
}

/** EC2's own limits of a name, without what a filter would read as a pattern. */
const imageName = /^[A-Za-z0-9()[\] ./'@_-]{3,128}$/;

function image(
  { ownerId, names }: MachineImageConfig,
  users: ReadonlyMap<Architecture, string>,
): Finding[] {
  const findings: Finding[] = [];
  if (!/^\d{12}$/.test(ownerId))
    findings.push({
      key: "machineImage.ownerId",
      value: ownerId,
      remedy: 'Write the twelve digits of the owner in quotes, e.g. "123456789012".',
      rule: "An alias or nobody in particular would let others publish an image under the name.",
    });
  for (const [architecture, name] of Object.entries(names))
    if (!imageName.test(name))
      findings.push({
        key: `machineImage.names.${architecture}`,
        value: name,
        remedy: "Write the exact name, 3 to 128 characters, without * or ?.",
        rule: "A pattern would choose another image on another day.",
      });
  for (const [architecture, user] of users)
    if (names[architecture] === undefined)
      findings.push({
        key: `machineImage.names.${architecture}`,
        value: undefined,
        remedy: `Name an image for ${architecture}, or use types of another architecture.`,
        rule: `It is what ${user} runs on.`,
      });
  return findings;
}

function machineType(key: string, machine: Ec2MachineConfig, memoryGiB: number): Finding[] {
  const findings: Finding[] = [];
  const type = instanceTypes.get(machine.instanceType);
  if (type === undefined)
    findings.push({
      key: `${key}.instanceType`,
      value: machine.instanceType,
      remedy: `Use a known type, e.g. "${closest(machine.instanceType.slice(0, 40), [...instanceTypes.keys()])}".`,
      rule: "Only types in config/aws.ts have a known architecture and size.",
    });
  else if (type.memoryGiB < memoryGiB)
    findings.push({
      key: `${key}.instanceType`,
      value: machine.instanceType,
      remedy: `Use a type with ${memoryGiB} GiB or more.`,
      rule: `It has ${type.memoryGiB} GiB of memory.`,
    });
  if (machine.volumeGiB < 20 || machine.volumeGiB > 16384)
    findings.push({
      key: `${key}.volumeGiB`,
      value: machine.volumeGiB,
      remedy: "Use 20 to 16384.",
      rule: "Less than 20 GiB fills up with images and logs; gp3 ends at 16 TiB.",
    });
  return findings;
}

/** Largest quota whose snapshot still fits one upload to S3. */
const largestQuotaGiB = 4;

/** Data volume, quota and snapshots of etcd. */
export function ec2Etcd({ etcd }: { etcd: Ec2EtcdConfig }): Finding[] {
  const { quotaGiB, dataVolumeGiB, dataVolumeIops, snapshots } = etcd;
  const limits: [string, number, number, number, string][] = [
    ["quotaGiB", quotaGiB, 0.1, largestQuotaGiB, "A snapshot is one upload to S3: 5 GiB at most."],
    [
      "dataVolumeGiB",
      dataVolumeGiB,
      Math.ceil(quotaGiB * 2.5),
      16384,
      "etcd writes a second copy when it is defragmented, and keeps a log: 2.5 times the quota.",
    ],
    ["dataVolumeIops", dataVolumeIops, 3000, 16000, "gp3 offers no other number."],
    [
      "snapshots.intervalMinutes",
      snapshots.intervalMinutes,
      1,
      1440,
      "It bounds how much a restore can lose.",
    ],
    ["snapshots.keep", snapshots.keep, 1, 1000, "Without a snapshot nothing can be restored."],
    ["snapshots.retentionDays", snapshots.retentionDays, 1, 3650, "S3 locks whole days."],
  ];
  return limits
    .filter(([, value, least, most]) => !(value >= least && value <= most))
    .map(([key, value, least, most, rule]) => ({
      key: `etcd.${key}`,
      value,
      remedy: `Use ${least} to ${most}.`,
      rule,
    }));
}
