import { MutatingAdmissionPolicy } from "@pulumi/kubernetes/admissionregistration/v1/mutatingAdmissionPolicy.js";
import { MutatingAdmissionPolicyBinding } from "@pulumi/kubernetes/admissionregistration/v1/mutatingAdmissionPolicyBinding.js";
import { ValidatingAdmissionPolicy } from "@pulumi/kubernetes/admissionregistration/v1/validatingAdmissionPolicy.js";
import { ValidatingAdmissionPolicyBinding } from "@pulumi/kubernetes/admissionregistration/v1/validatingAdmissionPolicyBinding.js";
import { PriorityClass } from "@pulumi/kubernetes/scheduling/v1/priorityClass.js";
import * as pulumi from "@pulumi/pulumi";
import { type GuardArgs, planGuard } from "../../design/guard/guard.ts";
import { priorityClasses } from "../../design/workloads/priorities.ts";

/**
 * The cluster's priorities, the rules that refuse or warn about workloads which would not survive, and
 * the defaults for those that say nothing. Namespaces choose their mode by label; see docs/workloads.md.
 */
export class Guard extends pulumi.ComponentResource {
  constructor(name: string, config: GuardArgs, opts?: pulumi.ComponentResourceOptions) {
    const plan = planGuard(config);
    super("quorum:guard:Guard", name, { defaultMode: config.defaultMode }, opts);
    for (const one of priorityClasses())
      new PriorityClass(`${name}-${one.metadata.name}`, one, { parent: this });
    const policies = new Map(
      plan.policies.map((one) => [
        one.metadata.name,
        new ValidatingAdmissionPolicy(`${name}-${one.metadata.name}`, one, { parent: this }),
      ]),
    );
    for (const one of plan.bindings)
      new ValidatingAdmissionPolicyBinding(`${name}-${one.metadata.name}`, one, {
        parent: this,
        dependsOn: [policies.get(one.spec.policyName) ?? []].flat(),
      });
    const defaults = new Map(
      plan.defaults.policies.map((one) => [
        one.metadata.name,
        new MutatingAdmissionPolicy(`${name}-${one.metadata.name}`, one, { parent: this }),
      ]),
    );
    for (const one of plan.defaults.bindings)
      new MutatingAdmissionPolicyBinding(`${name}-${one.metadata.name}`, one, {
        parent: this,
        dependsOn: [defaults.get(one.spec.policyName) ?? []].flat(),
      });
    this.registerOutputs({});
  }
}
