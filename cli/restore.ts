import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseConfig } from "../config/parse.ts";
import type { HostRole, HostsConfig } from "../config/schema.ts";
import { rawConfigOfStackFile } from "../config/stackFile.ts";
import { ports } from "../design/ports.ts";
import { connectAll, type RemoteMachine } from "../recovery/remoteMachine.ts";
import { type RestoreTargets, restore as restoreCluster } from "../recovery/restore.ts";
import { chosenSnapshot, keptSnapshots } from "../recovery/snapshotSource.ts";
import { readTemplates } from "../templates/read.ts";

export interface RestoreCommand {
  stack: string;
  from?: string;
  list?: true;
  yes?: true;
  cwd: string;
}

/** `quorum restore`: puts a self-managed cluster back to a snapshot of etcd. */
export async function restore(options: RestoreCommand): Promise<void> {
  const config = hostsConfig(options);
  const templates = readTemplates();
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("cancelled; the same command carries on")));
  const wanted = options.list ? withRole(config, "control-plane") : Object.keys(config.hosts);
  const addressed = wanted
    .filter((name) => !config.hosts[name]?.roles.every((role) => role === "load-balancer"))
    .map((name) => ({ name, address: config.hosts[name]?.address ?? "" }));
  const machines = await connectAll(addressed, config.ssh, options.cwd, stop.signal);
  stop.signal.addEventListener("abort", () => closeAll(machines));
  try {
    if (options.list) return await list(config, machines, templates);
    await run(options, config, machines, templates);
  } finally {
    closeAll(machines);
  }
}

async function run(
  options: RestoreCommand,
  config: HostsConfig,
  machines: ReadonlyMap<string, RemoteMachine>,
  templates: ReturnType<typeof readTemplates>,
): Promise<void> {
  const targets = targetsOf(config, machines);
  const from = options.from ?? "latest";
  const snapshot = await chosenSnapshot(from, targets.controlPlanes, templates);
  const started = Date.now();
  const say = (line: string): void =>
    console.log(`${String(Math.round((Date.now() - started) / 1000)).padStart(4)} s  ${line}`);
  try {
    const result = await restoreCluster({
      targets,
      templates,
      snapshot,
      now: new Date(),
      confirm: (lines) => confirmed(options, lines),
      say,
    });
    if (!result.restored) {
      console.log("Nothing was changed.");
      return;
    }
    const { snapshot: before, now } = result.revisions ?? {};
    say(`restored: revision ${before} is now ${now}; ${result.nodes} nodes are ready`);
  } finally {
    snapshot.discard();
  }
}

async function list(
  config: HostsConfig,
  machines: ReadonlyMap<string, RemoteMachine>,
  templates: ReturnType<typeof readTemplates>,
): Promise<void> {
  const { controlPlanes } = targetsOf(config, machines);
  for (const { machine, path } of await keptSnapshots(controlPlanes, templates)) {
    console.log(`${machine.name}:${path}`);
  }
}

function hostsConfig({ stack, cwd }: RestoreCommand): HostsConfig {
  const file = stack.endsWith(".yaml") ? stack : join(cwd, `Pulumi.${stack}.yaml`);
  const config = parseConfig(rawConfigOfStackFile(readFileSync(file, "utf8")));
  if (config.platform === "hosts") return config;
  throw new Error(`stack ${stack} is for platform "${config.platform}", whose etcd is managed`);
}

function withRole(config: HostsConfig, role: HostRole): string[] {
  return Object.keys(config.hosts)
    .filter((name) => config.hosts[name]?.roles.includes(role))
    .sort();
}

function targetsOf(
  config: HostsConfig,
  machines: ReadonlyMap<string, RemoteMachine>,
): RestoreTargets {
  const having = (role: HostRole): RemoteMachine[] =>
    withRole(config, role).flatMap((name) => machines.get(name) ?? []);
  const controlPlanes = having("control-plane");
  return {
    clusterName: config.name,
    members: having("etcd"),
    controlPlanes,
    workers: having("worker").filter((machine) => !controlPlanes.includes(machine)),
    apiServerPort: ports.apiServer,
  };
}

async function confirmed({ yes, stack }: RestoreCommand, lines: string[]): Promise<boolean> {
  console.log(lines.join("\n"));
  if (yes) return true;
  if (!process.stdin.isTTY) throw new Error("restore asks before it acts: give --yes");
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await prompt.question(`Type the stack's name (${stack}) to go on: `);
  prompt.close();
  return answer.trim() === stack;
}

function closeAll(machines: ReadonlyMap<string, RemoteMachine>): void {
  for (const machine of machines.values()) machine.close();
}
