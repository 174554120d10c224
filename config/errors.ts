/** One thing that is wrong in a stack file. `rule` and `remedy` are whole sentences. */
export interface Finding {
  /** Path below the `quorum:` namespace, e.g. "etcd.quotaGiB" or "zones[2]". */
  key: string;
  /** What was found there; undefined when the key is missing. */
  value: unknown;
  /** What must hold, and why. */
  rule: string;
  /** What to write instead. */
  remedy: string;
}

const longestValue = 80;

/** Everything that is wrong with one stack's configuration, found in one pass. */
export class ConfigError extends Error {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super(reportFindings(findings));
    this.name = "ConfigError";
    this.findings = findings;
  }

  /** The report headed by the stack file, e.g. "Pulumi.prod.yaml has 2 problems:". */
  report(fileName: string): string {
    const count = this.findings.length;
    return `${fileName} has ${count} problem${count === 1 ? "" : "s"}:\n${this.message}`;
  }
}

/** One indented line per finding: key, value, remedy, rule. */
export function reportFindings(findings: readonly Finding[]): string {
  return findings.map(reportFinding).join("\n");
}

function reportFinding({ key, value, rule, remedy }: Finding): string {
  const found = value === undefined ? "" : ` = ${shortText(value)}`;
  return `  quorum:${key}${found}: ${remedy} ${rule}`;
}

/** One line without control characters: a value may hold anything. */
function shortText(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  const line = text.replace(/\p{C}+/gu, " ");
  return line.length > longestValue ? `${line.slice(0, longestValue - 1)}…` : line;
}
