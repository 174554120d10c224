import { destroyStack, refuseForeignKinds } from "../engine/embedded/apply.ts";
import { Deployment } from "../engine/embedded/deployment.ts";
import { previewExecutor } from "../engine/embedded/previewExecutor.ts";
import { providerFor } from "../engine/embedded/providers/index.ts";
import { StackSecrets } from "../engine/embedded/secrets.ts";
import { loadSnapshot, stateFile } from "../engine/embedded/stateStore.ts";
import { capturePulumi } from "../engine/pulumiCli.ts";
import { selectEngine } from "../engine/select.ts";
import { type ApplyCommand, confirmed, runLocked } from "./applyCommands.ts";
import { type DoomedResource, enforce, judgeDestroy } from "./gate.ts";
import { handOver } from "./handOver.ts";

/** `quorum destroy`: deletes everything that the state of the stack holds, unless that holds data. */
export async function destroy(options: ApplyCommand): Promise<void> {
  const engine = await selectEngine(options.engine, options.cwd, process.env);
  if (engine.kind === "pulumi") {
    const args = ["stack", "export", "--stack", options.stack];
    const where = { root: options.cwd, env: process.env };
    const { deployment } = JSON.parse(await capturePulumi(engine.command, args, where)) as {
      deployment: { resources?: DoomedResource[] };
    };
    enforce(judgeDestroy(deployment.resources ?? [], options), console.error);
    return handOver(engine.command, "destroy", options);
  }
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
    enforce(judgeDestroy(resources, options), (message) =>
      observer.diagnostic({ severity: "warning", message, urn: undefined }),
    );
    const question = `Delete all of ${stack}?`;
    if (!(await confirmed(options, question, plan.steps, []))) return undefined;
    return destroyStack(apply);
  });
}

const silent = { stepStarted() {}, stepDone() {}, stepFailed() {} };
