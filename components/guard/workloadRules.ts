import type { Provider } from "@pulumi/kubernetes/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import type { WorkloadRulesPlan } from "../../design/guard/workloadRules.ts";
import { goesWith } from "../layer/goesWith.ts";
import { Guard } from "./guard.ts";
import { TeamNamespace } from "./teamNamespace.ts";

export interface WorkloadRulesArgs {
  name: string;
  plan: WorkloadRulesPlan;
  /** Refuse to delete namespaces of teams. */
  protect: boolean;
  /** What the objects come after, and are gone with. */
  cluster: pulumi.Resource;
  provider: Provider;
}

/** Registers the guard, then teams' namespaces, on any platform. */
export function workloadRules({ name, plan, protect, cluster, provider }: WorkloadRulesArgs): void {
  const opts = { provider, transformations: [goesWith(cluster)] };
  const guard =
    plan.guard === undefined
      ? undefined
      : new Guard(`${name}-guard`, plan.guard, { ...opts, dependsOn: cluster });
  for (const namespace of plan.namespaces)
    new TeamNamespace(
      `${name}-${namespace.name}`,
      { namespace, protect },
      { ...opts, dependsOn: guard ?? cluster },
    );
}
