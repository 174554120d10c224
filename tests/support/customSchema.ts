import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";

const compiled = new Map<string, ValidateFunction>();

/**
 * What a kind's CustomResourceDefinition has against an object: unknown fields, missing ones, wrong
 * types. Its CEL rules are not run. @throws Error on a kind that tests/schemas lacks.
 */
export function definitionErrors(object: { apiVersion: string; kind: string }): string[] {
  const [group = ""] = object.apiVersion.split("/");
  const file = new URL(`../schemas/${group}_${object.kind}.json`, import.meta.url);
  const validate = compiled.get(file.href) ?? compile(file, object);
  compiled.set(file.href, validate);
  if (validate(object)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function compile(file: URL, { apiVersion, kind }: { apiVersion: string; kind: string }) {
  const { kind: stored, schema } = JSON.parse(readFileSync(file, "utf8")) as {
    kind: string;
    schema: object;
  };
  if (stored !== `${apiVersion} ${kind}`) throw new Error(`${file.pathname} describes ${stored}`);
  const options = { allErrors: true, strict: false, allowUnionTypes: true };
  return new Ajv({ ...options, code: { regExp: goRegExp } }).compile(schema);
}

/** Definitions have Go's patterns, whose "(?i)" is a flag here. */
const goRegExp = Object.assign(
  (pattern: string, flags: string) => {
    const plain = pattern.replace("(?i)", "");
    return new RegExp(plain, plain === pattern ? flags : `${flags}i`);
  },
  { code: "new RegExp" },
);
