/** Facts about AWS that the rules need, as data. */

/** Days for which CloudWatch Logs can keep a log group. Source: PutRetentionPolicy API reference. */
export const logRetentionDays: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
  3653,
];

/**
 * Zone letters by region, for regions with at least three zones. A zone's name is the region and a
 * letter; which letters an account sees may be fewer. Source: AWS global infrastructure, EC2 guide.
 */
export const regionZoneLetters: Readonly<Record<string, string>> = {
  "af-south-1": "abc",
  "ap-east-1": "abc",
  "ap-northeast-1": "acd",
  "ap-northeast-2": "abcd",
  "ap-northeast-3": "abc",
  "ap-south-1": "abc",
  "ap-south-2": "abc",
  "ap-southeast-1": "abc",
  "ap-southeast-2": "abc",
  "ap-southeast-3": "abc",
  "ap-southeast-4": "abc",
  "ca-central-1": "abd",
  "ca-west-1": "abc",
  "eu-central-1": "abc",
  "eu-central-2": "abc",
  "eu-north-1": "abc",
  "eu-south-1": "abc",
  "eu-south-2": "abc",
  "eu-west-1": "abc",
  "eu-west-2": "abc",
  "eu-west-3": "abc",
  "il-central-1": "abc",
  "me-central-1": "abc",
  "me-south-1": "abc",
  "sa-east-1": "abc",
  "us-east-1": "abcdf",
  "us-east-2": "abc",
  "us-west-2": "abcd",
};

export type Architecture = "x86_64" | "arm64";

export interface InstanceType {
  name: string;
  architecture: Architecture;
  cpus: number;
  memoryGiB: number;
  /** Network interfaces, and IPv4 addresses on each. */
  interfaces: number;
  addressesPerInterface: number;
}

interface Family {
  architecture: Architecture;
  memoryGiBPerCpu: number;
  sizes: string;
}

const generalSizes = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge";
const gravitonSizes = "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge";

/** [generations, architecture, sizes]; each comes as m (4), c (2) and r (8 GiB per CPU). Source: EC2 instance types. */
const familiesByKind: readonly (readonly [string, Architecture, string])[] = [
  ["5 5a", "x86_64", generalSizes],
  ["6i", "x86_64", `${generalSizes} 32xlarge`],
  ["6a", "x86_64", `${generalSizes} 32xlarge 48xlarge`],
  ["7a", "x86_64", `medium ${generalSizes} 32xlarge 48xlarge`],
  ["7i", "x86_64", `${generalSizes} 48xlarge`],
  ["6g 7g", "arm64", gravitonSizes],
  ["8g", "arm64", `${gravitonSizes} 24xlarge 48xlarge`],
];

const memoryByLetter: Readonly<Record<string, number>> = { m: 4, c: 2, r: 8 };

/** [CPUs, interfaces, addresses on each] by size. Source: EC2 guide, "IP addresses per interface". */
const sizes: Readonly<Record<string, readonly [number, number, number]>> = {
  medium: [1, 2, 4],
  large: [2, 3, 10],
  xlarge: [4, 4, 15],
  "2xlarge": [8, 4, 15],
  "4xlarge": [16, 8, 30],
  "8xlarge": [32, 8, 30],
  "12xlarge": [48, 8, 30],
  "16xlarge": [64, 15, 50],
  "24xlarge": [96, 15, 50],
  "32xlarge": [128, 15, 50],
  "48xlarge": [192, 15, 50],
};

/** Burstable types break the pattern: [CPUs, memory GiB, interfaces, addresses on each]. */
const burstableSizes: Readonly<Record<string, readonly [number, number, number, number]>> = {
  small: [2, 2, 3, 4],
  medium: [2, 4, 3, 6],
  large: [2, 8, 3, 12],
  xlarge: [4, 16, 4, 15],
  "2xlarge": [8, 32, 4, 15],
};

/** c5 was cut differently (9xlarge, 18xlarge); its other sizes fit the pattern. */
const missing = new Set(["c5.8xlarge", "c5.16xlarge"]);

export const instanceTypes: ReadonlyMap<string, InstanceType> = new Map(
  [...patternTypes(), ...burstableTypes()]
    .filter(({ name }) => !missing.has(name))
    .map((type) => [type.name, type]),
);

function* patternTypes(): Generator<InstanceType> {
  for (const family of families()) {
    for (const size of family.sizes.split(" ")) {
      const [cpus, interfaces, addressesPerInterface] = sizes[size] ?? [0, 0, 0];
      yield {
        name: `${family.name}.${size}`,
        architecture: family.architecture,
        cpus,
        memoryGiB: cpus * family.memoryGiBPerCpu,
        interfaces,
        addressesPerInterface,
      };
    }
  }
}

function* families(): Generator<Family & { name: string }> {
  for (const [generations, architecture, sizeList] of familiesByKind)
    for (const generation of generations.split(" "))
      for (const [letter, memoryGiBPerCpu] of Object.entries(memoryByLetter))
        yield { name: letter + generation, architecture, memoryGiBPerCpu, sizes: sizeList };
}

function* burstableTypes(): Generator<InstanceType> {
  for (const [family, architecture] of [
    ["t3", "x86_64"],
    ["t4g", "arm64"],
  ] as const)
    for (const [size, row] of Object.entries(burstableSizes)) {
      const [cpus, memoryGiB, interfaces, addressesPerInterface] = row;
      const name = `${family}.${size}`;
      yield { name, architecture, cpus, memoryGiB, interfaces, addressesPerInterface };
    }
}

/** Addresses in one delegated prefix (/28). */
export const addressesPerPrefix = 16;

/**
 * Pods that a node can run with prefix delegation, as the VPC CNI counts them: every secondary
 * address slot holds a /28; two host-network pods come on top; capped at 110, or at 250 from 30 CPUs.
 * Source: EKS guide, "Assign more IP addresses to nodes with prefixes".
 */
export function maxPods(type: InstanceType): number {
  const slots = type.interfaces * (type.addressesPerInterface - 1);
  return Math.min(slots * addressesPerPrefix + 2, type.cpus < 30 ? 110 : 250);
}
