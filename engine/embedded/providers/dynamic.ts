import messages from "@pulumi/pulumi/proto/provider_pb.js";
import type { Operation, Provider, ProviderDiff } from "../provider.ts";
import type { Inputs, Outputs } from "../value.ts";
import { providerProcess } from "./dynamic/processes.ts";
import { type ProviderProcess, structOf, valuesOf } from "./dynamic/providerProcess.ts";
import { InputError } from "./inputSpec.ts";
import { changedKeys } from "./values.ts";

const providerKey = "__provider";

/** `pulumi.dynamic.Resource`: the provider is code of the program, carried in the input `__provider`. */
export function dynamicProvider(): Provider {
  return {
    types: ["pulumi-nodejs:dynamic*"],
    check,
    diff: (type, id, oldInputs, oldOutputs, inputs, operation?: Operation) =>
      diff(id, oldInputs, oldOutputs, inputs, operation ?? detached(type)),
    create,
    update,
    delete: remove,
    read,
    secretOutputs: () => [],
  };
}

async function check(
  type: string,
  inputs: Inputs,
  oldInputs: Inputs | undefined,
  operation: Operation,
): Promise<Inputs> {
  if (inputs[providerKey] === undefined) {
    throw new InputError(type, [`${providerKey} is required`]);
  }
  const request = new messages.CheckRequest();
  request.setOlds(structOf(oldInputs ?? {}));
  request.setNews(structOf(inputs));
  const response = await host(operation).call<
    typeof request,
    InstanceType<typeof messages.CheckResponse>
  >(operation, request, (client, message, callback) => client.check(message, callback));
  const failures = response
    .getFailuresList()
    .map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
  if (failures.length > 0) throw new InputError(type, failures);
  return valuesOf(response.getInputs());
}

async function diff(
  id: string,
  oldInputs: Inputs,
  oldOutputs: Outputs,
  inputs: Inputs,
  operation: Operation,
): Promise<ProviderDiff> {
  const request = new messages.DiffRequest();
  request.setId(id);
  request.setOlds(structOf(oldOutputs));
  request.setOldInputs(structOf(oldInputs));
  request.setNews(structOf(inputs));
  const response = await host(operation).call<
    typeof request,
    InstanceType<typeof messages.DiffResponse>
  >(operation, request, (client, message, callback) => client.diff(message, callback));
  const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
  const replaceKeys = response.getReplacesList();
  if (response.getChanges() === DIFF_NONE && replaceKeys.length === 0) {
    return { changedKeys: [], replaceKeys: [] };
  }
  const changed = new Set([...changedKeys(oldInputs, inputs), ...replaceKeys]);
  // The provider sees a change that no input shows.
  if (response.getChanges() === DIFF_SOME && changed.size === 0) changed.add(providerKey);
  return {
    changedKeys: [...changed].sort(),
    replaceKeys,
    deleteBeforeReplace: response.getDeletebeforereplace(),
  };
}

async function create(
  _type: string,
  inputs: Inputs,
  operation: Operation,
): Promise<{ id: string; outputs: Outputs }> {
  const request = new messages.CreateRequest();
  request.setUrn(operation.urn);
  request.setProperties(structOf(inputs));
  const response = await host(operation).call<
    typeof request,
    InstanceType<typeof messages.CreateResponse>
  >(operation, request, (client, message, callback) => client.create(message, callback));
  return { id: response.getId(), outputs: valuesOf(response.getProperties()) };
}

async function update(
  _type: string,
  id: string,
  oldInputs: Inputs,
  oldOutputs: Outputs,
  inputs: Inputs,
  operation: Operation,
): Promise<Outputs> {
  const request = new messages.UpdateRequest();
  request.setId(id);
  request.setUrn(operation.urn);
  request.setOlds(structOf(oldOutputs));
  request.setOldInputs(structOf(oldInputs));
  request.setNews(structOf(inputs));
  const response = await host(operation).call<
    typeof request,
    InstanceType<typeof messages.UpdateResponse>
  >(operation, request, (client, message, callback) => client.update(message, callback));
  return valuesOf(response.getProperties());
}

async function remove(
  _type: string,
  id: string,
  inputs: Inputs,
  outputs: Outputs,
  operation: Operation,
): Promise<void> {
  const request = new messages.DeleteRequest();
  request.setId(id);
  request.setUrn(operation.urn);
  request.setProperties(structOf({ [providerKey]: inputs[providerKey] ?? "", ...outputs }));
  await host(operation).call<typeof request, unknown>(
    operation,
    request,
    (client, message, callback) => client.delete(message, callback),
  );
}

async function read(
  _type: string,
  id: string,
  inputs: Inputs,
  outputs: Outputs,
  operation: Operation,
): Promise<Outputs | undefined> {
  const request = new messages.ReadRequest();
  request.setId(id);
  request.setUrn(operation.urn);
  request.setInputs(structOf(inputs));
  request.setProperties(structOf({ [providerKey]: inputs[providerKey] ?? "", ...outputs }));
  const response = await host(operation).call<
    typeof request,
    InstanceType<typeof messages.ReadResponse>
  >(operation, request, (client, message, callback) => client.read(message, callback));
  return response.getId() === "" ? undefined : valuesOf(response.getProperties());
}

function host(operation: Operation): ProviderProcess {
  return providerProcess(JSON.stringify(operation.providerInputs));
}

/** Stands in where a comparison comes without its operation. */
function detached(type: string): Operation {
  return {
    urn: `urn:pulumi:::::${type}::`,
    signal: new AbortController().signal,
    providerInputs: {},
    log: () => {},
  };
}
