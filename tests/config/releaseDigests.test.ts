import assert from "node:assert/strict";
import { ConfigError } from "../../config/errors.ts";
import { releaseDigests, releaseFiles } from "../../config/releaseDigests.ts";
import { selfManagedVersions } from "../../config/versions.ts";
import { planHosts } from "../../design/hosts.ts";
import { readTemplates } from "../../templates/read.ts";
import { hostsConfig } from "../support/fixtures.ts";

const digest = "a".repeat(64);
const versions = selfManagedVersions["1.36.3"];
assert.ok(versions);
const unknown = Object.values(releaseFiles(versions, "arm64"))
  .flat()
  .map(({ name }) => name)
  .filter((name) => releaseDigests[name] === undefined);

function configWith(digests: Record<string, string>) {
  return hostsConfig((raw) => {
    raw.artifacts = {
      source: "download",
      mirror: "https://mirror.example/files/",
      architecture: "arm64",
      digests,
    };
  });
}

describe("digests of release files", () => {
  it("are asked for where there is none, each with the address it is for", () => {
    assert.ok(unknown.length > 0);
    assert.throws(
      () => configWith({}),
      (error) => {
        assert.ok(error instanceof ConfigError);
        const report = error.report("stack");
        for (const name of unknown) assert.ok(report.includes(`artifacts.digests.${name}`), name);
        assert.match(report, /https:\/\/github\.com\/etcd-io\/etcd\/releases/);
        return true;
      },
    );
  });

  it("must be digests", () => {
    const all = Object.fromEntries(unknown.map((name) => [name, "sha256:abc"]));
    assert.throws(() => configWith(all), ConfigError);
  });

  it("stand beside every file that a machine fetches, from the mirror", () => {
    const config = configWith(Object.fromEntries(unknown.map((name) => [name, digest])));
    const plan = planHosts(config, readTemplates());
    const listOf = (machine: string) =>
      plan.machines
        .find(({ name }) => name === machine)
        ?.steps.find(({ name }) => name === "artifacts")
        ?.files.find(({ path }) => path === "/etc/quorum/artifacts")?.text ?? "";
    const lines = listOf("control-a").trim().split("\n");
    assert.equal(lines.length, 7);
    for (const line of lines) {
      assert.match(
        line,
        /^[0-9a-f]{64} https:\/\/mirror\.example\/files\/(github\.com|dl\.k8s\.io)\//,
      );
    }
    assert.equal(listOf("etcd-a").trim().split("\n").length, 1);
    assert.doesNotMatch(listOf("worker-a"), /etcd/);
    assert.equal(listOf("balancer-a"), "");
  });
});
