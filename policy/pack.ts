/** The policy pack for the Pulumi CLI: `pulumi preview --policy-pack policy`. */
import { type Policies, PolicyPack, type PolicyResource } from "@pulumi/policy";
import type { PlannedResource, Rule } from "./rule.ts";
import { rules } from "./rules/index.ts";

function planned(
  resource: Pick<PolicyResource, "urn" | "type" | "name" | "props" | "opts">,
): PlannedResource {
  const { urn, type, name, props, opts } = resource;
  return { urn, type, name, inputs: props, protect: opts.protect, retainOnDelete: false };
}

/** The CLI's form of a rule. Reading an unknown value ends the check; the CLI says so by itself. */
function policyOf(rule: Rule): Policies[number] {
  const common = {
    name: rule.name,
    description: rule.description,
    enforcementLevel: rule.level,
  };
  if (rule.kind === "resource") {
    return {
      ...common,
      validateResource: (args, report) => {
        for (const message of rule.check(planned(args))) report(message);
      },
    };
  }
  return {
    ...common,
    validateStack: (args, report) => {
      for (const message of rule.check(args.resources.map(planned))) report(message);
    },
  };
}

new PolicyPack("quorum", { policies: rules.map(policyOf) });
