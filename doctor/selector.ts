import type { V1LabelSelector } from "@kubernetes/client-node";
import { keepsRule } from "../proof/labelRule.ts";

type Labels = Record<string, string>;

/** Whether labels match; an empty selector matches everything, a missing one nothing. */
export function selects(selector: V1LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined || selector === null) return false;
  const plain = Object.entries(selector.matchLabels ?? {}).every(
    ([key, value]) => labels[key] === value,
  );
  return (
    plain &&
    (selector.matchExpressions ?? []).every(({ values = [], ...rule }) =>
      keepsRule({ ...rule, values }, labels),
    )
  );
}
