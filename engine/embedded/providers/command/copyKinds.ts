import type { Operation } from "../../provider.ts";
import { type Archive, Asset, type Inputs } from "../../value.ts";
import { connectionOf } from "../ssh/connection.ts";
import { copyToRemote } from "../ssh/copy.ts";
import { sameValue } from "../values.ts";
import { connections } from "./connections.ts";

/** Copies the source of a `command:remote:CopyToRemote`. */
export function copyToHost(inputs: Inputs, operation: Operation): Promise<void> {
  return copy(inputs, inputs.source as Asset | Archive, operation);
}

/** Copies the file of a `command:remote:CopyFile`. */
export function copyFile(inputs: Inputs, operation: Operation): Promise<void> {
  return copy(inputs, new Asset({ path: String(inputs.localPath) }), operation);
}

/** A changed connection alone copies nothing. */
export function needsCopy(oldInputs: Inputs, inputs: Inputs): boolean {
  return !sameValue(oldInputs.source, inputs.source) || oldInputs.remotePath !== inputs.remotePath;
}

function copy(inputs: Inputs, source: Asset | Archive, operation: Operation): Promise<void> {
  const connection = connectionOf(inputs.connection as Inputs);
  return connections.with(connection, operation, (client) =>
    copyToRemote(client, source, String(inputs.remotePath), operation.signal),
  );
}
