import type { Inputs } from "../../value.ts";

/** A switch of the provider, which may be given as text; undefined when it is not set. */
export function flag(settings: Inputs, key: string): boolean | undefined {
  const value = settings[key];
  if (typeof value === "boolean") return value;
  return value === "true" ? true : value === "false" ? false : undefined;
}

/** Settings that this engine's provider cannot honour. */
export function settingProblems(settings: Inputs): string[] {
  const problems: string[] = [];
  if (flag(settings, "enableServerSideApply") === false) {
    problems.push(
      "the embedded engine has server-side apply only; drop enableServerSideApply: false",
    );
  }
  if (settings.renderYamlToDirectory !== undefined) {
    problems.push("renderYamlToDirectory needs the Pulumi CLI");
  }
  return problems;
}
