import { writeFile } from "node:fs/promises";
import { styleText } from "node:util";
import type { EngineChoice } from "../engine/select.ts";
import { modelOf } from "../proof/facts/index.ts";
import { graphOf } from "../proof/graph.ts";
import { prove } from "../proof/prove.ts";
import { exitCode, type Report } from "../proof/report/report.ts";
import type { Painter } from "../proof/report/table.ts";
import { requiredByStack, requirementsOf } from "../proof/requirements.ts";
import type { Requirement } from "../proof/results.ts";
import { checkTransition } from "../proof/transition.ts";
import { savedPlan } from "./inputFile.ts";

export interface ProofCommand {
  stack: string;
  engine?: EngineChoice;
  cwd: string;
  /** Saved preview to prove instead of making one; "-" reads standard input. */
  preview?: string;
  json?: true;
  markdown?: true;
  /** File for the page. */
  html?: string;
  require?: string[];
  allow?: string[];
  lost?: string[];
  fresh?: true;
}

async function readPreview(options: ProofCommand): Promise<unknown> {
  if (options.preview === undefined) {
    const { plannedPreview } = await import("./plannedPreview.ts");
    return plannedPreview({ ...options, fresh: options.fresh === true });
  }
  return savedPlan(options.preview);
}

/** The proof of a stack's planned graph. */
export async function makeReport(options: ProofCommand): Promise<Report> {
  return reportOf(await readPreview(options), options);
}

/** What a preview comes to: the proof of the plan, and what the update would do on the way. */
export function reportOf(
  preview: unknown,
  options: Pick<ProofCommand, "stack"> & {
    require?: readonly string[];
    allow?: readonly string[];
    lost?: readonly string[];
  },
): Report {
  const graph = graphOf(preview);
  const model = modelOf(graph);
  const required: Requirement[] | undefined = requirementsOf(
    options.require ?? requiredByStack(preview),
  );
  const chosen = required === undefined ? {} : { required };
  const proof = prove(model, { ...chosen, lost: options.lost ?? [] });
  const findings =
    proof.alreadyLost.length > 0
      ? []
      : checkTransition(graph, { ...chosen, allow: options.allow ?? [] });
  return { stack: options.stack, model, proof, findings };
}

const colours = { proven: "green", refuted: "red", unknown: "yellow" } as const;

function painter(): Painter {
  const coloured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  return (verdict, text) =>
    coloured && verdict !== "not-applicable" ? styleText(colours[verdict], text) : text;
}

/**
 * `quorum proof`. Exit code 1 when refuted or refused, 2 when something required is unknown, 3 when
 * there is no plan to prove.
 */
export async function proof(options: ProofCommand): Promise<void> {
  const report = await makeReport(options);
  for (const { allowedBy, rule, sentence } of report.findings) {
    if (allowedBy !== undefined)
      console.error(`allowed (--allow ${allowedBy}): ${rule}: ${sentence}`);
  }
  if (options.html !== undefined) {
    const { html } = await import("../proof/report/html.ts");
    await writeFile(options.html, html(report));
    console.error(`wrote ${options.html}`);
  }
  console.log(await text(options, report));
  process.exitCode = exitCode(report);
}

async function text(options: ProofCommand, report: Report): Promise<string> {
  if (options.json) return (await import("../proof/report/json.ts")).json(report);
  if (options.markdown) return (await import("../proof/report/markdown.ts")).markdown(report);
  return (await import("../proof/report/table.ts")).table(report, painter());
}
