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
 * Priorities outlive the guard: a pod that names one which is gone would be refused.
 */
export class Guard extends pulumi.ComponentResource {
  constructor(name: string, config: GuardArgs, opts?: pulumi.ComponentResourceOptions) {
    const plan = planGuard(config);
    super("quorum:guard:Guard", name, { defaultMode: config.defaultMode }, opts);
    for (const one of priorityClasses())
      new PriorityClass(`${name}-${one.metadata.name}`, one, {
        parent: this,
        retainOnDelete: true,
      });
    bound(this, name, plan, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding);
    bound(this, name, plan.defaults, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding);
    this.registerOutputs({});
  }
}

interface Named {
  metadata: { name: string };
}

type Kind<Args> = new (
  name: string,
  args: Args,
  opts: pulumi.CustomResourceOptions,
) => pulumi.Resource;

/** Policies, and each binding after its policy. */
function bound<Policy extends Named, Binding extends Named & { spec: { policyName: string } }>(
  parent: pulumi.Resource,
  name: string,
  { policies, bindings }: { policies: Policy[]; bindings: Binding[] },
  PolicyKind: Kind<Policy>,
  BindingKind: Kind<Binding>,
): void {
  const registered = new Map(
    policies.map((one) => [
      one.metadata.name,
      new PolicyKind(`${name}-${one.metadata.name}`, one, { parent }),
    ]),
  );
  for (const one of bindings)
    new BindingKind(`${name}-${one.metadata.name}`, one, {
      parent,
      dependsOn: [registered.get(one.spec.policyName) ?? []].flat(),
    });
}
