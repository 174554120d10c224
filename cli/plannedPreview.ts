import { previewJson } from "../engine/display/previewJson.ts";
import { previewStack } from "../engine/embedded/preview.ts";
import { loadProject } from "../engine/project.ts";
import { capturePulumi } from "../engine/pulumiCli.ts";
import { type EngineChoice, selectEngine } from "../engine/select.ts";

export interface PlannedPreview {
  stack: string;
  engine?: EngineChoice;
  cwd: string;
  fresh?: boolean;
  parallel?: number;
}

/** Without it the saved state of the embedded engine cannot be read: then the plan alone is judged. */
function hasPassphrase(): boolean {
  const { PULUMI_CONFIG_PASSPHRASE: text, PULUMI_CONFIG_PASSPHRASE_FILE: file } = process.env;
  return text !== undefined || file !== undefined;
}

/** The preview of a stack as parsed JSON, unchanged resources included, by either engine. */
export async function plannedPreview(options: PlannedPreview): Promise<unknown> {
  const engine = await selectEngine(options.engine, options.cwd, process.env);
  if (engine.kind === "pulumi") {
    const args = ["preview", "--stack", options.stack, "--json", "--show-sames"];
    const text = await capturePulumi(engine.command, args, {
      root: options.cwd,
      env: process.env,
    });
    return JSON.parse(text);
  }
  if (options.fresh !== true && !hasPassphrase()) {
    console.error("no passphrase is set: judging the plan alone, not the change to what stands");
  }
  const cancel = new AbortController();
  const abort = () => cancel.abort(new Error("cancelled"));
  process.once("SIGINT", abort);
  try {
    const result = await previewStack({
      project: await loadProject(options.cwd),
      stack: options.stack,
      env: process.env,
      parallel: options.parallel ?? 16,
      fresh: options.fresh === true || !hasPassphrase(),
      signal: cancel.signal,
    });
    if (!result.succeeded) {
      const errors = result.diagnostics.filter(({ severity }) => severity === "error");
      throw new Error(
        [
          "the preview failed, there is no plan to prove",
          ...errors.map(({ message }) => message),
        ].join("\n"),
      );
    }
    return previewJson(result, true);
  } finally {
    process.off("SIGINT", abort);
  }
}
