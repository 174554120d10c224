import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "./process.ts";

/** Something outside the lab's own folder that `down` must take away again. */
export type Resource =
  | { kind: "process"; machine: string; identity: ProcessIdentity }
  | { kind: "cgroup"; machine: string; path: string }
  | { kind: "mount"; machine: string; path: string }
  | { kind: "netns"; machine: string; name: string }
  | { kind: "interface"; machine: string; name: string }
  | { kind: "bridge"; name: string }
  | { kind: "filterTable"; name: string };

/**
 * Append-only list of what a lab has made, one JSON value a line. A resource is written down, and
 * on disk, before it is made: whatever kills us, nothing exists that is not recorded.
 */
export class LabRecord {
  readonly file: string;
  constructor(labDir: string) {
    this.file = join(labDir, "resources.jsonl");
  }

  add(resource: Resource): void {
    if (this.all().some((known) => JSON.stringify(known) === JSON.stringify(resource))) return;
    mkdirSync(join(this.file, ".."), { recursive: true, mode: 0o700 });
    const descriptor = openSync(this.file, "a", 0o600);
    try {
      writeSync(descriptor, `${JSON.stringify(resource)}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Everything ever recorded, oldest first. A last line cut short by a crash was never acted on. */
  all(): Resource[] {
    if (!existsSync(this.file)) return [];
    const resources: Resource[] = [];
    for (const line of readFileSync(this.file, "utf8").split("\n")) {
      if (line === "") continue;
      try {
        resources.push(JSON.parse(line) as Resource);
      } catch {
        // see above
      }
    }
    return resources;
  }

  of<Kind extends Resource["kind"]>(kind: Kind): Extract<Resource, { kind: Kind }>[] {
    return this.all().filter((resource) => resource.kind === kind) as Extract<
      Resource,
      { kind: Kind }
    >[];
  }
}
