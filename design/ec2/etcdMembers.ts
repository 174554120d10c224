import { formatAddress, parseCidr } from "../../config/cidr.ts";
import type { Ec2Config } from "../../config/schema.ts";
import type { EtcdPlan } from "../etcdPlan.ts";
import type { NetworkPlan } from "../network.ts";
import { ec2Names } from "./names.ts";

/** One member: what stays when its machine is replaced. */
export interface Ec2MemberPlan {
  /** Member name, e.g. "etcd-eu-west-1a". */
  name: string;
  zone: string;
  /** Of the network interface that outlives the machine. */
  address: string;
  dnsName: string;
}

/** Block of the isolated subnet that AWS hands out to nobody by itself. */
export interface ReservedBlock {
  zone: string;
  cidr: string;
}

const bytesPerGiB = 1024 ** 3;
/** A /28, the smallest that AWS reserves; it begins behind the addresses that AWS keeps. */
const reserved = { prefix: 28, offset: 16 };

/** One member in each of the first three zones, in the subnet that has no way out. */
export function planMembers(config: Ec2Config, network: NetworkPlan): Ec2MemberPlan[] {
  const { domain } = ec2Names(config.name, config.accountId, config.region);
  return network.anchorZones.map((zone) => {
    const name = `etcd-${zone}`;
    return {
      name,
      zone,
      address: formatAddress(blockStart(network, zone) + 1),
      dnsName: `${name}.${domain}`,
    };
  });
}

export function reservedBlocks(network: NetworkPlan): ReservedBlock[] {
  return network.anchorZones.map((zone) => ({
    zone,
    cidr: `${formatAddress(blockStart(network, zone))}/${reserved.prefix}`,
  }));
}

function blockStart(network: NetworkPlan, zone: string): number {
  const subnets = network.zones.find((one) => one.zone === zone)?.subnets;
  const range = parseCidr(subnets?.isolated.cidr ?? "");
  if (range === undefined) throw new RangeError(`the network has no zone ${zone}`);
  return range.start + reserved.offset;
}

/** The cluster as its machine files see it; the marker is kept in SSM, not on control planes. */
export function ec2EtcdPlan(config: Ec2Config, members: readonly Ec2MemberPlan[]): EtcdPlan {
  const { intervalMinutes, keep } = config.etcd.snapshots;
  return {
    clusterName: config.name,
    members: members.map(({ name, address }) => ({ name, address })),
    markerHolders: [],
    dataDir: etcdDataDir,
    quotaBytes: config.etcd.quotaGiB * bytesPerGiB,
    snapshots: { intervalMinutes, keep },
  };
}

/** Where the data volume is mounted. */
export const etcdDataDir = "/var/lib/etcd";
