import { appendJsonLine, readJsonLines } from "../../lab/jsonLines.ts";
import { type FailoverRun, failovers, type JudgedHistory } from "./failovers.ts";
import { type NodeLossRun, nodeLossName } from "./nodeLosses.ts";
import { type PlannedRun, plannedWork } from "./planned.ts";
import { type ColdStart, oneLine, type Results } from "./report.ts";

/** One thing that was measured, as it came. */
export type Entry =
  | { kind: "cold"; cold: ColdStart }
  | { kind: "planned"; run: PlannedRun }
  | { kind: "failover"; failover: string; run: FailoverRun }
  | { kind: "judged"; judged: JudgedHistory }
  | { kind: "node loss"; run: NodeLossRun }
  /** What was measured of these so far counts no more. */
  | { kind: "forgotten"; names: readonly string[] };

export const coldName = "cold";

type Kept = Entry & { commit: string; at: string };

/**
 * Everything measured at one commit, kept as it comes: a series goes on where it stopped, and several
 * series are one result.
 */
export class BenchmarkRecord {
  readonly #file: string;
  readonly #commit: string;
  #kept: Kept[] = [];

  constructor(file: string, commit: string) {
    this.#file = file;
    this.#commit = commit;
    for (const one of readJsonLines<Kept>(file)) if (one.commit === commit) this.#take(one);
  }

  add(entry: Entry): void {
    const kept = { commit: this.#commit, at: new Date().toISOString(), ...entry };
    this.#take(kept);
    appendJsonLine(this.#file, kept);
  }

  #take(kept: Kept): void {
    if (kept.kind === "forgotten")
      this.#kept = this.#kept.filter((one) => !kept.names.includes(nameOf(one)));
    else this.#kept.push(kept);
  }

  isEmpty(): boolean {
    return this.#kept.length === 0;
  }

  results(): Results {
    const runs = this.#of("failover");
    return {
      commit: this.#commit,
      colds: this.#of("cold").map(({ cold }) => cold),
      // The last run counts: those before it were void.
      planned: plannedWork.flatMap((work) => {
        const run = this.#of("planned").findLast((one) => one.run.name === work.name)?.run;
        return run === undefined ? [] : [{ work, run }];
      }),
      failovers: failovers.flatMap((failover) => {
        const own = runs.filter((one) => one.failover === failover.name).map(({ run }) => run);
        return own.length === 0
          ? []
          : [{ failover, runs: own, problems: this.#problemsOf(own, failover.name) }];
      }),
      nodeLosses: this.#of("node loss").map(({ run }) => run),
    };
  }

  /** Seeds of a failover, or of lost nodes, that have no run that counts. */
  missingSeeds(name: string, seeds: readonly number[]): number[] {
    const entries = [...this.#of("failover"), ...this.#of("node loss")];
    const runs = entries.filter((one) => nameOf(one) === name).map(({ run }) => run);
    return seeds.filter((seed) => !runs.some((run) => run.seed === seed && run.problem === ""));
  }

  /** Is there a run of this planned work that counts? */
  hasPlanned(name: string): boolean {
    return this.#of("planned").some(({ run }) => run.name === name && run.problem === "");
  }

  coldStarts(): number {
    return this.#of("cold").length;
  }

  /** Histories on which the checker has not been asked: their runner was killed. */
  unjudgedHistories(): string[] {
    const files = this.#of("failover").map(({ run }) => run.historyFile);
    const judged = this.#of("judged").map((one) => one.judged.historyFile);
    return [...new Set(files)].filter((file) => !judged.includes(file));
  }

  #problemsOf(runs: readonly FailoverRun[], failover: string): string[] {
    const files = [...new Set(runs.map(({ historyFile }) => historyFile))];
    const seedsOf = (file: string) => {
      const own = runs.filter((run) => run.historyFile === file).map(({ seed }) => seed);
      return `seeds ${Math.min(...own)} to ${Math.max(...own)}`;
    };
    const unjudged = this.unjudgedHistories();
    return [
      ...runs
        .filter(({ problem }) => problem !== "")
        .map(({ seed, problem }) => `a run of seed ${seed} is void: ${oneLine(problem)}`),
      ...this.#of("judged")
        .filter(({ judged }) => files.includes(judged.historyFile) && judged.problem !== "")
        .map(({ judged }) => `${seedsOf(judged.historyFile)}: ${oneLine(judged.problem)}`),
      ...files
        .filter((file) => unjudged.includes(file))
        .map((file) => `${seedsOf(file)}: the history is not judged yet (${failover} goes on)`),
    ];
  }

  #of<Kind extends Entry["kind"]>(kind: Kind): Extract<Kept, { kind: Kind }>[] {
    return this.#kept.filter((one) => one.kind === kind) as Extract<Kept, { kind: Kind }>[];
  }
}

/** What an entry is a measurement of; "" for what the checker said. */
function nameOf(entry: Entry): string {
  switch (entry.kind) {
    case "cold":
      return coldName;
    case "planned":
      return entry.run.name;
    case "failover":
      return entry.failover;
    case "node loss":
      return nodeLossName;
    default:
      return "";
  }
}
