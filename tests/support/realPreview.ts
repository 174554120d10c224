import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { PlannedState, PreviewJson } from "./plannedGraph.ts";

const run = promisify(execFile);
const root = new URL("../../", import.meta.url).pathname;

/** What the program plans for a stack of the repository, by the embedded engine, state ignored. */
export async function realPreview(stack: string): Promise<PreviewJson> {
  const args = ["preview", "--stack", stack, "--engine", "embedded", "--json", "--show-sames"];
  const { stdout } = await run(`${root}bin/quorum`, [...args, "--fresh"], {
    cwd: root,
    maxBuffer: 64 * 2 ** 20,
    timeout: 120_000,
  });
  return JSON.parse(stdout) as PreviewJson;
}

/** A copy of the preview with one thing done to it. */
export function altered(preview: PreviewJson, change: (find: Finder) => void): PreviewJson {
  const copy = structuredClone(preview);
  change((type, name) => {
    const states = copy.steps.map(({ newState }) => newState);
    const found = states.find((state) => state?.type === type && state.urn.endsWith(name));
    if (!found) throw new Error(`the preview has no ${type} whose name ends in ${name}`);
    return found;
  });
  return copy;
}

/** The planned resource of a type whose logical name ends in the given text. */
export type Finder = (type: string, name: string) => PlannedState;
