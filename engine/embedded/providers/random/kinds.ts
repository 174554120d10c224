import { randomBytes, randomUUID } from "node:crypto";
import type { Inputs, Outputs } from "../../value.ts";
import type { InputSpec, InputSpecs } from "../inputSpec.ts";
import { drawFrom, shuffled } from "./draw.ts";
import { randomText, textProblems } from "./text.ts";
import { uuidVersion7 } from "./uuid.ts";

interface Kind {
  specs: InputSpecs;
  defaults?: (inputs: Inputs) => Inputs;
  problems?: (inputs: Inputs) => string[];
  make(inputs: Inputs): Promise<{ id: string; outputs: Outputs }>;
}

type Made = Promise<{ id: string; outputs: Outputs }>;

const bcryptRounds = 10;
/** Whole numbers beyond this are not exact. */
const largestInteger = Number.MAX_SAFE_INTEGER;
/** Range of one draw of node:crypto. */
const largestRange = 2 ** 48 - 1;

const keepers: InputSpec = { kind: "stringMap" };
const flag: InputSpec = { kind: "boolean" };
const minimum: InputSpec = { kind: "integer", min: 0 };
const length: InputSpec = { kind: "integer", min: 1, required: true };

const textSpecs: InputSpecs = {
  keepers,
  length,
  lower: flag,
  minLower: minimum,
  minNumeric: minimum,
  minSpecial: minimum,
  minUpper: minimum,
  number: flag,
  numeric: flag,
  overrideSpecial: { kind: "string" },
  special: flag,
  upper: flag,
};

const kinds: Readonly<Record<string, Kind>> = {
  "random:index/randomBytes:RandomBytes": { specs: { keepers, length }, make: makeBytes },
  "random:index/randomId:RandomId": {
    specs: { byteLength: length, keepers, prefix: { kind: "string" } },
    make: makeId,
  },
  "random:index/randomInteger:RandomInteger": {
    specs: {
      keepers,
      max: { kind: "integer", required: true },
      min: { kind: "integer", required: true },
      seed: { kind: "string" },
    },
    problems: integerProblems,
    make: makeInteger,
  },
  "random:index/randomPassword:RandomPassword": {
    specs: textSpecs,
    defaults: textDefaults,
    problems: textProblems,
    make: makePassword,
  },
  "random:index/randomShuffle:RandomShuffle": {
    specs: {
      inputs: { kind: "strings", required: true },
      keepers,
      resultCount: minimum,
      seed: { kind: "string" },
    },
    make: makeShuffle,
  },
  "random:index/randomString:RandomString": {
    specs: textSpecs,
    defaults: textDefaults,
    problems: textProblems,
    make: makeString,
  },
  "random:index/randomUuid:RandomUuid": { specs: { keepers }, make: () => makeUuid(randomUUID()) },
  "random:index/randomUuid4:RandomUuid4": {
    specs: { keepers },
    make: () => makeUuid(randomUUID()),
  },
  "random:index/randomUuid7:RandomUuid7": {
    specs: { keepers },
    make: () => makeUuid(uuidVersion7(Date.now())),
  },
};

export const randomTypes: readonly string[] = Object.keys(kinds);

/** Inputs of a kind of @pulumi/random. */
export function randomSpecs(type: string): InputSpecs {
  return kinds[type]?.specs ?? {};
}

/** Values that stand for absent inputs, also in the outputs. */
export function randomDefaults(type: string, inputs: Inputs): Inputs {
  return kinds[type]?.defaults?.(inputs) ?? {};
}

/** What is wrong with inputs beyond the kind of each. */
export function randomProblems(type: string, inputs: Inputs): string[] {
  return kinds[type]?.problems?.(inputs) ?? [];
}

/** Draws the values of a resource; `inputs` have their defaults. */
export async function generateRandom(type: string, inputs: Inputs): Made {
  const kind = kinds[type];
  if (kind === undefined) throw new Error(`${type} is not a kind of @pulumi/random`);
  const { id, outputs } = await kind.make(inputs);
  return { id, outputs: { ...inputs, ...outputs } };
}

function textDefaults(inputs: Inputs): Inputs {
  const numeric = inputs.numeric ?? inputs.number ?? true;
  return {
    lower: true,
    minLower: 0,
    minNumeric: 0,
    minSpecial: 0,
    minUpper: 0,
    number: numeric,
    numeric,
    special: true,
    upper: true,
  };
}

async function makeString(inputs: Inputs): Made {
  const result = randomText(inputs, drawFrom(undefined));
  return { id: result, outputs: { result, __meta: meta(2) } };
}

async function makePassword(inputs: Inputs): Made {
  const result = randomText(inputs, drawFrom(undefined));
  const { hash } = (await import("bcryptjs")).default;
  // bcrypt counts the first 72 bytes only, here and in the original.
  const bcryptHash = await hash(result, bcryptRounds);
  return { id: "none", outputs: { bcryptHash, result, __meta: meta(3) } };
}

async function makeBytes(inputs: Inputs): Made {
  const bytes = randomBytes(Number(inputs.length));
  const base64 = bytes.toString("base64");
  // The id of the original is its secret, in the clear; the one of a password is taken instead.
  return { id: "none", outputs: { base64, hex: bytes.toString("hex") } };
}

async function makeId(inputs: Inputs): Made {
  const bytes = randomBytes(Number(inputs.byteLength));
  const prefix = typeof inputs.prefix === "string" ? inputs.prefix : "";
  const id = bytes.toString("base64url");
  return {
    id,
    outputs: {
      b64Std: prefix + bytes.toString("base64"),
      b64Url: prefix + id,
      dec: prefix + BigInt(`0x${bytes.toString("hex")}`).toString(),
      hex: prefix + bytes.toString("hex"),
    },
  };
}

function integerProblems({ min, max }: Inputs): string[] {
  if (typeof min !== "number" || typeof max !== "number") return [];
  if (max < min) return [`max (${max}) is less than min (${min})`];
  if (Math.max(Math.abs(min), Math.abs(max)) > largestInteger || max - min >= largestRange) {
    return ["min and max are too far apart or too large to be exact"];
  }
  return [];
}

async function makeInteger(inputs: Inputs): Made {
  const min = Number(inputs.min);
  const result = min + seededDraw(inputs)(Number(inputs.max) - min + 1);
  return { id: String(result), outputs: { result } };
}

async function makeShuffle(inputs: Inputs): Made {
  const list = Array.isArray(inputs.inputs) ? inputs.inputs : [];
  const wanted = list.length === 0 ? 0 : Number(inputs.resultCount ?? list.length);
  const draw = seededDraw(inputs);
  const results: Inputs[string][] = [];
  while (results.length < wanted) results.push(...shuffled(list, draw));
  return { id: "-", outputs: { results: results.slice(0, wanted) } };
}

async function makeUuid(result: string): Made {
  return { id: result, outputs: { result } };
}

function seededDraw(inputs: Inputs) {
  return drawFrom(typeof inputs.seed === "string" ? inputs.seed : undefined);
}

function meta(schemaVersion: number): string {
  return JSON.stringify({ schema_version: String(schemaVersion) });
}
