import { styleText } from "node:util";
import type { StepOperation } from "../embedded/planner.ts";

export type Format = Parameters<typeof styleText>[0];

/** Colours text, or leaves it alone where the output is no terminal or NO_COLOR is set. */
export type Paint = (format: Format, text: string) => string;

export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const coloured = stream.isTTY === true && env.NO_COLOR === undefined && env.TERM !== "dumb";
  return coloured ? (format, text) => styleText(format, text, { validateStream: false }) : plain;
}

export const plain: Paint = (_format, text) => text;

/** Sign, colour, and the words of the summary for each operation. */
const looks: Record<string, { sign: string; format: Format; verb: string; did: string }> = {
  create: { sign: "+ ", format: "green", verb: "create", did: "created" },
  update: { sign: "~ ", format: "yellow", verb: "update", did: "updated" },
  replace: { sign: "+-", format: "magenta", verb: "replace", did: "replaced" },
  "create-replacement": { sign: "++", format: "green", verb: "create replacement", did: "" },
  delete: { sign: "- ", format: "red", verb: "delete", did: "deleted" },
  "delete-replaced": { sign: "--", format: "red", verb: "delete original", did: "" },
  read: { sign: "> ", format: "cyan", verb: "read", did: "read" },
  refresh: { sign: "~ ", format: "yellow", verb: "refresh", did: "refreshed" },
  same: { sign: "  ", format: "dim", verb: "", did: "unchanged" },
};

const fallback = { sign: "  ", format: "dim" as Format, verb: "", did: "" };

export function lookOf(operation: StepOperation) {
  return looks[operation] ?? fallback;
}

const sayAs: StepOperation[] = ["create", "update", "replace", "delete", "read"];

/** Lines such as `+ 200 to create` or `+ 200 created`; unchanged resources come last. */
export function summaryLines(
  counts: Record<string, number>,
  paint: Paint,
  tense: "planned" | "done" = "planned",
): string[] {
  const lines = ["Resources:"];
  for (const operation of sayAs) {
    const count = counts[operation];
    if (count === undefined) continue;
    const { sign, format, verb, did } = lookOf(operation);
    const words = tense === "planned" ? `to ${verb}` : did;
    lines.push(`    ${paint(format, `${sign.trim()} ${count} ${words}`)}`);
  }
  if (counts.same !== undefined) lines.push(`    ${counts.same} unchanged`);
  return lines;
}
