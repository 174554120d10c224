import { plural } from "../../proof/claim.ts";
import type { Diagnosis, Finding } from "../finding.ts";

export const title = (stack: string, { looked }: Diagnosis): string =>
  `${stack}: ${plural(looked.nodes, "node")} in ${plural(looked.zones, "zone")}, ` +
  `${plural(looked.workloads, "workload")}, ${plural(looked.pods, "pod")}, ` +
  `${plural(looked.webhooks, "webhook")}`;

export const headings = {
  now: "Would not survive, as things stand",
  luck: "Survives by luck",
  accepted: "Accepted by an annotation",
  unknown: "Not known",
} as const;

/** What the findings come to, in one line. */
export function conclusion({ findings, accepted, unknown }: Diagnosis): string {
  const now = findings.filter(({ certainty }) => certainty === "now").length;
  const parts = [
    findings.length === 0
      ? "nothing found"
      : `${plural(findings.length, "finding")}: ${now} as things stand, ${findings.length - now} by luck`,
    ...(accepted.length === 0 ? [] : [`${accepted.length} accepted`]),
    ...(unknown.length === 0 ? [] : [`${unknown.length} not known`]),
  ];
  return parts.join(", ");
}

const lossNames = {
  zone: "zone",
  node: "node",
  drain: "drain",
  admission: "API requests",
} as const;

export function lossText({ losses }: Finding): string {
  return losses.map((loss) => lossNames[loss]).join(", ");
}

function lines(findings: readonly Finding[]): string[] {
  return findings.flatMap((finding) => [
    `  ${finding.subject}`,
    `    ${lossText(finding)}: ${finding.because} [${finding.rule}]`,
    `    fix: ${finding.fix}`,
  ]);
}

/** The report for a terminal. */
export function text(stack: string, diagnosis: Diagnosis): string {
  const { findings, accepted, unknown } = diagnosis;
  const part = (heading: string, body: string[]) =>
    body.length === 0 ? [] : ["", `${heading}:`, ...body];
  return [
    title(stack, diagnosis),
    ...part(headings.now, lines(findings.filter(({ certainty }) => certainty === "now"))),
    ...part(headings.luck, lines(findings.filter(({ certainty }) => certainty === "luck"))),
    ...part(
      headings.accepted,
      accepted.map(({ subject, because }) => `  ${subject}: ${because}`),
    ),
    ...part(
      headings.unknown,
      unknown.map((one) => `  ${one}`),
    ),
    "",
    conclusion(diagnosis),
  ].join("\n");
}
