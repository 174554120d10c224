import { StatefulSet } from "@pulumi/kubernetes/apps/v1/statefulSet.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget.js";
import * as pulumi from "@pulumi/pulumi";
import {
  planStatefulSet,
  type StatefulWorkloadConfig,
} from "../../design/workloads/statefulSet.ts";

/**
 * A workload whose replicas each keep data: spread and drained as a highly available Deployment, with
 * volumes of their own that outlive the set unless the configuration says otherwise. Its headless
 * Service has the set's name.
 *
 * @throws RangeError on a configuration that could not survive, with every reason.
 */
export class HighlyAvailableStatefulSet extends pulumi.ComponentResource {
  readonly statefulSet: StatefulSet;
  readonly service: Service;

  constructor(
    name: string,
    config: StatefulWorkloadConfig,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const plan = planStatefulSet(config);
    const replicas = plan.statefulSet.spec.replicas;
    super(
      "quorum:workloads:HighlyAvailableStatefulSet",
      name,
      { namespace: config.namespace, zones: [...config.zones], replicas },
      opts,
    );
    const budget = new PodDisruptionBudget(name, plan.budget, { parent: this });
    this.service = new Service(name, plan.service, { parent: this });
    this.statefulSet = new StatefulSet(name, plan.statefulSet, {
      parent: this,
      dependsOn: [budget, this.service],
    });
    this.registerOutputs({});
  }
}
