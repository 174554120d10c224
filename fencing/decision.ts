import type { V1Lease, V1Node } from "@kubernetes/client-node";
import { outOfServiceTaint } from "../design/workloads/labels.ts";

/** A node and its lease at two moments, some time apart. */
export interface Observation {
  before: { node: V1Node; lease: V1Lease | undefined };
  after: { node: V1Node; lease: V1Lease | undefined };
  /** Ports of the machine on which somebody answered. */
  answeringPorts: readonly number[];
  now: Date;
}

/** What somebody who can know says of a machine's power. */
export interface PowerAnswer {
  /** Who says it, e.g. "EC2" or "the power controller". */
  who: string;
  /** What was said, e.g. "stopped". */
  said: string;
  isOff: boolean;
}

/** Why a machine is taken for off. */
export interface OffProof {
  who: string;
  said: string;
}

/** kubelet's lease when a node says nothing else. Source: kubelet, nodeLeaseDurationSeconds. */
const defaultLeaseSeconds = 40;

export function leaseSecondsOf(lease: V1Lease | undefined): number {
  return lease?.spec?.leaseDurationSeconds ?? defaultLeaseSeconds;
}

export function isReady({ status }: V1Node): boolean {
  return (status?.conditions ?? []).some((one) => one.type === "Ready" && one.status === "True");
}

/** Signs that the machine is on: any of them forbids to release its volumes. */
export function signsOfLife({ before, after, answeringPorts, now }: Observation): string[] {
  const signs: string[] = [];
  if (isReady(before.node) || isReady(after.node)) signs.push("it is Ready");
  const renewed = after.lease?.spec?.renewTime;
  const seconds = leaseSecondsOf(after.lease);
  if (renewed !== undefined) {
    const age = Math.round((now.getTime() - new Date(renewed).getTime()) / 1000);
    if (String(before.lease?.spec?.renewTime ?? renewed) !== String(renewed))
      signs.push("it renewed its lease while we looked");
    else if (age < seconds)
      signs.push(`its lease is ${age} s old and holds for ${seconds} s (by this computer's clock)`);
  }
  if (answeringPorts.length > 0)
    signs.push(`it answers on port ${answeringPorts.toSorted((a, b) => a - b).join(", ")}`);
  return signs;
}

/**
 * The proof that a machine is off: an answer of who can know, else a person's word. Anybody who says
 * that it is on outweighs both.
 * @throws Error that says what is missing.
 */
export function offProof(answers: readonly PowerAnswer[], confirmed: boolean): OffProof {
  const on = answers.filter(({ isOff }) => !isOff);
  if (on.length > 0)
    throw new Error(
      `${on.map(({ who, said }) => `${who} says "${said}"`).join(", ")}: ` +
        "a machine that may be on may write. Turn it off, then say this again",
    );
  const [first] = answers;
  if (first !== undefined) return { who: first.who, said: first.said };
  if (confirmed) return { who: "a person", said: "--confirm-off" };
  throw new Error(
    "nobody here can prove that the machine is off. Look, or pull its plug; " +
      "then say --confirm-off, which is your word that it cannot write",
  );
}

/** Annotations that record why a node is fenced. */
export const fencingAnnotations = {
  proof: "quorum.dev/fenced-by",
  at: "quorum.dev/fenced-at",
  bootId: "quorum.dev/fenced-boot-id",
} as const;

export function isFenced({ spec }: V1Node): boolean {
  return (spec?.taints ?? []).some(({ key }) => key === outOfServiceTaint.key);
}

/** What changes on a node that is fenced; fails on the server when somebody else changed it meanwhile. */
export function fencingPatch(node: V1Node, proof: OffProof, now: Date) {
  return {
    metadata: {
      resourceVersion: node.metadata?.resourceVersion ?? "",
      annotations: {
        [fencingAnnotations.proof]: `${proof.who}: ${proof.said}`,
        [fencingAnnotations.at]: now.toISOString(),
        [fencingAnnotations.bootId]: node.status?.nodeInfo?.bootID ?? "",
      },
    },
    spec: { taints: [...(node.spec?.taints ?? []), { ...outOfServiceTaint }] },
  };
}

/** Takes the taint and its record away. */
export function undoPatch(node: V1Node) {
  const { proof, at, bootId } = fencingAnnotations;
  return {
    metadata: {
      resourceVersion: node.metadata?.resourceVersion ?? "",
      annotations: { [proof]: null, [at]: null, [bootId]: null },
    },
    spec: {
      taints: (node.spec?.taints ?? []).filter(({ key }) => key !== outOfServiceTaint.key),
    },
  };
}

/** Whether a node that came back never was off: its boot is the one that it had when it was fenced. */
export function neverWasOff(node: V1Node): boolean {
  const before = node.metadata?.annotations?.[fencingAnnotations.bootId] ?? "";
  return before !== "" && before === node.status?.nodeInfo?.bootID;
}
