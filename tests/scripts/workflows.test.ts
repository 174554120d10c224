import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";

const folder = path.join(import.meta.dirname, "..", "..", ".github", "workflows");

interface Job {
  uses?: string;
  if?: string;
  permissions?: Record<string, string>;
  steps?: { uses?: string; run?: string; with?: Record<string, unknown>; env?: object }[];
}
const files = readdirSync(folder).map((name) => {
  const text = readFileSync(path.join(folder, name), "utf8");
  return {
    name,
    text,
    workflow: parse(text) as { permissions: object; jobs: Record<string, Job> },
  };
});
const jobs = files.flatMap(({ name, workflow }) =>
  Object.entries(workflow.jobs).map(([job, content]) => ({ place: `${name} ${job}`, ...content })),
);

describe("workflows", () => {
  it("pin every foreign action by its commit and say which version that is", () => {
    let pinned = 0;
    for (const { name, text } of files) {
      for (const [line] of text.matchAll(/uses: .*/g)) {
        if (line.startsWith("uses: ./")) continue;
        assert.match(line, /^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, name);
        pinned += 1;
      }
    }
    assert.ok(pinned > 20);
  });

  it("use one version of each action", () => {
    const versions = new Map<string, Set<string>>();
    for (const { text } of files) {
      for (const [, action = "", version = ""] of text.matchAll(/uses: ([\w/-]+)@(.*)/g))
        versions.set(action, (versions.get(action) ?? new Set()).add(version));
    }
    for (const [action, all] of versions) assert.equal(all.size, 1, action);
  });

  it("may write to pull requests from one job alone, which writes one comment", () => {
    const writers = jobs.filter(({ permissions }) => permissions?.["pull-requests"] === "write");
    assert.deepEqual(
      writers.map(({ place }) => place),
      ["comment.yaml comment"],
    );
    for (const { place, steps = [] } of jobs) {
      for (const step of steps) assert.equal(step.with?.["comment-on-pr"], undefined, place);
    }
    const scripts = jobs.flatMap(({ steps = [] }) => steps.map(({ run = "" }) => run)).join("\n");
    assert.equal(scripts.split("scripts/upsert-comment.sh").length, 2);
  });

  it("give credentials to no job that runs what a fork sent", () => {
    const pullRequest = jobs.filter(({ place }) => place.startsWith("pull-request.yaml"));
    assert.ok(pullRequest.length > 0);
    for (const { place, if: condition = "", permissions, steps } of pullRequest) {
      const secret =
        permissions?.["id-token"] === "write" || JSON.stringify(steps).includes("secrets.");
      if (!secret) continue;
      assert.match(condition, /head\.repo\.full_name == github\.repository/, place);
    }
  });

  it("put no text of a pull request into a shell", () => {
    for (const { place, steps = [] } of jobs) {
      for (const { run = "" } of steps) assert.doesNotMatch(run, /\$\{\{/, place);
    }
  });
});
