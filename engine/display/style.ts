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
const looks: Record<string, { sign: string; format: Format; verb: string; summary: string }> = {
  create: { sign: "+ ", format: "green", verb: "create", summary: "to create" },
  update: { sign: "~ ", format: "yellow", verb: "update", summary: "to update" },
  replace: { sign: "+-", format: "magenta", verb: "replace", summary: "to replace" },
  "create-replacement": { sign: "++", format: "green", verb: "create replacement", summary: "" },
  delete: { sign: "- ", format: "red", verb: "delete", summary: "to delete" },
  "delete-replaced": { sign: "--", format: "red", verb: "delete original", summary: "" },
  read: { sign: "> ", format: "cyan", verb: "read", summary: "to read" },
  refresh: { sign: "~ ", format: "yellow", verb: "refresh", summary: "to refresh" },
  same: { sign: "  ", format: "dim", verb: "", summary: "unchanged" },
};

const fallback = { sign: "  ", format: "dim" as Format, verb: "", summary: "" };

export function lookOf(operation: StepOperation) {
  return looks[operation] ?? fallback;
}

const sayAs = ["create", "update", "replace", "delete", "read"];

/** Lines such as `+ 200 to create`; unchanged resources come last. */
export function summaryLines(counts: Record<string, number>, paint: Paint): string[] {
  const lines = ["Resources:"];
  for (const operation of sayAs) {
    const count = counts[operation];
    if (count === undefined) continue;
    const { sign, format, summary } = lookOf(operation as StepOperation);
    lines.push(`    ${paint(format, `${sign.trim()} ${count} ${summary}`)}`);
  }
  if (counts.same !== undefined) lines.push(`    ${counts.same} unchanged`);
  return lines;
}
