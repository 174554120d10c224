import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir } from "./paths.ts";

/** "1 min 05 s", "8 s". */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** Line that tells how far a step is: elapsed, and what an earlier run lets us expect. */
export function progressLine(name: string, elapsedSeconds: number, usualSeconds?: number): string {
  const elapsed = `${name}: ${formatSeconds(elapsedSeconds)}`;
  if (usualSeconds === undefined) return elapsed;
  const left = usualSeconds - elapsedSeconds;
  if (left <= 0) return `${elapsed}, longer than the ${formatSeconds(usualSeconds)} of last time`;
  return `${elapsed}, about ${formatSeconds(left)} left`;
}

const plainIntervalSeconds = 30;

/** Says what runs, how long it has run and how long it will take, judged by earlier runs. */
export class Progress {
  readonly #write: (text: string) => void;
  readonly #isTerminal: boolean;
  readonly #file: string;
  #durations: Record<string, number>;

  constructor(
    write: (text: string) => void = (text) => process.stderr.write(text),
    isTerminal = process.stderr.isTTY === true,
  ) {
    this.#write = write;
    this.#isTerminal = isTerminal;
    this.#file = join(cacheDir(), "durations.json");
    this.#durations = readDurations(this.#file);
  }

  /** How long a step took last time, if it has run here before; else `guess`. */
  usualSeconds(key: string, guess?: number): number | undefined {
    return this.#durations[key] ?? guess;
  }

  say(text: string): void {
    this.#write(`${text}\n`);
  }

  /** Run one step and tell of it. `guessSeconds`: measured on 2 cores, used until it has run here. */
  async step<Result>(
    name: string,
    work: (note: (text: string) => void) => Promise<Result>,
    guessSeconds?: number,
  ): Promise<Result> {
    const begin = Date.now();
    const usual = this.usualSeconds(name, guessSeconds);
    const elapsed = () => (Date.now() - begin) / 1000;
    let detail = "";
    const line = () => progressLine(name, elapsed(), usual) + (detail === "" ? "" : ` (${detail})`);
    if (!this.#isTerminal) this.say(line());
    const show = () => this.#write(this.#isTerminal ? `\r\u001b[K${line()}` : `${line()}\n`);
    const timer = setInterval(show, (this.#isTerminal ? 1 : plainIntervalSeconds) * 1000);
    try {
      const result = await work((text) => {
        detail = text;
      });
      clearInterval(timer);
      const end = this.#isTerminal ? "\r\u001b[K" : "";
      this.#write(`${end}${name}: done in ${formatSeconds(elapsed())}\n`);
      this.#remember(name, elapsed());
      return result;
    } catch (error) {
      clearInterval(timer);
      if (this.#isTerminal) this.#write("\n");
      throw error;
    }
  }

  #remember(key: string, seconds: number): void {
    this.#durations = { ...readDurations(this.#file), [key]: Math.round(seconds * 10) / 10 };
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, `${JSON.stringify(this.#durations, null, 2)}\n`);
  }
}

function readDurations(file: string): Record<string, number> {
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, number>;
  } catch {
    return {}; // a crash while writing costs us an estimate, no more
  }
}
