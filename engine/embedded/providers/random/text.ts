import type { Inputs } from "../../value.ts";
import { type Draw, shuffled } from "./draw.ts";

const defaultSpecials = "!@#$%&*()-_=+[]{}<>:?";

/** Sets of characters, with the inputs that allow each and say how many of it there must be. */
function characterSets(inputs: Inputs) {
  const special = inputs.overrideSpecial;
  return [
    { allow: "upper", least: "minUpper", characters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
    { allow: "lower", least: "minLower", characters: "abcdefghijklmnopqrstuvwxyz" },
    { allow: "numeric", least: "minNumeric", characters: "0123456789" },
    {
      allow: "special",
      least: "minSpecial",
      characters: typeof special === "string" && special !== "" ? special : defaultSpecials,
    },
  ];
}

/** What is wrong with the inputs of a RandomString or RandomPassword beyond the kind of each. */
export function textProblems(inputs: Inputs): string[] {
  const problems: string[] = [];
  const sets = characterSets(inputs);
  const least = sets.reduce((sum, set) => sum + count(inputs[set.least]), 0);
  const { length } = inputs;
  if (typeof length === "number" && length < least) {
    problems.push(`length (${length}) is less than the sum of the minima (${least})`);
  }
  const numeric = inputs.numeric ?? inputs.number;
  if (sets.every((set) => (set.allow === "numeric" ? numeric : inputs[set.allow]) === false)) {
    problems.push("one of upper, lower, numeric and special must be true");
  }
  if (inputs.number !== undefined && inputs.numeric !== undefined) {
    if (inputs.number !== inputs.numeric) problems.push("number and numeric differ; use numeric");
  }
  return problems;
}

/** Text by the rules of RandomString; `inputs` have their defaults. */
export function randomText(inputs: Inputs, draw: Draw): string {
  const sets = characterSets(inputs);
  const pick = (characters: readonly string[], times: number) =>
    Array.from({ length: times }, () => characters[draw(characters.length)] ?? "");
  const asked = sets.flatMap((set) => pick([...set.characters], count(inputs[set.least])));
  const allowed = sets.filter((set) => inputs[set.allow] === true).map((set) => set.characters);
  const rest = pick([...allowed.join("")], count(inputs.length) - asked.length);
  return shuffled([...asked, ...rest], draw).join("");
}

function count(value: Inputs[string] | undefined): number {
  return typeof value === "number" ? value : 0;
}
