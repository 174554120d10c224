import type { Inputs, Value } from "./value.ts";
import { isMap, setOwn } from "./values.ts";

/** One part of a path: a key, an index, or "*" for any. */
export type PathPart = string | number;

/** Parses `a.b[0].c`, `a["x.y"]`, `*` and `[*]`, the forms that `ignoreChanges` takes. */
export function parsePath(path: string): PathPart[] {
  const parts: PathPart[] = [];
  const pattern = /\[(\d+)\]|\[\*\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g;
  for (const match of path.matchAll(pattern)) {
    if (match[1] !== undefined) parts.push(Number(match[1]));
    else if (match[2] !== undefined) parts.push(match[2].replace(/\\(.)/g, "$1"));
    else parts.push(match[3] ?? "*");
  }
  return parts;
}

/** Writes a path back, quoting keys that hold a dot or a bracket. */
export function formatPath(parts: readonly PathPart[]): string {
  let text = "";
  for (const part of parts) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/[.[\]"]/.test(part) || part === "") text += `[${JSON.stringify(part)}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** True when `pattern` names `path` or something that contains it. */
export function coversPath(pattern: readonly PathPart[], path: readonly PathPart[]): boolean {
  return (
    pattern.length <= path.length &&
    pattern.every((part, index) => part === "*" || String(part) === String(path[index]))
  );
}

/** `inputs` with the old value (or absence) wherever one of `paths` points. */
export function ignoreChanges(inputs: Inputs, oldInputs: Inputs, paths: readonly string[]): Inputs {
  return paths.reduce(
    (result, path) => restore(result, oldInputs, parsePath(path)) as Inputs,
    inputs,
  );
}

function restore(value: Value, old: Value, parts: readonly PathPart[]): Value {
  const [part, ...rest] = parts;
  if (part === undefined) return old;
  if (Array.isArray(value)) return restoreList(value, old, part, rest);
  if (!isMap(value) || !isMap(old)) return value;
  const keys =
    part === "*" ? new Set([...Object.keys(value), ...Object.keys(old)]) : [String(part)];
  const result = { ...value };
  for (const key of keys) {
    if (!Object.hasOwn(old, key)) {
      if (rest.length === 0) delete result[key];
    } else if (rest.length === 0 || Object.hasOwn(result, key)) {
      setOwn(result, key, restore(result[key] ?? null, old[key] as Value, rest));
    }
  }
  return result;
}

function restoreList(value: Value[], old: Value, part: PathPart, rest: PathPart[]): Value {
  if (!Array.isArray(old)) return value;
  return value.map((item, index) => {
    const counterpart = old[index];
    const named = part === "*" || String(part) === String(index);
    return named && counterpart !== undefined ? restore(item, counterpart, rest) : item;
  });
}
