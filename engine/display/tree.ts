import type { Step } from "../embedded/planner.ts";
import type { ResourceState } from "../embedded/resourceState.ts";
import { displayType, nameOf, rootStackType } from "../embedded/urn.ts";
import { protectChange } from "./previewJson.ts";
import { lookOf, type Paint } from "./style.ts";

/** One row of the tree before it is laid out. */
interface Row {
  step: Step;
  /** Branch drawing and type. */
  label: string;
}

/**
 * The steps as a tree of parents and children, in the manner of the Pulumi CLI. A parent that has
 * no step of its own is skipped, and its children hang on the next one above.
 */
export function treeLines(
  steps: readonly Step[],
  states: readonly ResourceState[],
  paint: Paint,
): string[] {
  const rows = layOut(steps, states);
  if (rows.length === 0) return [];
  const labelWidth = Math.max("Type".length, ...rows.map(({ label }) => label.length));
  const names = rows.map(({ step }) => nameOf(step.urn));
  const nameWidth = Math.max("Name".length, ...names.map((name) => name.length));
  const head = `     ${"Type".padEnd(labelWidth)}  ${"Name".padEnd(nameWidth)}  Plan`;
  return [
    paint("bold", head),
    ...rows.map(({ step, label }, index) => {
      const { sign, format, verb } = lookOf(step.operation);
      const name = (names[index] ?? "").padEnd(nameWidth);
      const note = changeNote(step);
      const line = ` ${paint(format, sign)}  ${label.padEnd(labelWidth)}  ${name}  ${paint(format, verb)}${note}`;
      return line.trimEnd();
    }),
  ];
}

/** Which properties differ, and whether protection does, in brackets. */
function changeNote(step: Step): string {
  const protection = protectChange(step);
  return propertyNote(step) + (protection === undefined ? "" : ` [${protection}]`);
}

function propertyNote(step: Step): string {
  const paths = Object.keys(step.detailedDiff);
  if (paths.length === 0) return "";
  const signs = { add: "+", delete: "-", update: "~" } as const;
  const top = new Map<string, string>();
  for (const path of paths) {
    const key = path.split(/[.[]/)[0] ?? path;
    const kind = step.detailedDiff[path]?.kind.split("-")[0] as keyof typeof signs;
    top.set(key, path === key ? signs[kind] : "~");
  }
  return ` [diff: ${[...top].map(([key, sign]) => sign + key).join(",")}]`;
}

function layOut(steps: readonly Step[], states: readonly ResourceState[]): Row[] {
  const parents = new Map<string, string | undefined>();
  for (const state of states) parents.set(state.urn, state.parent);
  for (const { before, urn } of steps) if (!parents.has(urn)) parents.set(urn, before?.parent);
  const shown = new Set(steps.map(({ urn }) => urn));
  const children = new Map<string | undefined, Step[]>();
  const roots = steps.filter(({ type }) => type === rootStackType);
  for (const step of steps) {
    if (step.type === rootStackType) continue;
    let parent = parents.get(step.urn);
    while (parent !== undefined && !shown.has(parent)) parent = parents.get(parent);
    const key = parent ?? roots[0]?.urn;
    const siblings = children.get(key);
    if (siblings === undefined) children.set(key, [step]);
    else siblings.push(step);
  }
  const rows: Row[] = [];
  const visit = (step: Step, branch: string, indent: string): void => {
    rows.push({ step, label: branch + displayType(step.type) });
    const own = children.get(step.urn) ?? [];
    children.delete(step.urn);
    own.forEach((child, index) => {
      const last = index === own.length - 1;
      visit(child, `${indent}${last ? "└─ " : "├─ "}`, `${indent}${last ? "   " : "│  "}`);
    });
  };
  for (const step of [...roots, ...(children.get(undefined) ?? [])]) visit(step, "", "");
  return rows;
}
