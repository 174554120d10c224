import { execFileSync } from "node:child_process";

/**
 * The commit that a measurement is of: the last one that changed anything but documents. Results are
 * documents, so writing them down in the middle of a series does not begin another.
 */
export function measuredCommit(projectDir: string): string {
  const git = (args: readonly string[]) =>
    execFileSync("git", ["-C", projectDir, ...args], { encoding: "utf8" }).trim();
  const changed = ["--", ".", ":(exclude)docs", ":(exclude,glob)**/*.md"];
  return git(["log", "-1", "--format=%H", ...changed]) || git(["rev-parse", "HEAD"]);
}
