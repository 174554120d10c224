import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { cacheDir } from "./paths.ts";
import { run, waitUntil } from "./process.ts";

const sourceDir = join(import.meta.dirname, "prober");

/** Path of the measuring client's binary; built once for its source. Errors: no Go, build failure. */
export async function ensureProber(): Promise<string> {
  const binary = join(cacheDir(), "prober", sourceKey(), "prober");
  if (existsSync(binary)) return binary;
  mkdirSync(join(binary, ".."), { recursive: true });
  const unfinished = `${binary}.${process.pid}`;
  await run("go", ["build", "-buildvcs=false", "-trimpath", "-o", unfinished, "."], {
    cwd: sourceDir,
    environment: { CGO_ENABLED: "0", GOFLAGS: "", GOTOOLCHAIN: "local" },
  });
  renameSync(unfinished, binary);
  return binary;
}

function sourceKey(): string {
  const files = readdirSync(sourceDir, { recursive: true, encoding: "utf8" }).sort();
  const hash = createHash("sha256");
  for (const file of files.filter((name) => /\.(go|mod|sum)$/.test(name))) {
    hash.update(`${file}\0`).update(readFileSync(join(sourceDir, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** TLS files of etcd's client port. */
export interface EtcdAccess {
  endpoints: string[];
  caFile: string;
  certFile: string;
  keyFile: string;
}

export interface ProberOptions {
  binary: string;
  /** History to write. */
  historyFile: string;
  target: { kubeconfig: string; servers?: string[] } | EtcdAccess;
  seed: number;
  /** Requests a second. Default 90. */
  rate?: number;
  /** Longest run. Default 900. */
  durationSeconds?: number;
  /** Probe reads as well as writes. Default false. */
  probeReads?: boolean;
  /** Saboteur: pretend acknowledgements, or leave writes out of the history. */
  forget?: "writes" | "records";
}

/** Smallest window in which a steady load is believed. */
const steadySeconds = 5;

/** A running measuring client. It ends with us: its standard input is ours to hold open. */
export class Prober {
  readonly historyFile: string;
  readonly #binary: string;
  readonly #child: ChildProcess;
  readonly #reports: { answered: number; seconds: number }[] = [];
  #written = 0;
  readonly #marks = new Set<string>();
  readonly #ended: Promise<number>;
  #errors = "";

  constructor(options: ProberOptions) {
    this.historyFile = options.historyFile;
    mkdirSync(dirname(options.historyFile), { recursive: true, mode: 0o700 });
    this.#binary = options.binary;
    this.#child = spawn(options.binary, ["run", ...runArguments(options)], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child.stdin?.on("error", () => undefined); // it may have ended by itself
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    this.#ended = new Promise((resolve) => this.#child.on("close", (code) => resolve(code ?? -1)));
    if (this.#child.stdout !== null) {
      createInterface(this.#child.stdout).on("line", (line) => this.#take(line));
    }
  }

  #take(line: string): void {
    const said = JSON.parse(line) as {
      answered?: number;
      seconds?: number;
      written?: number;
      mark?: string;
    };
    if (said.answered !== undefined) {
      this.#reports.push({ answered: said.answered, seconds: said.seconds ?? 1 });
    }
    this.#written += said.written ?? 0;
    if (said.mark !== undefined) this.#marks.add(said.mark);
  }

  /** Requests answered per second, averaged over the last seconds; 0 before there were enough. */
  rate(): number {
    const last = this.#reports.slice(-steadySeconds);
    if (last.length < steadySeconds) return 0;
    const total = (field: "answered" | "seconds") => last.reduce((sum, one) => sum + one[field], 0);
    return total("answered") / total("seconds");
  }

  /** Writes acknowledged so far, up to the last full second. */
  written(): number {
    return this.#written;
  }

  /** Wait until the load has been at or above `rate`. Errors: it is not, or the client ended. */
  async waitUntilSteady(rate: number, timeoutSeconds = 60): Promise<void> {
    try {
      await waitUntil(`${rate} requests a second`, timeoutSeconds, () => {
        if (this.#child.exitCode !== null) throw new Error("the measuring client ended");
        return this.rate() >= rate;
      });
    } catch (error) {
      const why = this.#errors.trim() || `the last seconds had ${this.rate()}`;
      throw new Error(`${(error as Error).message}: ${why}`);
    }
  }

  /** Write a mark into the history and wait until it is there. */
  async mark(name: string): Promise<void> {
    this.#child.stdin?.write(`mark ${name}\n`);
    const there = () => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`mark ${name}: the measuring client ended`);
      return this.#marks.has(name);
    };
    await waitUntil(`mark ${name}`, 10, there, 5);
  }

  /** End the load and wait for the final reads; returns what went wrong, "" when nothing did. */
  async stop(): Promise<string> {
    this.#child.stdin?.end("stop\n");
    const code = await this.#ended;
    return code === 0 ? "" : this.#errors.trim() || `exit ${code}`;
  }

  /** Judge the history; only after `stop`. */
  judge(options: CheckOptions = {}): Promise<Verdict> {
    return judgeHistory(this.#binary, this.historyFile, options);
  }
}

function runArguments(options: ProberOptions): string[] {
  const { target } = options;
  const access =
    "kubeconfig" in target
      ? [`--kubeconfig=${target.kubeconfig}`, `--server=${(target.servers ?? []).join(",")}`]
      : etcdArguments(target);
  return [
    ...access,
    "--control",
    `--out=${options.historyFile}`,
    `--seed=${options.seed}`,
    `--rate=${options.rate ?? 90}`,
    `--duration=${options.durationSeconds ?? 900}s`,
    `--read-probers=${options.probeReads ?? false}`,
    ...(options.forget === undefined ? [] : [`--forget=${options.forget}`]),
  ];
}

function etcdArguments(access: EtcdAccess): string[] {
  return [
    `--etcd=${access.endpoints.join(",")}`,
    `--etcd-ca=${access.caFile}`,
    `--etcd-cert=${access.certFile}`,
    `--etcd-key=${access.keyFile}`,
  ];
}

/** Raise etcd's alarm NOSPACE for the first endpoint's member. */
export async function raiseNoSpaceAlarm(binary: string, access: EtcdAccess): Promise<void> {
  await run(binary, ["alarm", ...etcdArguments(access)], { timeoutSeconds: 30 });
}

export interface CheckOptions {
  /** Mark before which the load must have been steady. */
  loadBefore?: string;
  /** Requests a second that it must have had. Default 50. */
  minimumRate?: number;
  /** Marks of a snapshot and of the restore to it. */
  restored?: { to: string; began: string };
  /** Marks between which gaps are measured. */
  gapFrom?: string;
  gapTo?: string;
}

/** What one gap prober measured; a gap is the longest time without an acknowledgement. */
export interface Gap {
  connection: "new" | "reused";
  op: "read" | "write";
  tries: number;
  failed: number;
  /** Failed tries whose one retry failed as well. */
  failedTwice: number;
  longestMs: number;
  errors?: Record<string, number>;
}

/** Between two marks. */
export interface Phase {
  from: string;
  seconds: number;
  /** Acknowledged writes. */
  writes: number;
  /** From the mark to the first acknowledged write that began after it; -1: never. */
  firstWriteMs: number;
  failedProbes: number;
}

export interface Verdict {
  verdict: "pass" | "fail" | "void";
  reasons?: string[];
  operations: number;
  acknowledged: number;
  acknowledgedWrites: number;
  unknown: number;
  ratePerSecondBefore: number;
  lostCount: number;
  watchEvents: number;
  gaps?: Gap[];
  phases?: Phase[];
}

/**
 * Gaps between two marks of a history that is still being written. @param offset Byte before the first
 * mark: what lies before it is not read. Errors: a mark is not there.
 */
export async function gapsBetween(
  binary: string,
  historyFile: string,
  window: { from: string; to: string; offset: number },
): Promise<Gap[]> {
  const flags = Object.entries(window).map(([name, value]) => `--${name}=${value}`);
  const { stdout } = await run(binary, ["gaps", `--history=${historyFile}`, ...flags]);
  return (JSON.parse(stdout) as Gap[] | null) ?? [];
}

/** Judge a history. Errors: the history cannot be read or lacks a mark. */
export async function judgeHistory(
  binary: string,
  historyFile: string,
  options: CheckOptions,
): Promise<Verdict> {
  const { restored } = options;
  const named = {
    "load-before": options.loadBefore,
    "min-rate": options.minimumRate?.toString(),
    "restored-to": restored?.to,
    "restore-began": restored?.began,
    "gap-from": options.gapFrom,
    "gap-to": options.gapTo,
  };
  const flags = Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
  const judged = await run(binary, ["check", `--history=${historyFile}`, ...flags], {
    mayFail: true,
  });
  if (judged.stdout === "")
    throw new Error(`no verdict on ${historyFile}: ${judged.stderr.trim()}`);
  return JSON.parse(judged.stdout) as Verdict;
}
