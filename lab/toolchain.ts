import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { chmod, cp, readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import type { SelfManagedVersions } from "../config/versions.ts";
import { cached, cacheKey, isCached } from "./cache.ts";
import { run } from "./process.ts";
import { type Recipe, type ReleaseFile, recipes } from "./toolchain/recipes.ts";

const recipeRoot = join(import.meta.dirname, "toolchain");

/** Path of each binary by name. */
export type Toolchain = ReadonlyMap<string, string>;

export interface ToolchainOptions {
  /** Take official releases even where Go is present. Default false. */
  preferDownload?: boolean;
  /** Base URL that stands for every release host, with the original host as first path part. */
  mirror?: string;
  /** Only this component. Default: all. */
  only?: string;
}

/** Components that are not in the cache yet. */
export function missingComponents(versions: SelfManagedVersions): string[] {
  return recipes(versions)
    .filter((recipe) => !isCached("toolchain", recipeKey(recipe)))
    .map((recipe) => recipe.name);
}

/**
 * All binaries at these versions: from the cache, or built from Go modules whose sums are committed,
 * or, where Go is missing, downloaded and checked.
 */
export async function ensureToolchain(
  versions: SelfManagedVersions,
  options: ToolchainOptions = {},
): Promise<Toolchain> {
  const binaries = new Map<string, string>();
  const canBuild = await canBuildFromSource();
  for (const recipe of recipes(versions)) {
    if (options.only !== undefined && options.only !== recipe.name) continue;
    const download = recipe.release !== undefined && (!canBuild || options.preferDownload === true);
    const dir = await cached("toolchain", recipeKey(recipe), async (target) => {
      if (download) await downloadRelease(recipe, target, options.mirror);
      else await build(recipe, target);
    });
    for (const binary of Object.keys(recipe.packages)) binaries.set(binary, join(dir, binary));
  }
  return binaries;
}

/** Component, version and a digest of everything that decides what its binaries are. */
export function recipeKey(recipe: Recipe): string {
  const dir = join(recipeRoot, recipe.moduleDir);
  const sources = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => [file.slice(dir.length), readFileSync(file, "utf8")]);
  const { release: _, ...decisive } = recipe;
  return `${recipe.name}-${recipe.version}-${cacheKey([decisive, sources, goArchitecture()])}`;
}

export function goArchitecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}

/** Go 1.21 and later fetch the release that a module asks for; an older one is as good as none. */
const oldestGoMinor = 21;

/** Can this computer build the large components? */
export async function canBuildFromSource(): Promise<boolean> {
  try {
    const { stdout } = await run("go", ["version"]);
    const minor = /go1\.(\d+)/.exec(stdout)?.[1];
    return minor !== undefined && Number(minor) >= oldestGoMinor;
  } catch {
    return false;
  }
}

/** Arguments of `go build` for a recipe. */
export function goBuildArguments(recipe: Recipe, target: string): string[] {
  const variables = Object.entries(recipe.variables).map(([name, value]) => `-X ${name}=${value}`);
  const linker = ["-s", "-w", ...variables];
  const tags: string[] = [];
  if (recipe.cgoTags !== undefined) {
    linker.push("-extldflags -static");
    tags.push("-tags", recipe.cgoTags.join(","));
  }
  const flags = ["-trimpath", "-ldflags", linker.join(" "), ...tags];
  return ["build", ...flags, "-o", `${target}/`, ...Object.values(recipe.packages)];
}

async function build(recipe: Recipe, target: string): Promise<void> {
  const committed = join(recipeRoot, recipe.moduleDir);
  const work = `${target}.source`;
  await rm(work, { recursive: true, force: true });
  await cp(committed, work, { recursive: true });
  const environment = {
    CGO_ENABLED: recipe.cgoTags === undefined ? "0" : "1",
    GOFLAGS: "-buildvcs=false -mod=readonly",
  };
  try {
    await moveToVersion(recipe, work);
    const niceness = ["-n", "5", "go"];
    await run("nice", [...niceness, ...goBuildArguments(recipe, target)], {
      cwd: work,
      environment,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Edit a copy of go.mod to another version; sums then come from the checksum database. */
async function moveToVersion(recipe: Recipe, work: string): Promise<void> {
  const mod = readFileSync(join(work, "go.mod"), "utf8");
  const stale = recipe.modules.filter((module) => !mod.includes(`${module} v${recipe.version}`));
  if (stale.length === 0) return;
  const edits = stale.map((module) => `-require=${module}@v${recipe.version}`);
  if (recipe.stagingVersion !== undefined) {
    for (const [, module] of mod.matchAll(/^\t(\S+) => \1 v/gm)) {
      edits.push(`-replace=${module}=${module}@v${recipe.stagingVersion}`);
    }
  }
  await run("go", ["mod", "edit", ...edits], { cwd: work });
  const environment = { GOFLAGS: "-buildvcs=false -mod=mod" };
  await run("go", ["mod", "tidy", "-e"], { cwd: work, environment });
}

/** Fetch a component's release files, check them and put its binaries into `target`. */
export async function downloadRelease(
  recipe: Recipe,
  target: string,
  mirror?: string,
): Promise<void> {
  for (const file of recipe.release?.(goArchitecture()) ?? []) {
    const archive = join(target, basename(file.url));
    await fetchChecked(file, archive, mirror);
    if (file.members === undefined) {
      if (basename(archive) !== file.binary) await rename(archive, join(target, `${file.binary}`));
      continue;
    }
    const depth = file.members[0]?.split("/").length ?? 1;
    const strip = `--strip-components=${depth - 1}`;
    await run("tar", ["-xf", archive, "-C", target, strip, ...file.members]);
    await rm(archive);
  }
  for (const name of await readdir(target)) await chmod(join(target, name), 0o755);
}

/** URL of a release file at a mirror: `<mirror>/<original host>/<path>`. */
export function mirrored(url: string, mirror: string | undefined): string {
  if (mirror === undefined) return url;
  const { host, pathname } = new URL(url);
  return `${mirror.replace(/\/$/, "")}/${host}${pathname}`;
}

async function fetchChecked(
  file: ReleaseFile,
  target: string,
  mirror: string | undefined,
): Promise<void> {
  const url = mirrored(file.url, mirror);
  const list = await (await get(mirrored(file.checksumUrl, mirror))).text();
  const expected = checksumFor(list, basename(file.url));
  if (expected === undefined) throw new Error(`${file.checksumUrl} names no SHA-256 of ${url}`);
  const body = (await get(url)).body;
  if (body === null) throw new Error(`${url}: empty answer`);
  mkdirSync(join(target, ".."), { recursive: true });
  await pipeline(Readable.fromWeb(body as ReadableStream), createWriteStream(target));
  const actual = await sha256(target);
  if (actual !== expected) {
    await rm(target);
    throw new Error(`${url}: SHA-256 is ${actual}, but ${file.checksumUrl} says ${expected}`);
  }
}

async function get(url: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    const cause = (error as Error).cause;
    throw new Error(`cannot reach ${url}: ${cause instanceof Error ? cause.message : `${error}`}`);
  }
  if (!response.ok) throw new Error(`${url}: HTTP status ${response.status}`);
  return response;
}

/** SHA-256 of a file in a checksum list: lines "digest  name", or one bare digest. */
export function checksumFor(list: string, fileName: string): string | undefined {
  const digest = /^[0-9a-f]{64}$/;
  for (const line of list.trim().split("\n")) {
    const [sum, name] = line.trim().split(/\s+/);
    if (sum === undefined || !digest.test(sum)) continue;
    if (name === undefined || basename(name.replace(/^\*/, "")) === fileName) return sum;
  }
  return undefined;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
