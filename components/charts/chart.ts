import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { Release } from "@pulumi/kubernetes/helm/v3/release.js";
import * as pulumi from "@pulumi/pulumi";
import type { ChartPlan, ChartSource } from "../../design/charts/chart.ts";

/** Longest that an installation may take until everything in it is ready. */
const readySeconds = 900;

/**
 * Install a chart and wait until it is ready; what fails is taken back.
 * @param known Values that are known only once something else exists.
 * @throws pulumi.RunError when the chart is a file that is not there or not the one that was meant.
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
      ...chartArgs(source),
      createNamespace: false,
      atomic: true,
      timeout: readySeconds,
      values: { ...values, ...known },
    },
    opts,
  );
}

/** What Helm is told of where the chart is; a file has been checked then. */
export function chartArgs({ chart, version, repository, sha256 }: ChartSource) {
  if (sha256 !== undefined) checkFile(chart, sha256);
  return {
    chart,
    version,
    ...(repository === undefined ? {} : { repositoryOpts: { repo: repository } }),
  };
}

function checkFile(file: string, sha256: string): void {
  if (!existsSync(file))
    throw new pulumi.RunError(
      `${file}: no such chart. Put it there, or change quorum:charts.mirror.`,
    );
  const found = createHash("sha256").update(readFileSync(file)).digest("hex");
  if (found !== sha256)
    throw new pulumi.RunError(
      `${file} has the SHA-256 ${found}, not ${sha256}: it is not the chart that was meant. Replace the file, or its entry in quorum:charts.digests.`,
    );
}
