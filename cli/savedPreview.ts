import { plannedResources, savedSteps } from "../engine/baseline.ts";
import { loadProject } from "../engine/project.ts";
import { printMarkdown, printPreview } from "./embeddedPreview.ts";
import { savedPreview } from "./inputFile.ts";
import type { PreviewCommand } from "./preview.ts";

/** `quorum preview --from FILE`: shows what `preview --json` of either engine has printed. */
export async function showSaved(options: PreviewCommand, file: string): Promise<void> {
  const document = await savedPreview(file);
  const result = {
    project: (await loadProject(options.cwd)).name,
    stack: options.stack,
    config: { values: {}, secretKeys: [], saltText: undefined },
    steps: savedSteps(document),
    states: plannedResources(document),
    diagnostics: [],
    succeeded: true,
    durationSeconds: 0,
  };
  if (options.markdown) return printMarkdown(`Preview of \`${options.stack}\``, result);
  await printPreview(options, result, `Preview of ${options.stack}, as it was saved:`);
}
