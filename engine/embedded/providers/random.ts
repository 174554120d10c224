import type { Provider } from "../provider.ts";
import type { Inputs } from "../value.ts";
import { checkInputs } from "./inputSpec.ts";
import {
  generateRandom,
  randomDefaults,
  randomProblems,
  randomSpecs,
  randomTypes,
} from "./random/kinds.ts";
import { diffInputs } from "./values.ts";

/**
 * The kinds of @pulumi/random 4.21.2, apart from RandomPet and its lists of words. Every change
 * replaces; nothing else ever changes a value.
 */
export function randomProvider(): Provider {
  return {
    types: randomTypes,
    check: async (type, inputs) =>
      checkInputs(type, inputs, randomSpecs(type), randomProblems(type, inputs)),
    diff: async (type, _id, oldInputs, _oldOutputs, inputs) =>
      diffInputs(complete(type, oldInputs), complete(type, inputs), "*"),
    create: async (type, inputs) => generateRandom(type, complete(type, inputs)),
    update: async (_type, _id, _oldInputs, oldOutputs, inputs) => ({ ...oldOutputs, ...inputs }),
    delete: async () => {},
    read: async (_type, _id, _inputs, outputs) => outputs,
    secretOutputs: () => [],
  };
}

function complete(type: string, inputs: Inputs): Inputs {
  return { ...randomDefaults(type, inputs), ...inputs };
}
