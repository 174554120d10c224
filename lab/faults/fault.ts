import type { HostImage } from "../hostImage.ts";
import type { Lab } from "../machines.ts";
import type { ProberOptions } from "../prober.ts";

/** What is done to the target. */
export type FaultKind =
  | "kill"
  | "freeze"
  | "cut both ways"
  | "cut off from sending"
  | "cut off from receiving"
  | "disk"
  | "power cut"
  | "alarm"
  | "nothing";

/**
 * What clients see while the fault lasts. "answers": writes are acknowledged before it is healed.
 * "stops": no write is acknowledged until it is healed. "heals": the cluster may heal it at any time.
 */
export type DuringFault = "answers" | "stops" | "heals";

/**
 * One way to hurt the cluster. Every fault promises besides that no acknowledged write is lost, that
 * the history is linearizable, and that full health returns without a human.
 */
export interface Fault {
  /** Unique, kebab-case, target first: "etcd-leader-kill". */
  name: string;
  kind: FaultKind;
  during: DuringFault;
  /** Longest time in which its proof must be there. */
  proofSeconds: number;
  /** How long it lasts once it is proven to have fired. */
  holdSeconds: number;
  /** Longest time from healing to full health. */
  recoverSeconds: number;
  /** Longest time from healing to the first acknowledged write; left out: not judged. */
  answersWithinSeconds?: number;
  inject: (cluster: FaultCluster) => Promise<Injected>;
}

/** A fault that was injected. */
export interface Injected {
  /** What was hit, e.g. "etcd-b". */
  target: string;
  /** Evidence that it has an effect; undefined while there is none. Asked until there is. */
  proof: () => Promise<string | undefined> | string | undefined;
  /** Take the cause away; the consequences are the cluster's business. */
  heal: () => Promise<void> | void;
}

/** A running cluster in a lab, and what faults need to reach into it. */
export interface FaultCluster {
  lab: Lab;
  image: HostImage;
  /** The measuring client's binary. */
  prober: string;
  /** Folder for histories. */
  historyDir: string;
  /** What the client talks to. */
  target: () => ProberOptions["target"];
  /** Everything that keeps the cluster from full health; empty when nothing does. */
  problems: () => Promise<string[]>;
}
