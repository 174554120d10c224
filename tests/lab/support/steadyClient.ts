import type { Machine } from "../../../lab/machine.ts";
import type { CommandResult } from "../../../lab/process.ts";

/** What a client of a Service has seen. */
export interface Experience {
  answered: number;
  /** Answered at the second try. */
  retried: number;
  /** Times of day at which the second try failed too. */
  failed: string[];
}

// It ends by itself when nobody stops it.
const script = `end=$(($(date +%s) + $3))
while [ ! -e "$1" ] && [ "$(date +%s)" -lt $end ]; do
  if curl -sf -o /dev/null --max-time 2 "$2"; then echo answered
  elif sleep 0.2; curl -sf -o /dev/null --max-time 2 "$2"; then echo retried
  else echo "failed $(date +%T)"; fi
  sleep 0.1
done
rm -f "$1"`;

const longestSeconds = 900;

/**
 * A client that asks a Service several times a second, each time on a new connection, from a machine
 * of the cluster: 2 s for an answer, and one retry 0.2 s later.
 */
export class SteadyClient {
  readonly #machine: Machine;
  readonly #stopFile: string;
  readonly #finished: Promise<CommandResult>;

  constructor(machine: Machine, url: string) {
    this.#machine = machine;
    this.#stopFile = `/run/quorum-client-${process.pid}-${Date.now()}`;
    const args = [this.#stopFile, url, `${longestSeconds}`];
    this.#finished = machine.exec(["sh", "-c", script, "sh", ...args], {
      timeoutSeconds: longestSeconds + 10,
      mayFail: true,
    });
  }

  async stop(): Promise<Experience> {
    await this.#machine.exec(["touch", this.#stopFile]);
    const { stdout } = await this.#finished;
    const lines = stdout.split("\n");
    return {
      answered: lines.filter((line) => line === "answered").length,
      retried: lines.filter((line) => line === "retried").length,
      failed: lines.filter((line) => line.startsWith("failed")),
    };
  }
}
