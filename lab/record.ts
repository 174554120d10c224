import { join } from "node:path";
import { appendJsonLine, readJsonLines } from "./jsonLines.ts";
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
    appendJsonLine(this.file, resource);
  }

  /** Everything ever recorded, oldest first. A last line cut short by a crash was never acted on. */
  all(): Resource[] {
    return readJsonLines<Resource>(this.file);
  }

  of<Kind extends Resource["kind"]>(kind: Kind): Extract<Resource, { kind: Kind }>[] {
    return this.all().filter((resource) => resource.kind === kind) as Extract<
      Resource,
      { kind: Kind }
    >[];
  }
}
