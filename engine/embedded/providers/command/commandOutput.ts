import type { Operation } from "../../provider.ts";
import type { Inputs } from "../../value.ts";

const shownLines = 30;
const shownCharacters = 4000;

/** What the run before printed; handed to the next one in its environment. */
export interface PreviousOutput {
  stdout: string;
  stderr: string;
}

/** True when the resource allows a stream to be shown. */
export function logs(inputs: Inputs, stream: "stdout" | "stderr"): boolean {
  const logging = inputs.logging ?? "stdoutAndStderr";
  return logging === stream || logging === "stdoutAndStderr";
}

/** Passes printed lines to the watcher, as far as the resource allows. */
export function lineLogger(
  inputs: Inputs,
  operation: Operation,
): (stream: "stdout" | "stderr", line: string) => void {
  return (stream, line) => {
    if (logs(inputs, stream)) operation.log(printable(line));
  };
}

/** The error of a command that failed; shows what it printed only where that may be logged. */
export function failure(how: string, inputs: Inputs, printed: PreviousOutput): Error {
  const parts = (["stdout", "stderr"] as const)
    .filter((stream) => logs(inputs, stream))
    .map((stream) => printed[stream])
    .filter((text) => text !== "");
  const lines = parts.join("\n").split("\n").slice(-shownLines).map(printable);
  const shown = lines.join("\n").slice(-shownCharacters);
  if (shown !== "") return new Error(`the command ${how}:\n${shown}`);
  const hidden = inputs.logging === "none" ? " (its output is not shown: logging is none)" : "";
  return new Error(`the command ${how}${hidden}`);
}

/** Without control characters, which could steer the watcher's terminal. */
function printable(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
  return line.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, "").replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "");
}
