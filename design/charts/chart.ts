import type { ChartsConfig } from "../../config/clusterLayer.ts";
import { type ChartName, charts } from "../../config/versions.ts";

/** One installed chart, with nothing left to its defaults that a failure would show. */
export interface ChartPlan {
  /** Name of the release and, where it matters, of its objects. */
  release: string;
  namespace: string;
  source: ChartSource;
  values: Record<string, unknown>;
}

/** What Helm is told: a name in a repository, an OCI reference, or a file. */
export interface ChartSource {
  chart: string;
  version: string;
  /** Absent for OCI references and files. */
  repository?: string;
}

/** Where a chart comes from: its publisher, or the stack's mirror. Exact version either way. */
export function chartSource(name: ChartName, { mirror }: ChartsConfig): ChartSource {
  const { version, repository } = charts[name];
  if (mirror === undefined) return { chart: name, version, repository };
  if (mirror.startsWith("oci://")) return { chart: `${mirror}/${name}`, version };
  return { chart: `${mirror}/${name}-${version}.tgz`, version };
}
