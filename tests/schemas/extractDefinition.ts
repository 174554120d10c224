import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";

/**
 * Cuts the schema of a kind out of its CustomResourceDefinition, without comments and closed to
 * fields that it does not list:
 *   node tests/schemas/extractDefinition.ts <definition.yaml>...
 */

interface Definition {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; storage: boolean; schema: { openAPIV3Schema: Schema } }[];
  };
}

interface Schema {
  [key: string]: unknown;
}

for (const file of process.argv.slice(2)) {
  const { spec } = parse(readFileSync(file, "utf8")) as Definition;
  const version = spec.versions.find(({ storage }) => storage);
  if (version === undefined) throw new Error(`${file} stores no version`);
  const target = new URL(`${spec.group}_${spec.names.kind}.json`, import.meta.url);
  const schema = strict(version.schema.openAPIV3Schema) as Schema;
  // The API server knows the rest of an object's metadata.
  (schema.properties as Schema).metadata = { type: "object" };
  writeFileSync(
    target,
    `${JSON.stringify({ kind: `${spec.group}/${version.name} ${spec.names.kind}`, schema })}\n`,
  );
}

function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (typeof value !== "object" || value === null) return value;
  const source = value as Schema;
  const result: Schema = {};
  for (const [key, inner] of Object.entries(source)) {
    if (["description", "format", "default", "example"].includes(key) || key.startsWith("x-"))
      continue;
    if (key === "properties")
      result.properties = Object.fromEntries(
        Object.entries(inner as Schema).map(([name, field]) => [name, strict(field)]),
      );
    else if (key !== "nullable") result[key] = strict(inner);
  }
  if (source["x-kubernetes-int-or-string"] === true) result.type = ["integer", "string"];
  if (source.nullable === true) result.type = [result.type, "null"].flat();
  const open =
    source["x-kubernetes-preserve-unknown-fields"] === true ||
    source["x-kubernetes-embedded-resource"] === true;
  if (source.properties !== undefined && !open && source.additionalProperties === undefined)
    result.additionalProperties = false;
  return result;
}
