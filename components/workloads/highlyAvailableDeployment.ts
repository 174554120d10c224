import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget.js";
import * as pulumi from "@pulumi/pulumi";
import { planDeployment } from "../../design/workloads/deployment.ts";
import type { WorkloadConfig } from "../../design/workloads/workload.ts";

/**
 * A stateless workload that keeps serving when a zone or a machine is lost and while machines are
 * drained: replicas over zones and machines, a budget that lets one go at a time, probes, a
 * graceful end. Its Service has the workload's name.
 *
 * @throws RangeError on a configuration that could not survive, with every reason.
 */
export class HighlyAvailableDeployment extends pulumi.ComponentResource {
  readonly deployment: Deployment;
  readonly service: Service;

  constructor(name: string, config: WorkloadConfig, opts?: pulumi.ComponentResourceOptions) {
    const plan = planDeployment(config);
    const replicas = plan.deployment.spec.replicas;
    super(
      "quorum:workloads:HighlyAvailableDeployment",
      name,
      { namespace: config.namespace, zones: [...config.zones], replicas },
      opts,
    );
    // The budget stands before the first replica and goes after the last.
    const budget = new PodDisruptionBudget(name, plan.budget, { parent: this });
    this.deployment = new Deployment(name, plan.deployment, { parent: this, dependsOn: budget });
    this.service = new Service(name, plan.service, { parent: this });
    this.registerOutputs({});
  }
}
