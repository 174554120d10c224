import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import type { SecretSealer } from "./embedded/propertyCodec.ts";

/** What the engine needs from Pulumi.yaml. */
export interface Project {
  name: string;
  /** Folder of Pulumi.yaml. */
  root: string;
  /** Folder or file of the program, relative to `root`; "." unless `main` says otherwise. */
  main: string;
  runtime: string;
  /** `runtime.options.typescript`; Pulumi's default is true. */
  typescript: boolean;
  /** `runtime.options.nodeargs`, split at blanks. */
  nodeArguments: string[];
  declared: ConfigDeclaration[];
}

/** One key of the `config:` block of Pulumi.yaml. */
export interface ConfigDeclaration {
  /** With its namespace, e.g. `quorum:name`. */
  key: string;
  required: boolean;
  secret: boolean;
  value: unknown;
}

/** Config as the program receives it. */
export interface StackConfig {
  /** Text by full key; structured values as JSON. */
  values: Record<string, string>;
  secretKeys: string[];
  /** Salt of the stack file, when it has one. */
  saltText: string | undefined;
}

/** Reads Pulumi.yaml in `folder`. Throws with the file's name when it is missing or malformed. */
export async function loadProject(folder: string): Promise<Project> {
  const root = path.resolve(folder);
  const file = path.join(root, "Pulumi.yaml");
  const content = readMap(await readText(file, "there is no Pulumi project here"), file);
  if (typeof content.name !== "string") {
    throw new Error(`${file}: \`name\` is missing`);
  }
  const runtime = asMap(content.runtime);
  const options = asMap(runtime?.options) ?? {};
  return {
    name: content.name,
    root,
    main: typeof content.main === "string" ? content.main : ".",
    runtime: String(runtime?.name ?? content.runtime),
    typescript: options.typescript !== false,
    nodeArguments: typeof options.nodeargs === "string" ? options.nodeargs.split(/\s+/) : [],
    declared: declarations(content.name, asMap(content.config) ?? {}),
  };
}

function declarations(project: string, config: Record<string, unknown>): ConfigDeclaration[] {
  return Object.entries(config).map(([key, declared]) => {
    const schema = asMap(declared);
    const value = schema === undefined ? declared : (schema.value ?? schema.default);
    return {
      key: fullKey(project, key),
      required: schema !== undefined && value === undefined,
      secret: schema?.secret === true,
      value,
    };
  });
}

/** Stack file of a project: `Pulumi.<stack>.yaml` beside Pulumi.yaml. Errors: a name that Pulumi does not take. */
export function stackFile(project: Project, stack: string): string {
  if (!/^[\w.-]+$/.test(stack))
    throw new Error(
      `${JSON.stringify(stack)} is no name of a stack: letters, digits, "-", "_" and "." make one`,
    );
  return path.join(project.root, `Pulumi.${stack}.yaml`);
}

/**
 * Config of a stack: the stack file over the defaults of Pulumi.yaml. `sealerFor` opens `secure:`
 * values and is not called when there are none. Throws one error that lists all missing keys.
 */
export async function loadStackConfig(
  project: Project,
  stack: string,
  sealerFor: (saltText: string) => Promise<SecretSealer>,
): Promise<StackConfig> {
  const file = stackFile(project, stack);
  const whenMissing = `there is no stack named ${JSON.stringify(stack)}`;
  const content = readMap(await readText(file, whenMissing), file);
  const written = asMap(content.config ?? {});
  if (written === undefined) throw new Error(`${file}: \`config\` is not a map of keys and values`);
  const saltText = typeof content.encryptionsalt === "string" ? content.encryptionsalt : undefined;
  const entries = Object.entries(written).map(
    ([key, value]) => [fullKey(project.name, key), value] as const,
  );
  const config: StackConfig = { values: {}, secretKeys: [], saltText };
  const given = new Set(entries.map(([key]) => key));
  for (const { key, value, secret } of project.declared) {
    if (!given.has(key) && value !== undefined) config.values[key] = asText(value);
    if (secret) config.secretKeys.push(key);
  }
  const needsKey = entries.some(([, value]) => holdsSecret(value));
  if (needsKey && saltText === undefined) {
    throw new Error(`${file}: \`encryptionsalt\` is missing, so secure values cannot be read`);
  }
  const sealer = needsKey && saltText !== undefined ? await sealerFor(saltText) : undefined;
  for (const [key, value] of entries) {
    if (holdsSecret(value)) config.secretKeys.push(key);
    config.values[key] = asText(sealer === undefined ? value : openAll(value, sealer));
  }
  const missing = project.declared.filter(({ key, required }) => required && !given.has(key));
  if (missing.length > 0) {
    const keys = missing.map(({ key }) => `  ${key}`).join("\n");
    throw new Error(`stack ${JSON.stringify(stack)} is missing configuration values:\n${keys}`);
  }
  return config;
}

/** Packages whose default provider is forbidden by `pulumi:disable-default-providers`. */
export function disabledDefaultProviders(config: StackConfig): ReadonlySet<string> {
  const listed = config.values["pulumi:disable-default-providers"];
  if (listed === undefined) return new Set();
  const names: unknown = JSON.parse(listed);
  return new Set(Array.isArray(names) ? names.map(String) : []);
}

function fullKey(project: string, key: string): string {
  if (!key.includes(":")) return `${project}:${key}`;
  return key.replace(/^([^:]+):config:/, "$1:");
}

function isSecure(value: unknown): value is { secure: string } {
  const map = asMap(value);
  return map !== undefined && typeof map.secure === "string" && Object.keys(map).length === 1;
}

function holdsSecret(value: unknown): boolean {
  if (isSecure(value)) return true;
  if (Array.isArray(value)) return value.some(holdsSecret);
  return Object.values(asMap(value) ?? {}).some(holdsSecret);
}

function openAll(value: unknown, sealer: SecretSealer): unknown {
  if (isSecure(value)) return sealer.open(value.secure);
  if (Array.isArray(value)) return value.map((item) => openAll(item, sealer));
  const map = asMap(value);
  if (map === undefined) return value;
  return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, openAll(item, sealer)]));
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function asMap(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** A YAML file's entries; none where it is empty. Throws with the file's name. */
function readMap(content: string, file: string): Record<string, unknown> {
  let read: unknown;
  try {
    read = parse(content) ?? {};
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
  const map = asMap(read);
  if (map === undefined) throw new Error(`${file}: not a map of keys and values`);
  return map;
}

async function readText(file: string, whenMissing: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error(`${whenMissing}: ${file} does not exist`);
  }
}
