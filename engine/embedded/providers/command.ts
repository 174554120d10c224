import type { Operation, Provider, ProviderDiff } from "../provider.ts";
import type { Inputs, Outputs } from "../value.ts";
import { copyFile, copyToHost, needsCopy } from "./command/copyKinds.ts";
import { runLocalCommand } from "./command/localCommand.ts";
import { runCommandOnHost } from "./command/remoteCommand.ts";
import { commandSpecs } from "./command/specs.ts";
import { checkInputs } from "./inputSpec.ts";
import { diffInputs, nameOfUrn, randomHex } from "./values.ts";

const remoteCommand = "command:remote:Command";
const localCommand = "command:local:Command";
const copyToRemoteKind = "command:remote:CopyToRemote";
const copyFileKind = "command:remote:CopyFile";

/**
 * The kinds of @pulumi/command 1.2.1. As with the original, any changed input of a command runs
 * `update` (or else `create`) again, changed triggers replace, and a failed `create` leaves no
 * resource behind, so it runs again next time.
 */
export function commandProvider(): Provider {
  return {
    types: [remoteCommand, localCommand, copyToRemoteKind, copyFileKind],
    check: async (type, inputs) => checkInputs(type, inputs, commandSpecs(type)),
    diff: async (type, _id, oldInputs, _oldOutputs, inputs) => diff(type, oldInputs, inputs),
    create,
    update,
    delete: remove,
    read: async (_type, _id, _inputs, outputs) => outputs,
    secretOutputs: (type) => (type === localCommand ? [] : ["connection"]),
  };
}

function diff(type: string, oldInputs: Inputs, inputs: Inputs): ProviderDiff {
  return diffInputs(oldInputs, inputs, type === copyFileKind ? "*" : ["triggers"]);
}

async function create(
  type: string,
  inputs: Inputs,
  operation: Operation,
): Promise<{ id: string; outputs: Outputs }> {
  if (type === copyToRemoteKind) {
    await copyToHost(inputs, operation);
    return { id: randomHex(8), outputs: inputs };
  }
  if (type === copyFileKind) {
    await copyFile(inputs, operation);
    return { id: randomHex(8), outputs: inputs };
  }
  const outputs = await run(type, inputs.create, inputs, {}, operation);
  return { id: nameOfUrn(operation.urn) + randomHex(8), outputs: { ...inputs, ...outputs } };
}

async function update(
  type: string,
  _id: string,
  oldInputs: Inputs,
  oldOutputs: Outputs,
  inputs: Inputs,
  operation: Operation,
): Promise<Outputs> {
  if (type === copyToRemoteKind) {
    if (needsCopy(oldInputs, inputs)) await copyToHost(inputs, operation);
    return inputs;
  }
  const command = inputs.update ?? inputs.create;
  return { ...inputs, ...(await run(type, command, inputs, oldOutputs, operation)) };
}

async function remove(
  type: string,
  _id: string,
  inputs: Inputs,
  outputs: Outputs,
  operation: Operation,
): Promise<void> {
  if (type === copyToRemoteKind || type === copyFileKind) return;
  await run(type, inputs.delete, inputs, outputs, operation);
}

/** Runs one command of the resource, if it has it, and gives the outputs that it prints. */
async function run(
  type: string,
  command: Inputs[string] | undefined,
  inputs: Inputs,
  oldOutputs: Outputs,
  operation: Operation,
): Promise<Outputs> {
  const previous = {
    stdout: String(oldOutputs.stdout ?? ""),
    stderr: String(oldOutputs.stderr ?? ""),
  };
  if (typeof command !== "string") return previous;
  return type === localCommand
    ? runLocalCommand(command, inputs, previous, operation)
    : runCommandOnHost(command, inputs, previous, operation);
}
