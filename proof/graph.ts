/**
 * The planned graph: what a preview says will exist, from the JSON of `pulumi preview --json` or of
 * the embedded engine. Unknown and secret values keep their place, never their content.
 */

/** A value that only exists after the apply. */
export const unknown: unique symbol = Symbol("unknown");
/** A value that must not be shown. */
export const secret: unique symbol = Symbol("secret");

/** What the preview wants to do with a resource. */
export type Operation =
  | "same"
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "read"
  | "refresh"
  | "import";

export interface GraphNode {
  urn: string;
  type: string;
  /** Logical name: the last part of the URN. */
  name: string;
  inputs: Record<string, unknown>;
  parent: string | undefined;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
  protect: boolean;
  retainOnDelete: boolean;
}

/** One resource that the preview would touch, before and after. */
export interface Change {
  urn: string;
  operation: Operation;
  /** Absent when the resource does not exist yet. */
  before: GraphNode | undefined;
  /** Absent when the resource goes away. */
  after: GraphNode | undefined;
  /** Input properties that force the replacement. */
  replaceKeys: string[];
}

export interface Graph {
  nodes: ReadonlyMap<string, GraphNode>;
  changes: readonly Change[];
  ofType(type: string): readonly GraphNode[];
  children(urn: string): readonly GraphNode[];
}

/** The preview JSON is not what either engine prints. */
export class GraphError extends Error {}

const secretKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** Pulumi's markers for computed values: pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go. */
const unknownMarkers = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Replace the engines' markers by `unknown` and `secret`, at any depth. */
function clean(value: unknown): unknown {
  if (typeof value === "string") {
    if (value === "[secret]") return secret;
    return unknownMarkers.has(value) ? unknown : value;
  }
  if (Array.isArray(value)) return value.map(clean);
  if (!isObject(value)) return value;
  if (value[secretKey] === secretSignature) return secret;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, clean(item)]));
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function nodeOf(urn: string, state: Json): GraphNode {
  const propertyDependencies = isObject(state.propertyDependencies)
    ? Object.fromEntries(
        Object.entries(state.propertyDependencies).map(([key, urns]) => [key, strings(urns)]),
      )
    : {};
  const inputs = clean(state.inputs ?? {});
  return {
    urn,
    type: typeof state.type === "string" ? state.type : typeInUrn(urn),
    name: urn.slice(urn.lastIndexOf("::") + 2),
    inputs: isObject(inputs) ? inputs : {},
    parent: typeof state.parent === "string" ? state.parent : undefined,
    dependencies: strings(state.dependencies),
    propertyDependencies,
    protect: state.protect === true,
    retainOnDelete: state.retainOnDelete === true,
  };
}

/** `urn:pulumi:stack::project::Parent$Type::name` names the type last. */
function typeInUrn(urn: string): string {
  const qualified = urn.split("::")[2] ?? "";
  return qualified.slice(qualified.lastIndexOf("$") + 1);
}

const operations: Record<string, Operation> = {
  same: "same",
  create: "create",
  update: "update",
  delete: "delete",
  read: "read",
  refresh: "refresh",
  import: "import",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  "read-replacement": "replace",
  "import-replacement": "replace",
  "discard-replaced": "replace",
  "remove-pending-replace": "replace",
};

/** What one step says, merged into what earlier steps said of the same resource. */
function mergeStep(changes: Map<string, Change>, step: Json, index: number): void {
  const urn = step.urn;
  if (typeof urn !== "string") throw new GraphError(`preview step ${index} has no urn`);
  const operation = operations[String(step.op)];
  if (operation === undefined) {
    throw new GraphError(`preview step ${index} (${urn}) has the unknown operation ${step.op}`);
  }
  const earlier = changes.get(urn);
  const before = isObject(step.oldState) ? nodeOf(urn, step.oldState) : earlier?.before;
  const after =
    isObject(step.newState) && operation !== "delete" ? nodeOf(urn, step.newState) : earlier?.after;
  changes.set(urn, {
    urn,
    operation: earlier?.operation === "replace" ? "replace" : operation,
    before,
    after,
    replaceKeys: [...new Set([...(earlier?.replaceKeys ?? []), ...strings(step.replaceReasons)])],
  });
}

/**
 * Read a preview.
 * @param preview parsed JSON with `steps`.
 * @throws GraphError when a step has no URN or an operation that neither engine prints.
 */
export function graphOf(preview: unknown): Graph {
  if (!isObject(preview) || !Array.isArray(preview.steps)) {
    throw new GraphError("not a preview: an object with `steps` is expected");
  }
  const changes = new Map<string, Change>();
  preview.steps.forEach((step: unknown, index) => {
    if (!isObject(step)) throw new GraphError(`preview step ${index} is not an object`);
    mergeStep(changes, step, index);
  });
  const nodes = new Map<string, GraphNode>();
  for (const { urn, after } of changes.values()) if (after) nodes.set(urn, after);
  return indexed(nodes, [...changes.values()]);
}

function indexed(nodes: Map<string, GraphNode>, changes: Change[]): Graph {
  const byType = new Map<string, GraphNode[]>();
  const byParent = new Map<string, GraphNode[]>();
  for (const node of nodes.values()) {
    push(byType, node.type, node);
    if (node.parent !== undefined) push(byParent, node.parent, node);
  }
  return {
    nodes,
    changes,
    ofType: (type) => byType.get(type) ?? [],
    children: (urn) => byParent.get(urn) ?? [],
  };
}

/** The graph as it was before the changes: what stands now. */
export function graphBefore(graph: Graph): Graph {
  const nodes = new Map<string, GraphNode>();
  for (const { urn, before } of graph.changes) if (before) nodes.set(urn, before);
  return indexed(nodes, []);
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** All resources below `urn`, at any depth. */
export function descendants(graph: Graph, urn: string): GraphNode[] {
  const found: GraphNode[] = [];
  const queue = [urn];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const child of graph.children(next)) {
      found.push(child);
      queue.push(child.urn);
    }
  }
  return found;
}

/** The resources of `type` that `node.property` is computed from, through any number of others. */
export function sources(
  graph: Graph,
  node: GraphNode,
  property: string,
  type: string,
): GraphNode[] {
  const found = new Map<string, GraphNode>();
  const seen = new Set<string>();
  const queue = [...(node.propertyDependencies[property] ?? [])];
  for (let urn = queue.pop(); urn !== undefined; urn = queue.pop()) {
    if (seen.has(urn)) continue;
    seen.add(urn);
    const source = graph.nodes.get(urn);
    if (source === undefined) continue;
    if (source.type === type) found.set(urn, source);
    else if (isComponent(source)) queue.push(...graph.children(urn).map((child) => child.urn));
  }
  return [...found.values()];
}

function isComponent(node: GraphNode): boolean {
  return !node.type.includes("/") && !node.type.startsWith("pulumi:providers:");
}
