import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  PartialResourceError,
  type Provider,
  type ProviderDiff,
} from "../../../engine/embedded/provider.ts";
import { type Inputs, type Outputs, Unknown, type Value } from "../../../engine/embedded/value.ts";
import { sameMap, sameValue } from "../../../engine/embedded/values.ts";

/** A moment of an operation on the world. */
export type Moment = "before" | "after";

export interface WorldOptions {
  /** Called around every effect; may throw, wait, or kill the process. */
  onEffect?(verb: string, inputs: Inputs, moment: Moment): void | Promise<void>;
}

/** One thing that exists in the world. */
export interface WorldEntry {
  id: string;
  urn: string;
  inputs: Inputs;
}

/**
 * A provider whose resources are files in a folder: what exists, survives the engine. Inputs:
 * `replace` forces a replacement when it changes, `deleteFirst` asks for deletion before it,
 * `partial` fails half-way; `value` comes out as `<text>!`, from the input `text`.
 */
export function worldProvider(folder: string, options: WorldOptions = {}): Provider {
  const file = (id: string) => path.join(folder, `${id}.json`);
  const effect = async (verb: string, inputs: Inputs, action: () => Promise<void>) => {
    await options.onEffect?.(verb, inputs, "before");
    await action();
    await options.onEffect?.(verb, inputs, "after");
  };
  const write = async (entry: WorldEntry) => {
    await mkdir(folder, { recursive: true });
    // Renamed into place: a kill must not leave half a file, which no real provider would show.
    const draft = path.join(folder, `.${entry.id}`);
    await writeFile(draft, JSON.stringify(entry));
    await rename(draft, file(entry.id));
  };
  return {
    types: ["test:index:*"],
    async check(_type, inputs) {
      if (inputs.invalid === true) throw new Error("invalid: must not be true");
      return { size: 1, ...inputs };
    },
    async diff(_type, _id, oldInputs, _oldOutputs, inputs): Promise<ProviderDiff> {
      const keys = new Set([...Object.keys(oldInputs), ...Object.keys(inputs)]);
      const changedKeys = [...keys].filter(
        (key) => !sameValue(oldInputs[key] ?? null, inputs[key] ?? null),
      );
      return {
        changedKeys,
        replaceKeys: changedKeys.filter((key) => key === "replace"),
        deleteBeforeReplace: inputs.deleteFirst === true,
      };
    },
    async create(_type, inputs, operation) {
      const id = randomUUID();
      await effect("create", inputs, () => write({ id, urn: operation.urn, inputs }));
      if (inputs.partial === true) {
        throw new PartialResourceError("half of it is there", id, outputsOf(inputs));
      }
      return { id, outputs: outputsOf(inputs) };
    },
    async update(_type, id, _oldInputs, _oldOutputs, inputs, operation) {
      await effect("update", inputs, () => write({ id, urn: operation.urn, inputs }));
      return outputsOf(inputs);
    },
    async delete(_type, id, inputs) {
      await effect("delete", inputs, () => rm(file(id), { force: true }));
    },
    async read(_type, id) {
      const entry = (await worldEntries(folder)).find((candidate) => candidate.id === id);
      return entry === undefined ? undefined : outputsOf(entry.inputs);
    },
    async adopt(_type, inputs, operation) {
      const found = (await worldEntries(folder)).find(
        (entry) => entry.urn === operation.urn && sameMap(entry.inputs, inputs),
      );
      return found && { id: found.id, outputs: outputsOf(inputs) };
    },
    secretOutputs: () => ["password"],
  };
}

function outputsOf(inputs: Inputs): Outputs {
  const outputs: Outputs = { ...inputs, password: "hunter2-hunter2" };
  if (inputs.text !== undefined) outputs.value = derived(inputs.text);
  return outputs;
}

function derived(text: Value): Value {
  return text instanceof Unknown ? text : `${String(text)}!`;
}

/** All that exists in a world, by name of its resource and input. */
export async function worldEntries(folder: string): Promise<WorldEntry[]> {
  const files = await readdir(folder).catch(() => []);
  const names = files.filter((name) => !name.startsWith("."));
  const entries = await Promise.all(
    names.map(async (name): Promise<WorldEntry | undefined> => {
      const content = await readFile(path.join(folder, name), "utf8").catch(() => undefined);
      // Deleted meanwhile by an operation that runs at the same time.
      return content === undefined ? undefined : JSON.parse(content);
    }),
  );
  return entries.filter((entry) => entry !== undefined);
}
