import type { Alias } from "@pulumi/pulumi/proto/alias_pb.js";
import type { Callback } from "@pulumi/pulumi/proto/callback_pb.js";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import { decodeWireMap, type JsonMap } from "./propertyCodec.ts";
import type { CustomTimeouts, Goal } from "./resourceState.ts";
import { makeUrn, nameOf, projectOf, stackOf, typeOf } from "./urn.ts";

/** Another identity of a resource: a whole URN, or what differs from its present one. */
export type AliasSpec =
  | { urn: string }
  | {
      name?: string;
      type?: string;
      stack?: string;
      project?: string;
      parent?: string;
      noParent?: boolean;
    };

/** A registration as it came from the program; the URN and all that hangs on it come later. */
export interface Registration extends Omit<Goal, "urn" | "aliases"> {
  aliases: AliasSpec[];
  /** Version of the package, e.g. "7.48.0"; names the default provider. */
  version: string | undefined;
  transforms: Callback[];
  /** Options that this engine cannot honour, by the name that the program uses. */
  refusedOptions: string[];
}

/** Reads a request of the resource monitor. Throws on values that cannot be decoded. */
export function readRegistration(request: RegisterResourceRequest): Registration {
  const custom = request.getCustom();
  const provider = request.getProvider();
  return {
    type: request.getType(),
    name: request.getName(),
    custom,
    remote: request.getRemote(),
    parent: optional(request.getParent()),
    inputs: decodeWireMap((request.getObject()?.toJavaScript() ?? {}) as JsonMap),
    protect: request.getProtect() ?? false,
    retainOnDelete: request.getRetainondelete() ?? false,
    dependencies: request.getDependenciesList().toSorted(),
    propertyDependencies: propertyDependencies(request),
    provider: optional(provider),
    deletedWith: optional(request.getDeletedwith()),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: [
      ...request.getAliasesList().map(readAlias),
      ...request.getAliasurnsList().map((urn) => ({ urn })),
    ],
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    customTimeouts: readTimeouts(request),
    deleteBeforeReplace: request.getDeletebeforereplacedefined()
      ? request.getDeletebeforereplace()
      : undefined,
    replaceWith: request.getReplaceWithList(),
    hideDiffs: request.getHidediffsList(),
    version: optional(request.getVersion()),
    transforms: request.getTransformsList(),
    refusedOptions: refusedOptions(request),
  };
}

function refusedOptions(request: RegisterResourceRequest): string[] {
  const refused: string[] = [];
  if (request.getImportid() !== "") refused.push("import");
  if (request.getStateMigrationsList().length > 0) refused.push("stateMigrations");
  if (request.hasReplacementTrigger()) refused.push("replacementTrigger");
  if (request.hasHooks()) refused.push("hooks");
  return refused;
}

function propertyDependencies(request: RegisterResourceRequest): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const [key, list] of request.getPropertydependenciesMap().entries()) {
    const urns = list.getUrnsList();
    if (urns.length > 0) result[key] = urns.toSorted();
  }
  return result;
}

function readTimeouts(request: RegisterResourceRequest): CustomTimeouts | undefined {
  const message = request.getCustomtimeouts();
  if (message === undefined) return undefined;
  const timeouts: CustomTimeouts = {};
  if (message.getCreate() !== "") timeouts.createSeconds = parseDuration(message.getCreate());
  if (message.getUpdate() !== "") timeouts.updateSeconds = parseDuration(message.getUpdate());
  if (message.getDelete() !== "") timeouts.deleteSeconds = parseDuration(message.getDelete());
  return Object.keys(timeouts).length === 0 ? undefined : timeouts;
}

const secondsPerUnit: Record<string, number> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 0.001,
  us: 1e-6,
  ns: 1e-9,
};

/** Seconds of a Go duration such as "1h30m" or "90s". Throws when it is none. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== text) {
    throw new Error(`${JSON.stringify(text)} is no duration; write for example "10m" or "1h30m"`);
  }
  return parts.reduce(
    (sum, part) => sum + Number(part[1]) * (secondsPerUnit[part[2] ?? ""] ?? 0),
    0,
  );
}

export function readAlias(alias: Alias): AliasSpec {
  const spec = alias.getSpec();
  if (spec === undefined) return { urn: alias.getUrn() };
  const result: Exclude<AliasSpec, { urn: string }> = {};
  if (spec.getName() !== "") result.name = spec.getName();
  if (spec.getType() !== "") result.type = spec.getType();
  if (spec.getStack() !== "") result.stack = spec.getStack();
  if (spec.getProject() !== "") result.project = spec.getProject();
  if (spec.getNoparent()) result.noParent = true;
  else if (spec.getParenturn() !== "") result.parent = spec.getParenturn();
  return result;
}

/**
 * All URNs under which a resource may stand in an older state: its own aliases, and itself and
 * those under every alias of its parent.
 */
export function aliasUrns(
  urn: string,
  parent: string | undefined,
  specs: readonly AliasSpec[],
  parentAliases: readonly string[],
): string[] {
  const found = new Set<string>();
  const own = { name: nameOf(urn), type: typeOf(urn) };
  for (const spec of [{}, ...specs]) {
    if ("urn" in spec) {
      found.add(spec.urn);
      continue;
    }
    const inherits = spec.parent === undefined && spec.noParent !== true;
    const parents = inherits ? [parent, ...parentAliases] : [spec.parent];
    for (const candidate of parents) {
      const inheritedName =
        candidate === parent || parent === undefined || candidate === undefined
          ? own.name
          : renamedChild(own.name, nameOf(parent), nameOf(candidate));
      found.add(
        makeUrn(
          spec.stack ?? stackOf(urn),
          spec.project ?? projectOf(urn),
          candidate,
          spec.type ?? own.type,
          spec.name ?? inheritedName,
        ),
      );
    }
  }
  found.delete(urn);
  return [...found];
}

/** A child named after its parent was named after the parent's old name. */
function renamedChild(name: string, parentName: string, oldParentName: string): string {
  return name.startsWith(parentName) ? oldParentName + name.slice(parentName.length) : name;
}

function optional(text: string): string | undefined {
  return text === "" ? undefined : text;
}
