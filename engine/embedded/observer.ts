import type { Step } from "./planner.ts";

/** Told what happens, for display. */
export interface Observer {
  stepStarted(step: Step): void;
  stepDone(step: Step): void;
  stepFailed(step: Step, error: unknown): void;
  diagnostic(diagnostic: Diagnostic): void;
}

export interface Diagnostic {
  severity: "debug" | "info" | "warning" | "error";
  message: string;
  urn: string | undefined;
}
