/** What a subject would not survive. "admission": the API server would refuse or delay requests. */
export type Loss = "zone" | "node" | "drain" | "admission";

export type RuleName =
  | "single-replica"
  | "spread"
  | "not-ready"
  | "volumes"
  | "shared-volume"
  | "budget"
  | "budget-now"
  | "budget-overlap"
  | "no-budget"
  | "bare-pod"
  | "requests"
  | "capacity"
  | "webhook"
  | "webhook-system"
  | "webhook-self"
  | "control-plane"
  | "etcd"
  | "zones"
  | "node";

export interface Finding {
  rule: RuleName;
  /** Kind and name, e.g. "Deployment team/shop". */
  subject: string;
  losses: Loss[];
  /** "now": it would happen as things stand; "luck": nothing but luck keeps it from happening. */
  certainty: "now" | "luck";
  /** What is, as a clause without a full stop. */
  because: string;
  /** What to change, in the imperative, without a full stop. */
  fix: string;
}

export interface Diagnosis {
  /** How much was looked at. */
  looked: { nodes: number; zones: number; workloads: number; pods: number; webhooks: number };
  /** What happens as things stand comes first. */
  findings: Finding[];
  /** What an annotation accepts; counts as no finding. */
  accepted: Finding[];
  /** What could not be judged, and why. */
  unknown: string[];
}

/** 0 when nothing was found, 1 with findings, 2 when there are none but not everything was seen. */
export function exitCode({ findings, unknown }: Diagnosis): 0 | 1 | 2 {
  if (findings.length > 0) return 1;
  return unknown.length > 0 ? 2 : 0;
}
