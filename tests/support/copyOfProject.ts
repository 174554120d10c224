import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.join(import.meta.dirname, "..", "..");

function git(folder: string, ...args: string[]): string {
  const named = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
  const { status, stdout, stderr } = spawnSync("git", ["-C", folder, ...named, ...args], {
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
  });
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** The project as it stands in this checkout, as a repository of its own with one commit. */
export function copyOfProject(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "quorum-test-"));
  const known = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard");
  for (const file of new Set(known.split("\0").filter((name) => name !== ""))) {
    const source = path.join(root, file);
    if (existsSync(source)) cpSync(source, path.join(folder, file));
  }
  git(folder, "init", "--quiet");
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  writeFileSync(path.join(folder, ".git", "info", "exclude"), "node_modules\n.cache\n");
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--message=base");
  return folder;
}
