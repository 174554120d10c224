import type { Proof } from "../results.ts";
import type { Finding } from "../transition.ts";

/** Required claims that hold today and would not hold afterwards. */
export function shrinking(before: Proof, after: Proof): Finding[] {
  const held = ({ claim, set }: { claim: string; set: "single" | "pair" | "roll" }): boolean =>
    before.claims.find(({ id }) => id === claim)?.sets[set].verdict === "proven";
  return after.refuted.filter(held).map(({ claim, set }): Finding => {
    const [example] = after.claims.find(({ id }) => id === claim)?.sets[set].counterExamples ?? [];
    return {
      rule: "shrink",
      subject: claim,
      sentence: `${claim} holds today and would not after this update: ${example?.sentence}`,
      fix: example?.fix ?? "",
    };
  });
}
