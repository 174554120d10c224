/**
 * How a VPC is cut, whatever its size: eight equal slots, one per zone letter from "a"; in each slot
 * half for nodes and pods, an eighth each for public and isolated interfaces, a quarter kept free.
 * Prefix lengths follow from the VPC's: a /16 gives /19 slots, a /20 gives /23 slots.
 */
export const vpcLayout = {
  /** Bits from the VPC's prefix to a zone's slot; eight zones cover every region. */
  zoneBits: 3,
  /** Per tier: bits from the slot's prefix to the subnet's, and which of those subnets it is. */
  tiers: {
    private: { bits: 1, index: 0 },
    public: { bits: 3, index: 4 },
    isolated: { bits: 3, index: 5 },
  },
} as const;

export type Tier = keyof typeof vpcLayout.tiers;

/** Addresses that AWS keeps in every subnet. Source: VPC guide, "Subnet CIDR blocks". */
export const reservedPerSubnet = 5;

/** Prefix length of the private subnet of each zone. */
export function privatePrefix(vpcPrefix: number): number {
  return vpcPrefix + vpcLayout.zoneBits + vpcLayout.tiers.private.bits;
}
