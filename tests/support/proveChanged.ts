import { modelOf } from "../../proof/facts/index.ts";
import { graphOf } from "../../proof/graph.ts";
import type { Unknown } from "../../proof/model.ts";
import { prove } from "../../proof/prove.ts";
import type { Proof } from "../../proof/results.ts";
import type { Plan } from "./plannedGraph.ts";

export function proofOf(plan: Plan): Proof {
  return prove(modelOf(graphOf(plan.preview())));
}

/** Claims that single failures refute. */
export function red(proof: Proof): string[] {
  return proof.refuted.filter(({ set }) => set === "single").map(({ claim }) => claim);
}

/** The smallest counter-example to a claim among single failures. */
export function counterExample(proof: Proof, claim: string): string | undefined {
  return proof.claims.find(({ id }) => id === claim)?.sets.single.counterExamples[0]?.sentence;
}

/** The change that the proof proposes for it. */
export function fixFor(proof: Proof, claim: string): string | undefined {
  return proof.claims.find(({ id }) => id === claim)?.sets.single.counterExamples[0]?.fix;
}

function unknowns(proof: Proof, claim: string): Unknown[] {
  return proof.claims.find(({ id }) => id === claim)?.sets.single.unknown ?? [];
}

export function unknownOf(proof: Proof, claim: string): string[] {
  return unknowns(proof, claim).map(({ why }) => why);
}

/** What the proof proposes so that a claim becomes known. */
export function remediesOf(proof: Proof, claim: string): string[] {
  return unknowns(proof, claim).map(({ remedy }) => remedy);
}
