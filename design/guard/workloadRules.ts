import type { HostsConfig } from "../../config/schema.ts";
import { type GuardArgs, guardArgs } from "./guard.ts";
import { type TeamNamespaceConfig, teamNamespaces } from "./namespace.ts";

/** What holds for workloads on a cluster. */
export interface WorkloadRulesPlan {
  /** With the priorities. Absent: neither is there. */
  guard?: GuardArgs;
  namespaces: TeamNamespaceConfig[];
}

/** Rules that a stack of platform "hosts" asks for; undefined when it asks for none. */
export function planWorkloadRules({
  guard,
  namespaces,
  kubernetes,
}: Pick<HostsConfig, "guard" | "namespaces" | "kubernetes">): WorkloadRulesPlan | undefined {
  const teams = teamNamespaces(namespaces);
  if (guard === undefined && teams.length === 0) return undefined;
  return {
    ...(guard === undefined ? {} : { guard: guardArgs(guard, kubernetes) }),
    namespaces: teams,
  };
}
