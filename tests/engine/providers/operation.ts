import type { Operation } from "../../../engine/embedded/provider.ts";

/** An operation as the engine would make it, and what was logged in it. */
export interface RecordedOperation extends Operation {
  lines: string[];
}

export function operationOn(
  type: string,
  name = "thing",
  options: Partial<Operation> = {},
): RecordedOperation {
  const lines: string[] = [];
  return {
    urn: `urn:pulumi:test::quorum::${type}::${name}`,
    signal: new AbortController().signal,
    providerInputs: {},
    log: (line) => lines.push(line),
    ...options,
    lines,
  };
}
