import type { KubernetesPlan } from "./kubernetesPlan.ts";

/** What a stack of platform "ec2" says of its cluster to those who join it. */
export interface JoinFacts {
  apiName: string;
  apiPort: number;
  kubernetesVersion: string;
  podCidr: string;
  serviceCidr: string;
  dnsAddress: string;
}

export function joinFacts({ apiName, apiPort, versions, network }: KubernetesPlan): JoinFacts {
  const { podCidr, serviceCidr, dnsAddress } = network;
  return {
    apiName,
    apiPort,
    kubernetesVersion: versions.kubernetes,
    podCidr,
    serviceCidr,
    dnsAddress,
  };
}

/**
 * In which words the other stack differs; empty when it is the cluster that this one was made for.
 * @param published its output "join".
 */
export function joinDifferences(facts: JoinFacts, published: Partial<JoinFacts>): string[] {
  return (Object.keys(facts) as (keyof JoinFacts)[])
    .filter((key) => facts[key] !== published[key])
    .map((key) => `${key} is ${published[key] ?? "not said"} there and ${facts[key]} here`);
}
