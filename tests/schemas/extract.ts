import { readFileSync, writeFileSync } from "node:fs";

/**
 * Cuts the kinds that we make out of the API description of a Kubernetes release:
 *   node tests/schemas/extract.ts <api/openapi-spec/swagger.json of k8s.io/kubernetes> <release>
 * Comments are left out; a field that the API does not know is an error. Format the result (`make format`).
 */

/** API group (without ".k8s.io"), version and kind. */
const kinds = [
  "core/v1 Namespace",
  "core/v1 ConfigMap",
  "core/v1 LimitRange",
  "core/v1 ResourceQuota",
  "core/v1 Secret",
  "core/v1 Service",
  "core/v1 ServiceAccount",
  "core/v1 PersistentVolume",
  "core/v1 PersistentVolumeClaim",
  "apps/v1 Deployment",
  "apps/v1 StatefulSet",
  "apps/v1 DaemonSet",
  "policy/v1 PodDisruptionBudget",
  "scheduling/v1 PriorityClass",
  "storage/v1 StorageClass",
  "admissionregistration/v1 ValidatingAdmissionPolicy",
  "admissionregistration/v1 ValidatingAdmissionPolicyBinding",
  "admissionregistration/v1 MutatingAdmissionPolicy",
  "admissionregistration/v1 MutatingAdmissionPolicyBinding",
  "rbac/v1 ClusterRole",
  "rbac/v1 ClusterRoleBinding",
  "rbac/v1 Role",
  "rbac/v1 RoleBinding",
  "storage/v1 CSIDriver",
  "apiextensions/v1 CustomResourceDefinition",
];

/** Groups whose definitions do not stand with the others. */
const homes: Record<string, string> = {
  apiextensions: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
};

interface Schema {
  [key: string]: unknown;
}

const prefix = "#/definitions/";
const special: Record<string, Schema> = {
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { type: ["integer", "string"] },
  "io.k8s.apimachinery.pkg.api.resource.Quantity": {
    type: "string",
    pattern: "^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$",
  },
};

const [file, release] = process.argv.slice(2);
if (file === undefined || release === undefined)
  throw new Error("usage: extract.ts <file> <release>");
const all = (JSON.parse(readFileSync(file, "utf8")) as { definitions: Record<string, Schema> })
  .definitions;
const definitions: Record<string, Schema> = {};
const byKind: Record<string, string> = {};
for (const kind of kinds) {
  const [group = "", version = "", name = ""] = kind.split(/[/ ]/);
  const id = `${homes[group] ?? `io.k8s.api.${group}`}.${version}.${name}`;
  const [tag] = (all[id]?.["x-kubernetes-group-version-kind"] ?? []) as {
    group: string;
    version: string;
    kind: string;
  }[];
  if (tag === undefined) throw new Error(`${file} does not say what ${id} is`);
  byKind[`${tag.group === "" ? "" : `${tag.group}/`}${tag.version} ${tag.kind}`] = id;
  take(id);
}
const target = new URL(`kubernetes-${release}.json`, import.meta.url);
writeFileSync(target, `${JSON.stringify({ kinds: byKind, definitions })}\n`);

function take(id: string): void {
  if (definitions[id] !== undefined) return;
  const schema = all[id];
  if (schema === undefined) throw new Error(`${id} is not in ${file}`);
  definitions[id] = special[id] ?? {};
  if (special[id] === undefined) definitions[id] = strict(schema) as Schema;
}

/** The schema without comments and extensions; fields that it does not list are refused. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (typeof value !== "object" || value === null) return value;
  const result: Schema = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key === "description" || key === "format" || key.startsWith("x-")) continue;
    if (key === "$ref" && typeof inner === "string") take(inner.slice(prefix.length));
    if (key === "properties") {
      result.properties = Object.fromEntries(
        Object.entries(inner as Schema).map(([name, field]) => [name, strict(field)]),
      );
      result.additionalProperties = false;
    } else result[key] = strict(inner);
  }
  return result;
}
