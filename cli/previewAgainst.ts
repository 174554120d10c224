import { existsSync } from "node:fs";
import { plannedResources, readSavedResources, withRevision } from "../engine/baseline.ts";
import { compareStates, maskedState } from "../engine/embedded/compare.ts";
import { type PreviewResult, previewStack } from "../engine/embedded/preview.ts";
import type { ResourceState } from "../engine/embedded/resourceState.ts";
import { StackSecrets } from "../engine/embedded/secrets.ts";
import { isDefaultProvider } from "../engine/embedded/urn.ts";
import { loadProject, stackFile } from "../engine/project.ts";
import { capturePulumi } from "../engine/pulumiCli.ts";
import type { Engine } from "../engine/select.ts";
import { cancellable, errorsOf, printMarkdown, printPreview } from "./embeddedPreview.ts";
import type { PreviewCommand } from "./preview.ts";

/** `quorum preview --against <base>`: what the program as it stands changes, compared with a base. */
export async function previewAgainst(options: PreviewCommand, engine: Engine): Promise<void> {
  await cancellable(async (signal) => {
    const base = options.against ?? "HEAD";
    const secrets = new StackSecrets(process.env);
    const saved = await readSavedResources(base, secrets);
    // Both previews run at once; the older revision needs a checkout first.
    const [now, before] = await Promise.all([
      planned(options, options.cwd, engine, signal),
      saved === undefined
        ? withRevision(options.cwd, base, (folder) =>
            revisionStates(options, folder, engine, signal),
          )
        : saved.resources,
    ]);
    const masked = saved?.masked === true || engine.kind === "pulumi";
    // A saved preview does not show default providers: they would look as if they were new.
    const states = saved?.masked
      ? now.states.filter(({ urn }) => !isDefaultProvider(urn))
      : now.states;
    const after = masked ? states.map(maskedState) : states;
    const steps = now.succeeded ? compareStates(before, after) : now.steps;
    if (!now.succeeded) process.exitCode = 1;
    const result = { ...now, steps };
    if (options.markdown) {
      await printMarkdown(`Preview of \`${options.stack}\` against \`${base}\``, result);
      return;
    }
    await printPreview(options, result, `Changes of ${options.stack} against ${base}:`);
  });
}

async function revisionStates(
  options: PreviewCommand,
  folder: string,
  engine: Engine,
  signal: AbortSignal,
): Promise<ResourceState[]> {
  const project = await loadProject(folder);
  if (!existsSync(stackFile(project, options.stack))) return [];
  const result = await planned(options, folder, engine, signal);
  if (result.succeeded) return result.states;
  throw new Error(`the program of the base does not run:\n${errorsOf(result).join("\n")}`);
}

/** All that the program in `folder` asks for, whatever exists already. */
async function planned(
  options: PreviewCommand,
  folder: string,
  engine: Engine,
  signal: AbortSignal,
): Promise<PreviewResult> {
  const project = await loadProject(folder);
  if (engine.kind === "embedded") {
    const { stack, parallel } = options;
    return previewStack({ project, stack, parallel, env: process.env, fresh: true, signal });
  }
  const args = ["preview", "--json", "--show-sames", "--stack", options.stack];
  const output = await capturePulumi(engine.command, args, { root: folder, env: process.env });
  return {
    project: project.name,
    stack: options.stack,
    config: { values: {}, secretKeys: [], saltText: undefined },
    steps: [],
    states: plannedResources(JSON.parse(output)),
    diagnostics: [],
    succeeded: true,
    durationSeconds: 0,
  };
}
