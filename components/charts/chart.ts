import { Release } from "@pulumi/kubernetes/helm/v3/release.js";
import type * as pulumi from "@pulumi/pulumi";
import type { ChartPlan } from "../../design/charts/chart.ts";

/** Longest that an installation may take until everything in it is ready. */
const readySeconds = 900;

/**
 * Install a chart and wait until it is ready; what fails is taken back.
 * @param known Values that are known only once something else exists.
 */
export function installChart(
  name: string,
  { release, namespace, source, values }: ChartPlan,
  opts: pulumi.CustomResourceOptions,
  known: Record<string, pulumi.Input<string>> = {},
): Release {
  return new Release(
    name,
    {
      name: release,
      namespace,
      chart: source.chart,
      version: source.version,
      ...(source.repository === undefined ? {} : { repositoryOpts: { repo: source.repository } }),
      createNamespace: false,
      atomic: true,
      timeout: readySeconds,
      values: { ...values, ...known },
    },
    opts,
  );
}
