import type { V1PodSpec } from "@kubernetes/client-node";
import { hostKey, zoneKey } from "../../design/workloads/labels.ts";
import { plural } from "../../proof/claim.ts";
import { type SpreadRules, spreadIn } from "../../proof/facts/podFields.ts";
import { mostPerZone } from "../../proof/replicas.ts";
import type { Finding, Loss } from "../finding.ts";
import { selects } from "../selector.ts";
import type { Places } from "../workload.ts";
import { isReady, type Workload } from "../workload.ts";
import type { Patient, Verdicts } from "./rule.ts";
import { volumeZones } from "./volumes.ts";

/** Whether all that serves stands in one place, or nothing but luck keeps it from standing there. */
export function spread(patient: Patient): Verdicts {
  return {
    findings: patient.serving.flatMap((workload) => {
      const finding = judge(workload, patient);
      return finding === undefined ? [] : [finding];
    }),
  };
}

function judge(workload: Workload, patient: Patient): Finding | undefined {
  const { places } = patient;
  const ready = workload.pods.filter(isReady);
  if (workload.replicas < 2 || ready.length === 0) return undefined;
  const { zones, nodes } = places.of(ready);
  const manyZones = places.zones.length > 1;
  const manyNodes = patient.cluster.nodes.length > 1;
  const now: Loss[] = [];
  if (manyZones && zones.length === 1) now.push("zone");
  if (manyNodes && nodes.length === 1) now.push("node", "drain");
  if (now.length > 0) return together(workload, now, { ready: ready.length, zones, nodes });
  const held = rulesOf(workload);
  const kept = keeps(workload, held, places);
  const byVolumes = new Set(ready.flatMap((pod) => volumeZones(pod, patient.cluster))).size > 1;
  const luck: Loss[] = [];
  if (manyZones && !kept.zone && !byVolumes) luck.push("zone");
  if (manyNodes && !kept.node && !(byVolumes && manyZones)) luck.push("node");
  return luck.length === 0 ? undefined : byChance(workload, luck, held.ineffective);
}

function together(
  { subject, replicas }: Workload,
  losses: Loss[],
  at: { ready: number; zones: string[]; nodes: string[] },
): Finding {
  const where =
    at.nodes.length === 1
      ? `on ${at.nodes[0]}${at.zones[0] ? ` in zone ${at.zones[0]}` : ""}`
      : `in zone ${at.zones[0]}`;
  const because =
    at.ready === 1
      ? `only 1 of its ${replicas} replicas is ready, ${where}`
      : `${at.ready === replicas ? "all" : "the"} ${at.ready} ready replicas are ${where}`;
  const key = losses.includes("zone") ? zoneKey : hostKey;
  const remedy = `${spreadOver(key)}, then restart the rollout: running pods do not move`;
  return {
    rule: "spread",
    subject,
    losses,
    certainty: "now",
    because,
    fix: at.ready === 1 ? `repair the others; and ${remedy}` : remedy,
  };
}

function byChance({ subject, replicas }: Workload, losses: Loss[], ineffective: boolean): Finding {
  const wide = losses.includes("zone") ? "zone" : "machine";
  return {
    rule: "spread",
    subject,
    losses,
    certainty: "luck",
    because: ineffective
      ? `its spread constraint selects other pods than its own ${plural(replicas, "replica")}`
      : `nothing keeps its ${plural(replicas, "replica")} from standing in one ${wide}`,
    fix: ineffective
      ? "let the constraint's labelSelector match the labels of its pods"
      : spreadOver(wide === "zone" ? zoneKey : hostKey),
  };
}

function spreadOver(key: string): string {
  return `add a topologySpreadConstraint over ${key} with DoNotSchedule and nodeTaintsPolicy Honor`;
}

/** Spread rules that count: those whose selector matches the workload's own pods. */
function rulesOf({ spec, labels }: Workload): SpreadRules & { ineffective: boolean } {
  const effective = effectiveSpec(spec, labels);
  const rules = spreadIn(effective);
  const claimed = spreadIn(spec);
  return {
    ...rules,
    ineffective: claimed.zoneSpread === "hard" && rules.zoneSpread !== "hard",
  };
}

/** The parts of a pod's spec that keep it apart from its own kind. */
export function effectiveSpec(spec: V1PodSpec, labels: Record<string, string>): object {
  const terms = spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return {
    topologySpreadConstraints: (spec.topologySpreadConstraints ?? []).filter(({ labelSelector }) =>
      selects(labelSelector, labels),
    ),
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: (terms ?? []).filter(({ labelSelector }) =>
          selects(labelSelector, labels),
        ),
      },
    },
  };
}

function keeps(
  workload: Workload,
  rules: SpreadRules,
  { zones }: Places,
): { zone: boolean; node: boolean } {
  const { replicas } = workload;
  const zone = mostPerZone({ ...rules, replicas }, zones.length) < replicas;
  return { zone, node: zone || rules.machineSpread === "hard" || rules.machineSpread === "skew" };
}
