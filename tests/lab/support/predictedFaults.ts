import type { Fault, FaultCluster, Injected } from "../../../lab/faults/fault.ts";
import { cutOff, powerOff } from "../../../lab/faults/kinds.ts";
import type { FaultResult } from "../../../lab/faults/runFault.ts";
import type { Prediction } from "../../../proof/predictions.ts";

/** An acknowledged write is due within this time, or none may come for as long. */
const holdSeconds = 60;
const apiPort = 6443;

function titleOf({ failures }: Prediction): string {
  return failures.map(({ kind, name }) => `${kind} ${name}`).join(" and ");
}

/** The control plane of a registration such as "control-plane-a of 198.18.0.10". */
function targetMachine(name: string): string {
  return name.split(" of ")[0] ?? name;
}

/**
 * Makes the predicted failures happen: machines lose power; a registration is lost by cutting its API
 * port; a segment by cutting every machine off.
 */
async function inject(prediction: Prediction, cluster: FaultCluster): Promise<Injected> {
  const { lab } = cluster;
  const kinds = new Set(prediction.failures.map(({ kind }) => kind));
  if (kinds.has("segment")) {
    return cutOff(
      cluster,
      lab.names.map((name) => lab.machine(name)),
      "cut both ways",
    );
  }
  const steps: Injected[] = [];
  if (prediction.machines.length > 0) {
    const machines = prediction.machines.map((name) => lab.machine(name));
    steps.push(await powerOff(cluster, machines));
  }
  const targets = prediction.failures
    .filter(
      ({ kind, name }) => kind === "target" && !prediction.machines.includes(targetMachine(name)),
    )
    .map(({ name }) => lab.machine(targetMachine(name)));
  if (targets.length > 0) {
    steps.push(await cutOff(cluster, targets, "cut both ways", { protocol: "tcp", port: apiPort }));
  }
  return together(steps);
}

/** Several injections as one: proven when each is, healed in reverse order. */
function together(steps: readonly Injected[]): Injected {
  return {
    target: steps.map(({ target }) => target).join(", "),
    proof: async () => {
      const proofs = await Promise.all(steps.map((step) => step.proof()));
      return proofs.includes(undefined) ? undefined : proofs.join("; ");
    },
    heal: async () => {
      for (const step of steps.toReversed()) await step.heal();
    },
  };
}

/** The prediction as a fault to run: the client must see what the proof says. */
export function predictedFault(prediction: Prediction): Fault {
  const title = titleOf(prediction);
  return {
    name: `predicted-${title.replaceAll(/[^a-z0-9]+/gi, "-")}`,
    kind: "power cut",
    during: prediction.writes === "lost" ? "stops" : "answers",
    proofSeconds: 30,
    holdSeconds,
    recoverSeconds: 300,
    inject: (cluster) => inject(prediction, cluster),
  };
}

/** A line of the table that sets both side by side. */
export function comparison(prediction: Prediction, result: FaultResult): string {
  const observed = result.verdict === "pass" ? prediction.writes : result.reasons.join("; ");
  const cells = [
    titleOf(prediction),
    prediction.because === "" ? prediction.writes : `${prediction.writes}: ${prediction.because}`,
    observed,
    result.proof,
    result.verdict,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
