import type { ChartsConfig } from "../../config/clusterLayer.ts";
import { type ChartName, chartDigests, chartFile, charts } from "../../config/versions.ts";

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
  /** SHA-256 of a file, which is checked before Helm reads it. Absent for the others. */
  sha256?: string;
}

/**
 * Where a chart comes from: its publisher, or the stack's mirror. Exact version either way.
 * @throws RangeError on a file without a digest: parsed configs have none.
 */
export function chartSource(name: ChartName, { mirror, digests }: ChartsConfig): ChartSource {
  const { version, repository } = charts[name];
  if (mirror === undefined) return { chart: name, version, repository };
  if (mirror.startsWith("oci://")) return { chart: `${mirror}/${name}`, version };
  const file = chartFile(name);
  const sha256 = digests[file] ?? chartDigests[file];
  if (sha256 === undefined) throw new RangeError(`${file}.tgz should have a digest`);
  return { chart: `${mirror}/${file}.tgz`, version, sha256 };
}
