import { closest } from "fastest-levenshtein";
import type { ChartsConfig } from "../clusterLayer.ts";
import type { Finding } from "../errors.ts";
import { type ChartName, chartDigests, chartFile } from "../versions.ts";

/** A place that Helm can read, the same wherever the stack is run, and a digest for every file. */
export function charts({ mirror, digests }: ChartsConfig, inUse: readonly ChartName[]): Finding[] {
  const files = inUse.map(chartFile);
  const known = Object.keys(digests);
  const findings: Finding[] = known
    .filter((name) => !/^[0-9a-f]{64}$/.test(digests[name] ?? ""))
    .map((name) => ({
      key: `charts.digests.${name}`,
      value: digests[name],
      remedy: "Write what sha256sum prints: 64 of 0-9 and a-f.",
      rule: "A SHA-256 has no other form.",
    }));
  if (mirror?.startsWith("/") === true) findings.push(...ofFiles(digests, files));
  else if (known.length > 0)
    findings.push({
      key: "charts.digests",
      value: known,
      remedy: "Name a directory as charts.mirror, or remove it.",
      rule: "Only files are checked: Helm takes a chart of a repository or registry by its version.",
    });
  if (mirror !== undefined && !/^(oci:\/\/[^/]+\/.*[^/]|\/.*[^/])$/.test(mirror))
    findings.push({
      key: "charts.mirror",
      value: mirror,
      remedy: 'Use "oci://host/path" or an absolute directory, without a slash at the end.',
      rule: "Helm reads charts from an OCI registry or from files.",
    });
  return findings;
}

function ofFiles(digests: Record<string, string>, files: readonly string[]): Finding[] {
  return [
    ...files
      .filter((name) => digests[name] === undefined && chartDigests[name] === undefined)
      .map((name) => ({
        key: `charts.digests.${name}`,
        value: undefined,
        remedy: `Add what sha256sum says of ${name}.tgz, from where you trust it.`,
        rule: "A file of a directory is installed only if it is the one that was meant.",
      })),
    ...Object.keys(digests)
      .filter((name) => !files.includes(name))
      .map((name) => ({
        key: `charts.digests.${name}`,
        value: digests[name],
        remedy: `Remove it, or did you mean "${closest(name.slice(0, 100), files)}"?`,
        rule: "A digest of a chart that is not installed checks nothing.",
      })),
  ];
}
