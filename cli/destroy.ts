import { destroyStack, refuseForeignKinds } from "../engine/embedded/apply.ts";
import { Deployment } from "../engine/embedded/deployment.ts";
import { previewExecutor } from "../engine/embedded/previewExecutor.ts";
import { providerFor } from "../engine/embedded/providers/index.ts";
import { StackSecrets } from "../engine/embedded/secrets.ts";
import { loadSnapshot, stateFile } from "../engine/embedded/stateStore.ts";
import { selectEngine } from "../engine/select.ts";
import { type ApplyCommand, confirmed, runLocked } from "./applyCommands.ts";
import { handOver } from "./handOver.ts";

/** `quorum destroy`: deletes everything that the state of the stack holds. */
export async function destroy(options: ApplyCommand): Promise<void> {
  const engine = await selectEngine(options.engine, options.cwd, process.env);
  if (engine.kind === "pulumi") return handOver(engine.command, "destroy", options);
  await runLocked("destroy", options, async (apply, project) => {
    const { stack, env, observer } = apply;
    const file = stateFile(env, project.name, stack);
    const { resources } = await loadSnapshot(file, new StackSecrets(env));
    const plan = new Deployment({
      project: project.name,
      stack,
      root: project.root,
      olds: resources,
      config: {},
      disabledDefaultProviders: new Set(),
      providerFor,
      dryRun: true,
      stackOutputs: async () => undefined,
      executor: previewExecutor,
      observer: { ...silent, diagnostic: (diagnostic) => observer.diagnostic(diagnostic) },
      signal: apply.stop,
    });
    try {
      await plan.finish();
    } catch {
      return { succeeded: false, steps: [], states: [] };
    }
    refuseForeignKinds(plan.steps);
    const question = `Delete all of ${stack}?`;
    if (!(await confirmed(options, question, plan.steps, []))) return undefined;
    return destroyStack(apply);
  });
}

const silent = { stepStarted() {}, stepDone() {}, stepFailed() {} };
