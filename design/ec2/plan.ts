import { type Architecture, type InstanceType, instanceTypes } from "../../config/aws.ts";
import type { Ec2Config, Ec2EtcdConfig } from "../../config/schema.ts";
import { planClusterLayer } from "../clusterLayer.ts";
import { byFailureDomain, type Placement } from "../failureDomains.ts";
import { planNetwork } from "../network.ts";
import { dnsRequests } from "../render/clusterServices.ts";
import type { Templates } from "../render/template.ts";
import { clusterTags } from "../tags.ts";
import { planClusterAccess } from "./clusterAccess.ts";
import { ec2Endpoints } from "./endpoints.ts";
import { ec2EtcdPlan, etcdDataDir, planMembers, reservedBlocks } from "./etcdMembers.ts";
import { planEc2Firewall } from "./firewall.ts";
import { planEc2Keys } from "./keys.ts";
import { ec2KubernetesPlan } from "./kubernetes.ts";
import { controlPlaneMachine, etcdMachine, type FileSources } from "./machineFiles.ts";
import type { MachineGroupPlan } from "./machineGroup.ts";
import { type Ec2Role, ec2Names } from "./names.ts";
import { planEc2Pools } from "./pools.ts";
import { planEc2Roles } from "./roles.ts";

/** Everything decided about a self-managed cluster on EC2, as plain values. */
export type Ec2Plan = ReturnType<typeof planEc2>;

/** The plan of a stack of platform "ec2". Pure: the same config gives the same text. */
export function planEc2(config: Ec2Config, templates: Templates) {
  const names = ec2Names(config.name, config.accountId, config.region);
  const network = planNetwork(config, ec2Endpoints);
  const members = planMembers(config, network);
  const etcd = ec2EtcdPlan(config, members);
  const kubernetes = ec2KubernetesPlan(config);
  const sources: FileSources = { config, templates, kubernetes, etcd };
  const pools = planEc2Pools(config, sources);
  return {
    platform: "ec2" as const,
    name: config.name,
    names,
    region: config.region,
    accountId: config.accountId,
    tags: clusterTags(config),
    network,
    firewall: planEc2Firewall(config),
    keys: planEc2Keys(config),
    roles: planEc2Roles(config),
    machineImage: config.machineImage,
    kubernetes,
    dns: {
      replicas: config.zones.length,
      spread: "zone" as const,
      ...dnsRequests,
      nodeTaintsPolicy: "Honor" as const,
    },
    etcd: {
      clientUrls: members.map(({ address }) => `https://${address}:2379`),
      reservedBlocks: reservedBlocks(network),
      members: etcdMachines(sources, members),
    },
    controlPlanes: controlPlaneMachines(sources, network.anchorZones),
    pools,
    layer: planClusterLayer(config),
    access: planClusterAccess(config, names),
    snapshots: { retentionDays: config.etcd.snapshots.retentionDays },
    logRetentionDays: config.logRetentionDays,
    deletionProtection: config.deletionProtection,
    failureDomains: byFailureDomain([
      ...network.zones.map(({ zone }) => ({ group: "nat-gateway", member: zone, zone })),
      ...members.map(({ name, zone }) => ({ group: "etcd", member: name, zone })),
      ...network.anchorZones.map((zone) => ({ group: "control-plane", member: zone, zone })),
      ...pools.flatMap((pool): Placement[] =>
        pool.groups.map(({ zone, desiredNodes }) => ({
          group: `pool/${pool.name}`,
          member: `${desiredNodes} nodes`,
          zone,
        })),
      ),
    ]),
  };
}

function etcdMachines(sources: FileSources, members: ReturnType<typeof planMembers>) {
  const { config } = sources;
  return members.map((member, order) => ({
    ...member,
    volume: dataVolume(config.etcd),
    group: {
      ...machineGroup(config, "etcd", member.zone, config.etcd),
      files: etcdMachine(sources, member, order),
      member: { name: member.name, mountPoint: etcdDataDir },
    },
  }));
}

function controlPlaneMachines(sources: FileSources, zones: readonly string[]) {
  const { config } = sources;
  return zones.map((zone, order) => ({
    zone,
    ...sizeOf(config.controlPlane.instanceType),
    group: {
      ...machineGroup(config, "control-plane", zone, config.controlPlane),
      files: controlPlaneMachine(sources, zone, order),
    },
  }));
}

function dataVolume({ dataVolumeGiB, dataVolumeIops }: Ec2EtcdConfig) {
  // 125 MiB/s are included and more than a disk of this size needs.
  return { sizeGiB: dataVolumeGiB, iops: dataVolumeIops, throughputMiBps: 125 };
}

/** A group of one machine. */
function machineGroup(
  config: Ec2Config,
  role: Ec2Role,
  zone: string,
  { instanceType, volumeGiB }: { instanceType: string; volumeGiB: number },
): Omit<MachineGroupPlan, "files"> {
  return {
    name: `${config.name}-${role}-${zone}`,
    role,
    place: zone,
    architecture: architectureOf(instanceType),
    instanceType,
    volumeGiB,
  };
}

function architectureOf(type: string): Architecture {
  return knownType(type).architecture;
}

/** What the machine has: some pods run on control planes alone. */
function sizeOf(type: string) {
  const { cpus, memoryGiB } = knownType(type);
  return { cpus, memoryGiB };
}

function knownType(type: string): InstanceType {
  const known = instanceTypes.get(type);
  if (known === undefined) throw new RangeError(`${type} should have been refused`);
  return known;
}
