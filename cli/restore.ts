import type { HostRole, HostsConfig } from "../config/schema.ts";
import { ports } from "../design/ports.ts";
import { connectAll, type RemoteMachine } from "../recovery/remoteMachine.ts";
import type { RestoreTargets } from "../recovery/restore.ts";
import { chosenSnapshot, keptSnapshots } from "../recovery/snapshotSource.ts";
import { readTemplates } from "../templates/read.ts";
import { type RestoreCommand, runRestore } from "./restoreCommand.ts";
import { stackConfigOf } from "./stackConfig.ts";

/** `quorum restore`: puts a self-managed cluster back to a snapshot of etcd. */
export async function restore(options: RestoreCommand): Promise<void> {
  const config = stackConfigOf(options.stack, options.cwd);
  if (config.platform === "eks")
    throw new Error(`stack ${options.stack} is for platform "eks", whose etcd is managed`);
  if (config.platform === "workers")
    throw new Error(`stack ${options.stack} has workers only: restore ${config.attachTo.stack}`);
  if (config.platform === "hosts") return restoreHosts(options, config);
  const { restoreEc2 } = await import("./restoreEc2.ts");
  return restoreEc2(options, config);
}

async function restoreHosts(options: RestoreCommand, config: HostsConfig): Promise<void> {
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
  await runRestore(options, targets, snapshot, templates);
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

function closeAll(machines: ReadonlyMap<string, RemoteMachine>): void {
  for (const machine of machines.values()) machine.close();
}
