/** A rule on one label, as selectors and affinities have them. */
export interface LabelRule {
  key: string;
  operator: string;
  values: readonly string[];
}

/** Whether labels keep a rule; one with an operator of another kind is kept by none. */
export function keepsRule(
  { key, operator, values }: LabelRule,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}

/** Required node affinity: labels must keep every rule of one of the terms. */
export type NodeTerms = readonly (readonly LabelRule[])[];

/** @param terms undefined: every machine will do. */
export function keepsTerms(
  terms: NodeTerms | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    terms === undefined || terms.some((rules) => rules.every((rule) => keepsRule(rule, labels)))
  );
}

/** The machines, by their labels, on which pods may stand by their selector and required affinity. */
export function admits({
  nodeSelector,
  nodeAffinity,
}: {
  nodeSelector: Readonly<Record<string, string>>;
  nodeAffinity?: NodeTerms | undefined;
}): (machine: { labels: Readonly<Record<string, string>> }) => boolean {
  const wanted = Object.entries(nodeSelector);
  return ({ labels }) =>
    wanted.every(([key, value]) => labels[key] === value) && keepsTerms(nodeAffinity, labels);
}

/** Terms of which a machine keeps both. */
export function bothTerms(
  first: NodeTerms | undefined,
  second: NodeTerms | undefined,
): NodeTerms | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return first.flatMap((one) => second.map((other) => [...one, ...other]));
}
