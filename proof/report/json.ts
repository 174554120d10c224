import { conclusion, type Report } from "./report.ts";

/** The report for machines. Domains are named, not numbered. */
export function json(report: Report): string {
  const { proof, model, findings, stack } = report;
  const name = (id: number) => {
    const domain = model.domains[id];
    return { kind: domain?.kind, name: domain?.name };
  };
  const document = {
    stack,
    conclusion: conclusion(report),
    claims: proof.claims,
    required: proof.required,
    refuted: proof.refuted,
    unproven: proof.unproven,
    transition: findings,
    bounds: proof.bounds,
    failures: proof.failures.map(({ domain, takes, outcomes, size, bound }) => ({
      ...name(domain),
      standsFor: size,
      bound,
      takes: takes.map(name),
      outcomes,
    })),
    ...(proof.alreadyLost.length > 0 && { alreadyLost: proof.alreadyLost, now: proof.now }),
  };
  return JSON.stringify(document, null, 2);
}
