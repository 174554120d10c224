import * as pulumi from "@pulumi/pulumi";
import type { AutoscalerPlan } from "../../design/charts/clusterAutoscaler.ts";
import { installChart } from "./chart.ts";

export interface ClusterAutoscalerArgs {
  plan: AutoscalerPlan;
  /** What must exist first: nodes, and what gives the autoscaler its role. */
  after: pulumi.Resource[];
}

/** Adds nodes for pods that have no place and takes away those that nobody needs. */
export class ClusterAutoscaler extends pulumi.ComponentResource {
  constructor(
    name: string,
    { plan, after }: ClusterAutoscalerArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { pools, replicas } = plan;
    super("quorum:addons:ClusterAutoscaler", name, { pools, replicas, spread: "zone" }, opts);
    installChart(name, plan.chart, { parent: this, dependsOn: after });
    this.registerOutputs({});
  }
}
