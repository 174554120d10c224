import { outOfServiceTaint, zoneKey } from "../../design/workloads/labels.ts";
import { enumerate, plural } from "../../proof/claim.ts";
import type { Finding } from "../finding.ts";
import type { Patient, Verdicts } from "./rule.ts";

/** Nodes without a zone, zones without a second one, and machines that are lost or held back already. */
export function nodes({ cluster, places }: Patient): Verdicts {
  const findings: Finding[] = [];
  const unlabelled = cluster.nodes
    .map(({ metadata }) => metadata)
    .filter((metadata) => metadata?.labels?.[zoneKey] === undefined)
    .map((metadata) => metadata?.name ?? "");
  if (unlabelled.length > 0)
    findings.push({
      rule: "zones",
      subject: `${plural(unlabelled.length, "node")}: ${enumerate(unlabelled)}`,
      losses: ["zone"],
      certainty: "luck",
      because: `the label ${zoneKey} is missing, so nothing can be spread over their zones`,
      fix: "label nodes with the place that fails as a whole",
    });
  if (places.zones.length === 1)
    findings.push({
      rule: "zones",
      subject: "Cluster",
      losses: ["zone"],
      certainty: "now",
      because: `all nodes are in zone ${places.zones[0]}`,
      fix: "add machines in two more zones",
    });
  for (const { metadata, spec, status } of cluster.nodes) {
    const ready = (status?.conditions ?? []).some(
      (one) => one.type === "Ready" && one.status === "True",
    );
    const isFenced = (spec?.taints ?? []).some(({ key }) => key === outOfServiceTaint.key);
    const subject = `Node ${metadata?.name}`;
    const common = { rule: "node" as const, subject, certainty: "now" as const };
    if (!ready)
      findings.push({
        ...common,
        losses: ["node", "zone"],
        because: "it is not ready: what else is lost comes on top",
        fix: isFenced
          ? "repair the machine, or delete the node"
          : `repair the machine; if it is off, \`quorum fence ${metadata?.name}\` releases its volumes`,
      });
    else if (isFenced)
      findings.push({
        ...common,
        losses: ["node"],
        because: `it is ready, but still has the taint ${outOfServiceTaint.key}: pods are thrown off it`,
        fix: `quorum fence ${metadata?.name} --undo`,
      });
  }
  return { findings };
}
