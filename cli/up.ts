import { previewJson } from "../engine/display/previewJson.ts";
import { applyStack, refuseForeignKinds } from "../engine/embedded/apply.ts";
import { previewStack } from "../engine/embedded/preview.ts";
import { selectEngine } from "../engine/select.ts";
import { type ApplyCommand, confirmed, runLocked } from "./applyCommands.ts";
import { enforce, judgeUpdate } from "./gate.ts";
import { handOver } from "./handOver.ts";
import { plannedPreview } from "./plannedPreview.ts";

export interface UpCommand extends ApplyCommand {
  /** What is lost already: the run is a repair, which nothing blocks. */
  lost?: string[];
}

/** `quorum up`: preview, judge the plan, then make the stack what the program asks for. */
export async function up(options: UpCommand): Promise<void> {
  const engine = await selectEngine(options.engine, options.cwd, process.env);
  if (engine.kind === "pulumi") {
    const preview = await plannedPreview({ ...options, engine: "pulumi" });
    enforce(judgeUpdate(preview, options), console.error);
    return handOver(engine.command, "up", options);
  }
  await runLocked("up", options, async (apply, project) => {
    const { stack, parallel, env, observer } = apply;
    const plan = await previewStack({
      project,
      stack,
      parallel,
      env,
      fresh: false,
      signal: apply.stop,
      onDiagnostic: (diagnostic) => {
        // Warnings come again when the program runs in earnest.
        if (diagnostic.severity === "error") observer.diagnostic(diagnostic);
      },
    });
    if (!plan.succeeded) return { succeeded: false, steps: [], states: [] };
    refuseForeignKinds(plan.steps);
    enforce(judgeUpdate(previewJson(plan, true), options), (message) =>
      observer.diagnostic({ severity: "warning", message, urn: undefined }),
    );
    const question = `Apply these changes to ${stack}?`;
    if (!(await confirmed(options, question, plan.steps, plan.states))) return undefined;
    return applyStack(apply);
  });
}
