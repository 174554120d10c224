import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Values of a file with one JSON value a line; none when there is no file. A line that a crash cut short
 * is left out.
 */
export function readJsonLines<Value>(file: string): Value[] {
  if (!existsSync(file)) return [];
  const values: Value[] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line === "") continue;
    try {
      values.push(JSON.parse(line) as Value);
    } catch {
      // cut short
    }
  }
  return values;
}

/** Add a value as a line of its own, also after one that was cut short. It is on disk when this returns. */
export function appendJsonLine(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const start = endsInsideLine(file) ? "\n" : "";
  const descriptor = openSync(file, "a", 0o600);
  try {
    writeSync(descriptor, `${start}${JSON.stringify(value)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function endsInsideLine(file: string): boolean {
  if (!existsSync(file)) return false;
  const descriptor = openSync(file, "r");
  try {
    const { size } = fstatSync(descriptor);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
  } finally {
    closeSync(descriptor);
  }
}
