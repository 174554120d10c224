import type { Cluster } from "../cluster.ts";
import type { Finding } from "../finding.ts";
import type { Places, Workload, Workloads } from "../workload.ts";

/** What every rule is given. */
export interface Patient extends Workloads {
  cluster: Cluster;
  places: Places;
  /** Workloads whose replicas serve in turns: neither daemons nor jobs. */
  serving: Workload[];
}

export interface Verdicts {
  findings: Finding[];
  accepted?: Finding[];
  /** What the rule could not judge, and why. */
  unknown?: string[];
}

export type Rule = (patient: Patient) => Verdicts;
