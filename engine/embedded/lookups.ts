import type { ReadRequest } from "./monitor.ts";
import type { Operation, Provider } from "./provider.ts";
import { stackReferenceType } from "./urn.ts";
import { type Outputs, Secret } from "./value.ts";
import { hasUnknown, remarkSecrets, revealAll, revealSecrets } from "./values.ts";

export interface LookupOptions {
  dryRun: boolean;
  provider: Provider | undefined;
  operation: Operation;
  /** Outputs of another stack; undefined when there is no such stack here. */
  stackOutputs(name: string): Promise<Outputs | undefined>;
}

/**
 * Outputs of a resource that exists elsewhere. In a preview, what cannot be asked is left out and
 * so stays unknown; on a real run it throws.
 */
export async function lookUp(request: ReadRequest, options: LookupOptions): Promise<Outputs> {
  const { type, id, inputs } = request;
  if (type === stackReferenceType) return stackReference(request, options);
  const { provider } = options;
  if (provider === undefined) {
    if (options.dryRun) return inputs;
    throw new Error(`${type} cannot be read without its provider: install the Pulumi CLI`);
  }
  if (hasUnknown(id) || Object.values(inputs).some(hasUnknown)) return inputs;
  const plain = revealAll(inputs);
  const outputs = await provider.read(type, id, plain, plain, options.operation);
  if (outputs === undefined)
    throw new Error(`${type} with id ${JSON.stringify(id)} does not exist`);
  return remarkSecrets(outputs, inputs, provider.secretOutputs(type));
}

async function stackReference(request: ReadRequest, options: LookupOptions): Promise<Outputs> {
  const name = String(revealSecrets(request.inputs.name ?? request.id));
  const outputs = await options.stackOutputs(name);
  if (outputs === undefined) {
    if (options.dryRun) return { name };
    throw new Error(`stack reference ${JSON.stringify(name)}: there is no state of such a stack`);
  }
  const secretOutputNames = Object.keys(outputs).filter((key) => outputs[key] instanceof Secret);
  return { name, outputs, secretOutputNames };
}
