import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { appendJsonLine, readJsonLines } from "../jsonLines.ts";
import { measuredCommit } from "../measuredCommit.ts";
import type { FaultResult } from "./runFault.ts";

type Kept = FaultResult & { commit: string };

/** Results of fault runs, kept as they come, so that a long series goes on where it stopped. */
export class FaultResults {
  readonly #file: string;
  readonly #commit: string;
  readonly #kept: Kept[];

  constructor(file: string) {
    this.#file = file;
    this.#commit = measuredCommit(resolve(import.meta.dirname, "../.."));
    this.#kept = readJsonLines<Kept>(file);
  }

  add(result: FaultResult): void {
    const kept = { ...result, commit: this.#commit };
    this.#kept.push(kept);
    appendJsonLine(this.#file, kept);
  }

  /** True when this fault has passed at the present commit. */
  hasPassed(fault: string, seed: number): boolean {
    return this.#ofCommit().some(
      (one) => one.fault === fault && one.seed === seed && one.verdict === "pass",
    );
  }

  /** Write the results of the present commit as a dated table; the last run of a fault counts. */
  write(dir: string, today = new Date()): void {
    const last = new Map(this.#ofCommit().map((one) => [`${one.fault} ${one.seed}`, one]));
    const runs = [...last.values()];
    const passed = runs.filter(({ verdict }) => verdict === "pass").length;
    const date = today.toISOString().slice(0, 10);
    const text = [
      `# Faults on the lab, ${date}`,
      "",
      `Commit ${this.#commit.slice(0, 12)}, ${cpus().length} CPUs. ${passed} of ${runs.length} faults passed.`,
      "",
      "A run passes when the fault proved to have fired, at least 50 requests a second were answered",
      "before it, the history is linearizable, no acknowledged write was lost, clients were answered",
      "while it lasted (where promised), and full health returned by itself.",
      "",
      "| fault | target | verdict | proof | req/s before | longest write gap new / reused, s | healthy after, s | load |",
      "|---|---|---|---|---|---|---|---|",
      ...runs.map(row),
      "",
      ...runs
        .filter(({ verdict }) => verdict !== "pass")
        .map(({ fault, reasons }) => `- ${fault}: ${reasons.join("; ")}`),
    ];
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, `${date}-faults.md`), `${text.join("\n").trimEnd()}\n`);
  }

  #ofCommit(): Kept[] {
    return this.#kept.filter(({ commit }) => commit === this.#commit);
  }
}

function row(run: FaultResult): string {
  const gap = (connection: string) => {
    const milliseconds = run.longestGapMs[`write, ${connection} connection`];
    return milliseconds === undefined ? "-" : (milliseconds / 1000).toFixed(1);
  };
  const cells = [
    run.fault,
    run.target,
    run.verdict,
    run.proof,
    run.rateBefore.toFixed(0),
    `${gap("new")} / ${gap("reused")}`,
    run.recoverySeconds.toFixed(0),
    run.loadAverage.toFixed(1),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "/")).join(" | ")} |`;
}
