import { writeFile } from "node:fs/promises";
import type { EngineChoice } from "../engine/select.ts";
import { diagram as svgOf } from "../proof/diagram.ts";
import { modelOf } from "../proof/facts/index.ts";
import { graphOf } from "../proof/graph.ts";
import { closures } from "../proof/model.ts";
import { lostDomains } from "../proof/prove.ts";
import { savedPlan } from "./inputFile.ts";

export interface DiagramCommand {
  stack: string;
  engine?: EngineChoice;
  cwd: string;
  preview?: string;
  output?: string;
  lost?: string[];
}

/** `quorum diagram`: the topology of the planned graph as SVG. */
export async function diagram(options: DiagramCommand): Promise<void> {
  const preview =
    options.preview === undefined
      ? await (await import("./plannedPreview.ts")).plannedPreview({ ...options, fresh: true })
      : await savedPlan(options.preview);
  const model = modelOf(graphOf(preview));
  const inner = closures(model);
  const lost = new Set(lostDomains(model, options.lost ?? []).flatMap((id) => inner[id] ?? []));
  const svg = svgOf(model, lost);
  if (options.output === undefined) console.log(svg);
  else await writeFile(options.output, svg);
}
