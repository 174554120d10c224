import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { decodeResource } from "./embedded/checkpoint.ts";
import type { DetailedDiff } from "./embedded/diff.ts";
import { newStep, type Step, type StepOperation } from "./embedded/planner.ts";
import { CheckpointCodec, type JsonMap } from "./embedded/propertyCodec.ts";
import type { ResourceState } from "./embedded/resourceState.ts";
import type { StackSecrets } from "./embedded/secrets.ts";
import { parseSnapshot } from "./embedded/stateStore.ts";

const run = promisify(execFile);

/** Resources saved in a file, and whether their secrets are masked there. */
export interface SavedResources {
  resources: ResourceState[];
  masked: boolean;
}

/** Resources of a saved preview (`--json`), a checkpoint or an export; undefined when there is no such file. */
export async function readSavedResources(
  file: string,
  secrets: StackSecrets,
): Promise<SavedResources | undefined> {
  const isFile = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) return undefined;
  const content = await readFile(file, "utf8");
  const document: unknown = JSON.parse(content);
  if (typeof document === "object" && document !== null && "changeSummary" in document) {
    const preview = document as PreviewDocument;
    refuseWithoutSames(preview, file);
    return { resources: plannedResources(preview), masked: true };
  }
  return { resources: (await parseSnapshot(content, file, secrets)).resources, masked: false };
}

export interface PreviewDocument {
  steps?: {
    op: string;
    urn?: string;
    oldState?: JsonMap;
    newState?: JsonMap;
    diffReasons?: string[];
    replaceReasons?: string[];
    detailedDiff?: DetailedDiff | null;
  }[];
  changeSummary?: { same?: number };
}

/** What a preview leaves out would look as if it were new, or were not there. */
export function refuseWithoutSames(
  { steps = [], changeSummary }: PreviewDocument,
  file: string,
): void {
  const told = steps.filter(({ op }) => op === "same").length;
  const missing = (changeSummary?.same ?? 0) - told;
  if (missing <= 0) return;
  throw new Error(
    `${file} leaves out ${missing} unchanged resources, so nothing can be compared with it or judged by it: save it with --json --show-sames`,
  );
}

/** Previews hold no ciphertext: their secrets are masked. */
const codec = new CheckpointCodec({
  seal: (plaintext) => plaintext,
  open: (ciphertext) => ciphertext,
});

/** Steps of a preview JSON, of either engine, as they can be displayed. */
export function savedSteps(document: PreviewDocument): Step[] {
  return (document.steps ?? []).map((step) => {
    const state = (json: JsonMap | undefined) =>
      json === undefined ? undefined : decodeResource(json, codec);
    return {
      ...newStep(step.op as StepOperation, state(step.oldState), state(step.newState)),
      changedKeys: step.diffReasons ?? [],
      replaceKeys: step.replaceReasons ?? [],
      detailedDiff: step.detailedDiff ?? {},
    };
  });
}

/** Resources that a preview JSON says will be there. Unchanged ones only where it was made with `--show-sames`. */
export function plannedResources(document: PreviewDocument): ResourceState[] {
  return (document.steps ?? []).flatMap(({ op, newState }) =>
    newState === undefined || op.startsWith("delete") ? [] : [decodeResource(newState, codec)],
  );
}

/**
 * Runs `use` in a checkout of another revision of the repository of `folder`, with the packages of
 * this one, and removes it afterwards. Throws when git knows no such revision.
 */
export async function withRevision<Result>(
  folder: string,
  revision: string,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const git = async (...args: string[]) =>
    (await run("git", ["-C", folder, ...args])).stdout.trim();
  const top = await git("rev-parse", "--show-toplevel");
  const commit = await git(
    "rev-parse",
    "--verify",
    "--end-of-options",
    `${revision}^{commit}`,
  ).catch(() => {
    throw new Error(`${JSON.stringify(revision)} is neither a file nor a git revision`);
  });
  const checkout = await mkdtemp(path.join(tmpdir(), "quorum-revision-"));
  try {
    await git("worktree", "add", "--quiet", "--force", "--detach", checkout, commit);
    await symlink(path.join(top, "node_modules"), path.join(checkout, "node_modules"));
    return await use(path.join(checkout, path.relative(top, path.resolve(folder))));
  } finally {
    await git("worktree", "remove", "--force", checkout).catch(() => {});
    await rm(checkout, { recursive: true, force: true });
  }
}
