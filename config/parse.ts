import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";
import { ConfigError, type Finding } from "./errors.ts";
import { plainCopy } from "./plain.ts";
import { ec2Rules } from "./rules/ec2.ts";
import { eksRules } from "./rules/eks.ts";
import { hostsRules } from "./rules/hosts.ts";
import type { Rule } from "./rules/rule.ts";
import { workersRules } from "./rules/workers.ts";
import type { ClusterConfig } from "./schema.ts";
import { shapes } from "./shape.ts";

type Values = Record<string, unknown>;

/**
 * Turn what a stack file says into its cluster configuration.
 * @param raw the `quorum:*` keys without their prefix, structured values as objects.
 * @returns the configuration with every default filled in; parsing it again returns an equal one.
 * @throws ConfigError that lists every problem at once. Nothing else, whatever `raw` is.
 */
export function parseConfig(raw: unknown): ClusterConfig {
  const { data, findings } = plainCopy(raw);
  if (typeof data !== "object" || data === null || Array.isArray(data))
    throw new ConfigError([...findings, noSettings]);
  const values = data as Values;
  const platform = values.platform;
  if (!isPlatform(platform)) throw new ConfigError([...findings, unknownPlatform(platform)]);

  const shape = shapes[platform];
  findings.push(...unknownKeys("", values, Object.keys(shape)));
  const parsed: Values = {};
  for (const [key, form] of Object.entries(shape)) {
    const result = parseKey(key, form, ownValue(values, key));
    findings.push(...result.findings);
    if (result.valid && result.value !== undefined) parsed[key] = result.value;
    else if (!result.valid) parsed[key] = broken;
  }
  const rules = rulesOf[platform] as unknown as readonly Rule<Values>[];
  findings.push(...runRules(rules, parsed));
  if (findings.length > 0) throw new ConfigError(findings);
  return parsed as unknown as ClusterConfig;
}

const rulesOf = { eks: eksRules, hosts: hostsRules, ec2: ec2Rules, workers: workersRules };

function isPlatform(value: unknown): value is ClusterConfig["platform"] {
  return typeof value === "string" && Object.hasOwn(rulesOf, value);
}

/** Stands for a value whose form is wrong: rules that read it are left out. */
const broken = Symbol("broken");

function runRules(rules: readonly Rule<Values>[], parsed: Values): Finding[] {
  return rules
    .filter((rule) => rule.reads.every((key) => parsed[key] !== broken))
    .flatMap((rule) => rule.check(parsed));
}

interface KeyResult {
  valid: boolean;
  value: unknown;
  findings: Finding[];
}

/** Unknown keys are reported and dropped, so that the rest of the value is still checked. */
function parseKey(key: string, form: z.ZodType, value: unknown): KeyResult {
  const result = form.safeParse(value, { reportInput: true });
  if (result.success) return { valid: true, value: result.data, findings: [] };
  const findings: Finding[] = [];
  let valid = true;
  for (const issue of result.error.issues) {
    if (issue.code === "unrecognized_keys") {
      const holder = at(value, issue.path) as Values;
      findings.push(...unrecognised([key, ...issue.path], holder, issue.keys, form));
      for (const name of issue.keys) delete holder[name];
    } else {
      valid = false;
      findings.push(wrongForm(pathText([key, ...issue.path]), issue));
    }
  }
  if (!valid) return { valid, value: undefined, findings };
  const rest = form.safeParse(value);
  return { valid: rest.success, value: rest.data, findings };
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (holder, step) => (holder as Record<PropertyKey, unknown>)[step],
    value,
  );
}

function ownValue(values: Values, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

function unrecognised(
  path: readonly PropertyKey[],
  holder: Values,
  names: readonly string[],
  form: z.ZodType,
): Finding[] {
  const known = knownKeys(form, path.slice(1), holder);
  return names.map((name) => unknownKey(`${pathText(path)}.`, name, holder[name], known));
}

/** The keys of the object form at `path`, for the suggestion. */
function knownKeys(form: z.ZodType, path: readonly PropertyKey[], holder: Values): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: walks zod's own definition tree, whose nodes differ.
  let node: any = unwrap(form);
  for (const step of path) {
    if (node?.shape !== undefined) node = unwrap(node.shape[step as string]);
    else node = unwrap(node?.element ?? node?.valueType);
  }
  if (node?.options !== undefined)
    node = node.options.find((option: z.ZodType) =>
      Object.entries((option as z.ZodObject).shape).some(
        ([key, value]) => (value as { value?: unknown }).value === holder[key],
      ),
    );
  return Object.keys(node?.shape ?? {});
}

// biome-ignore lint/suspicious/noExplicitAny: as above.
function unwrap(node: any): any {
  let inner = node;
  while (inner?.def?.innerType !== undefined) inner = inner.def.innerType;
  return inner;
}

function unknownKeys(prefix: string, values: Values, known: readonly string[]): Finding[] {
  return Object.keys(values)
    .filter((key) => !known.includes(key))
    .map((key) => unknownKey(prefix, key, values[key], known));
}

function unknownKey(
  prefix: string,
  name: string,
  value: unknown,
  known: readonly string[],
): Finding {
  const [, afterNamespace] = name.split(":");
  if (prefix === "" && afterNamespace !== undefined) {
    return {
      key: name,
      value,
      rule: "A key of another namespace is not read.",
      remedy: `The namespace is misspelt; write "quorum:${afterNamespace}".`,
    };
  }
  const nearest = known.length > 0 ? closest(name.slice(0, 100), known) : undefined;
  const near =
    nearest !== undefined && distance(name.slice(0, 100), nearest) <= Math.max(2, name.length / 3);
  return {
    key: prefix + name,
    value,
    rule: "A key that is not read would change nothing, so it is an error.",
    remedy: near
      ? `There is no such key; did you mean "${nearest}"?`
      : `There is no such key; known here: ${known.join(", ")}.`,
  };
}

function wrongForm(key: string, issue: z.core.$ZodIssue): Finding {
  const value = issue.input;
  if (value === undefined)
    return { key, value, remedy: `Add it: ${expected(issue)}.`, rule: "The key is required." };
  const quoted =
    typeof value === "number" && issue.code === "invalid_type" && issue.expected === "string";
  return {
    key,
    value,
    remedy: quoted ? `Put it in quotes: "${value}".` : `Use ${expected(issue)}.`,
    rule: `It is ${Array.isArray(value) ? "a list" : value === null ? "empty" : `of type ${typeof value}`}.`,
  };
}

const formNames: Readonly<Record<string, string>> = {
  string: "a text",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object of named entries",
};

function expected(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value")
    return `one of ${issue.values.map((value) => `"${String(value)}"`).join(", ")}`;
  if (issue.code === "invalid_type") return formNames[issue.expected] ?? issue.expected;
  if (issue.code === "invalid_union")
    return `one of the known values of "${issue.discriminator ?? "it"}"`;
  return issue.message.toLowerCase();
}

/** Path as people write it: `pools.general.taints[0].effect`. */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) =>
      typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${String(step)}`,
    )
    .join("");
}

const noSettings: Finding = {
  key: "platform",
  value: undefined,
  rule: "A stack without settings describes no cluster.",
  remedy: "Copy Pulumi.prod.yaml as a start.",
};

function unknownPlatform(value: unknown): Finding {
  return {
    key: "platform",
    value,
    rule: "The platform decides which other keys exist; those are checked once it is known.",
    remedy: 'Use "eks", "ec2", "hosts" or "workers".',
  };
}
