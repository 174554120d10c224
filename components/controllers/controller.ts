import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment.js";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount.js";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget.js";
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole.js";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding.js";
import { Role } from "@pulumi/kubernetes/rbac/v1/role.js";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding.js";
import type * as pulumi from "@pulumi/pulumi";
import type { ControllerPlan } from "../../design/layer/controller.ts";

/** Register a controller's objects; its Deployment comes last, when it may do its work. */
export function registerController(
  name: string,
  plan: ControllerPlan,
  opts: pulumi.CustomResourceOptions & { dependsOn: pulumi.Resource[] },
): Deployment {
  const account = new ServiceAccount(name, plan.serviceAccount, opts);
  const next = (...more: pulumi.Resource[]) => ({
    ...opts,
    dependsOn: [...opts.dependsOn, account, ...more],
  });
  const clusterRole = new ClusterRole(name, plan.clusterRole, opts);
  const role = new Role(name, plan.role, opts);
  const bindings = [
    new ClusterRoleBinding(name, plan.clusterRoleBinding, next(clusterRole)),
    new RoleBinding(name, plan.roleBinding, next(role)),
  ];
  new PodDisruptionBudget(name, plan.budget, opts);
  return new Deployment(name, plan.deployment, next(...bindings));
}
