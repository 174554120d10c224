import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Templates } from "../design/render/template.ts";

/** Reads every template once; `design/` itself does no I/O. */
export function readTemplates(): Templates {
  const root = import.meta.dirname;
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [file.slice(root.length + 1), readFileSync(file, "utf8")]));
}
