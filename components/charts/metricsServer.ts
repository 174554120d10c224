import * as pulumi from "@pulumi/pulumi";
import type { ChartPlan } from "../../design/charts/chart.ts";
import { installChart } from "./chart.ts";

export interface MetricsServerArgs {
  plan: ChartPlan;
  after: pulumi.Resource[];
}

/** Metrics of pods and nodes. Three replicas over zones, one of which may be lost at any time. */
export class MetricsServer extends pulumi.ComponentResource {
  constructor(
    name: string,
    { plan, after }: MetricsServerArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("quorum:addons:MetricsServer", name, {}, opts);
    installChart(name, plan, { parent: this, dependsOn: after });
    this.registerOutputs({});
  }
}
