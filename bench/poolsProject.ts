import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse, stringify } from "yaml";

const shared = [
  "index.ts",
  "Pulumi.yaml",
  "package.json",
  "config",
  "design",
  "components",
  "templates",
  "node_modules",
];

/**
 * A folder with the program of the repository and one stack `pools-<n>` for each count: the hybrid
 * stack with so many worker pools, each in three zones.
 */
export function poolsProject(root: string, counts: readonly number[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), "quorum-bench-"));
  for (const entry of shared) symlinkSync(path.join(root, entry), path.join(folder, entry));
  for (const count of counts) {
    const file = parse(readFileSync(path.join(root, "Pulumi.hybrid.yaml"), "utf8"));
    const { config } = file;
    const pool = config["quorum:pools"].general;
    // So that as many nodes have room for their pods.
    config["quorum:kubernetes"].podCidr = "10.128.0.0/9";
    config["quorum:pools"] = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `pool-${index}`,
        { ...structuredClone(pool), nodesPerZone: { min: 2, desired: 2, max: 3 } },
      ]),
    );
    writeFileSync(path.join(folder, `Pulumi.pools-${count}.yaml`), stringify(file));
  }
  return folder;
}
