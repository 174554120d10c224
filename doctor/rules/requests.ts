import { enumerate } from "../../proof/claim.ts";
import type { Finding } from "../finding.ts";
import type { Patient, Verdicts } from "./rule.ts";

/** Without requests nobody knows whether pods fit when machines are lost, and they are killed first. */
export function requests({ workloads }: Patient): Verdicts {
  const findings: Finding[] = [];
  for (const { subject, spec, role, replicas } of workloads) {
    if (role === "job" || replicas === 0) continue;
    // What every node needs comes before all others, and stays on its node.
    if (role === "daemon" && spec.priorityClassName === "system-node-critical") continue;
    // Requests of the whole pod serve as well.
    const whole = spec.resources?.requests;
    if (whole?.cpu !== undefined && whole.memory !== undefined) continue;
    const without = spec.containers
      .filter(({ resources }) => {
        const { cpu, memory } = resources?.requests ?? {};
        return cpu === undefined || memory === undefined;
      })
      .map(({ name }) => name);
    if (without.length === 0) continue;
    findings.push({
      rule: "requests",
      subject,
      losses: ["zone", "node"],
      certainty: "luck",
      because: `container ${enumerate(without)} does not request CPU and memory, so nothing is kept free for it`,
      fix: "set resources.requests.cpu and .memory on each container",
    });
  }
  return { findings };
}
