import { closest } from "fastest-levenshtein";
import type { ChartsConfig } from "../clusterLayer.ts";
import type { Finding } from "../errors.ts";
import { chartFiles } from "../versions.ts";

/** A place that Helm can read, the same wherever the stack is run, and digests of charts in use. */
export function charts({ charts: { mirror, digests } }: { charts: ChartsConfig }): Finding[] {
  const findings: Finding[] = [];
  if (mirror !== undefined && !/^(oci:\/\/[^/]+\/.*[^/]|\/.*[^/])$/.test(mirror))
    findings.push({
      key: "charts.mirror",
      value: mirror,
      remedy: 'Use "oci://host/path" or an absolute directory, without a slash at the end.',
      rule: "Helm reads charts from an OCI registry or from files.",
    });
  const known = chartFiles();
  for (const [name, digest] of Object.entries(digests)) {
    if (!known.includes(name))
      findings.push({
        key: `charts.digests.${name}`,
        value: digest,
        remedy: `Did you mean "${closest(name.slice(0, 100), known)}"?`,
        rule: "A digest of a chart that is not installed checks nothing.",
      });
    if (!/^[0-9a-f]{64}$/.test(digest))
      findings.push({
        key: `charts.digests.${name}`,
        value: digest,
        remedy: "Write what sha256sum prints: 64 of 0-9 and a-f.",
        rule: "A SHA-256 has no other form.",
      });
  }
  return findings;
}
