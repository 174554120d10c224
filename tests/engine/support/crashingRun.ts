import { TestStack } from "./engineRun.ts";

/**
 * A run of the engine in a process of its own that kills itself with SIGKILL at its n-th moment:
 * before and after every effect on the world, and after every step.
 * Arguments: folder of the stack, specs as JSON, n. Ends normally when there are fewer moments.
 */
const [folder = "", specs = "[]", killAt = "0"] = process.argv.slice(2);
let moments = 0;

function moment(): void {
  if (++moments === Number(killAt)) process.kill(process.pid, "SIGKILL");
}

const stack = new TestStack(folder, { onEffect: moment });
stack.onStepDone = moment;
const result = await stack.up(JSON.parse(specs));
process.exitCode = result.succeeded ? 0 : 1;
