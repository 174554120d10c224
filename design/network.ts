import { formatCidr, parseCidr, subnet } from "../config/cidr.ts";
import { type Tier, vpcLayout } from "../config/vpcLayout.ts";
import { type EndpointPlan, interfaceEndpoints } from "./endpoints.ts";
import { subnetTags } from "./tags.ts";

export interface SubnetPlan {
  tier: Tier;
  cidr: string;
  tags: Record<string, string>;
}

/** One zone's part of the network; it depends on no other zone, so that zones come and go alone. */
export interface ZoneNetworkPlan {
  /** Full name, e.g. "eu-west-1a". */
  zone: string;
  /** public: NAT gateway and load balancers; private: nodes and pods; isolated: no way out. */
  subnets: Record<Tier, SubnetPlan>;
}

export interface NetworkPlan {
  region: string;
  cidr: string;
  zones: ZoneNetworkPlan[];
  /**
   * The first three zones, which carry the control plane's and the endpoints' interfaces. Three
   * outlive the loss of one, and a further zone then changes nothing that exists.
   */
  anchorZones: string[];
  endpoints: EndpointPlan[];
}

const anchors = 3;

/** What of a stack decides its network. */
export interface NetworkSettings {
  region: string;
  zones: string[];
  network: { cidr: string };
}

/** The address plan of a VPC. The blocks are disjoint and inside the VPC. */
export function planNetwork(
  config: NetworkSettings,
  endpoints: EndpointPlan[] = interfaceEndpoints,
): NetworkPlan {
  return {
    region: config.region,
    cidr: config.network.cidr,
    zones: config.zones.map((zone) => planZone(config.network.cidr, zone)),
    anchorZones: config.zones.slice(0, anchors),
    endpoints,
  };
}

/** A zone's slot follows from its letter: neither order nor number of the zones moves an address. */
function planZone(vpcCidr: string, zone: string): ZoneNetworkPlan {
  const vpc = parseCidr(vpcCidr);
  if (vpc === undefined) throw new RangeError(`${vpcCidr} should have been refused as a VPC range`);
  const letter = zone.charCodeAt(zone.length - 1) - "a".charCodeAt(0);
  const slot = subnet(vpc, vpc.prefix + vpcLayout.zoneBits, letter);
  const plan = (tier: Tier): SubnetPlan => {
    const { bits, index } = vpcLayout.tiers[tier];
    const cidr = formatCidr(subnet(slot, slot.prefix + bits, index));
    return { tier, cidr, tags: { ...subnetTags[tier] } };
  };
  return {
    zone,
    subnets: { public: plan("public"), private: plan("private"), isolated: plan("isolated") },
  };
}
