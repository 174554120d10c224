import type { EksConfig } from "../config/schema.ts";
import { type EksPlan, planEks } from "./eks.ts";

/** Everything decided about a cluster, as plain values. */
export type ClusterPlan = EksPlan;

/** Decide a cluster. The same configuration always gives the same plan. */
export function design(config: EksConfig): ClusterPlan {
  return planEks(config);
}
