import { refreshStack } from "../engine/embedded/apply.ts";
import { selectEngine } from "../engine/select.ts";
import { type ApplyCommand, runLocked } from "./applyCommands.ts";
import { handOver } from "./handOver.ts";

/** `quorum refresh`: brings the state in line with what is really there; changes nothing else. */
export async function refresh(options: ApplyCommand): Promise<void> {
  const engine = await selectEngine(options.engine, options.cwd, process.env);
  if (engine.kind === "pulumi") return handOver(engine.command, "refresh", options);
  await runLocked("refresh", options, (apply) => refreshStack(apply));
}
