import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../machines.ts";
import { ensureBridge, namespaceName, plugIn, withPrefix } from "../network.ts";
import { identify, run, waitUntil } from "../process.ts";
import { gatewayOf } from "../spec.ts";
import { makeCertificates } from "./certificates.ts";
import { CloudControl } from "./control.ts";
import { ensureCloudEnvironment } from "./environment.ts";
import type { CloudPlan } from "./plan.ts";

/** Name under which a lab records what belongs to its cloud. */
const machineName = "cloud";
const metadataAddress = "169.254.169.254/32";
const readySeconds = 60;

/** A running cloud. */
export interface StandIn {
  control: CloudControl;
  /** File of the authority that machines trust. */
  authority: string;
}

/**
 * Start the emulated AWS of a lab: one process in a network namespace of its own, which is also the
 * machines' gateway and name server. `down` of the lab takes it away. Errors: its last words.
 */
export async function startStandIn(lab: Lab, plan: CloudPlan): Promise<StandIn> {
  const python = await ensureCloudEnvironment();
  const dir = join(lab.dir, machineName);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await ensureBridge(lab.spec.name, lab.spec.subnet, lab.record);
  const address = gatewayOf(lab.spec);
  const certificates = await makeCertificates(dir, plan.region, address);
  const socket = join(dir, "control.sock");
  const config = join(dir, "config.json");
  const settings = {
    address,
    region: plan.region,
    account: plan.accountId,
    ...certificates,
    socket,
    names: { ...plan.names, [plan.apiName]: lab.spec.vip },
    balancer: { address: lab.spec.vip, port: plan.apiPort },
  };
  writeFileSync(config, JSON.stringify(settings), { mode: 0o600 });
  const namespace = await makeNamespace(lab, [
    withPrefix(address, lab.spec.subnet),
    `${lab.spec.vip}/32`,
    metadataAddress,
  ]);
  await startProcess(lab, namespace, [
    python,
    join(import.meta.dirname, "standIn/main.py"),
    config,
  ]);
  return { control: new CloudControl(socket), authority: certificates.authority };
}

async function makeNamespace(lab: Lab, addresses: readonly string[]): Promise<string> {
  await plugIn(lab.spec.name, machineName, lab.record);
  const namespace = namespaceName(lab.spec.name, machineName);
  const ip = (...args: string[]) => run("ip", ["-n", namespace, ...args]);
  await ip("link", "set", "lo", "up");
  for (const address of addresses) await ip("address", "add", address, "dev", "eth0");
  await ip("link", "set", "eth0", "up");
  return namespace;
}

async function startProcess(
  lab: Lab,
  namespace: string,
  command: readonly string[],
): Promise<void> {
  const log = join(lab.dir, machineName, "log");
  const output = openSync(log, "w", 0o600);
  // `ip netns exec` would also give it mounts of its own: copies that keep other labs' disks.
  const child = spawn("nsenter", [`--net=/run/netns/${namespace}`, ...command], {
    detached: true,
    stdio: ["ignore", output, output],
    cwd: "/",
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1" },
  });
  closeSync(output);
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined) throw new Error("the lab's cloud did not start");
  lab.record.add({ kind: "process", machine: machineName, identity });
  child.unref();
  const said = () => (existsSync(log) ? readFileSync(log, "utf8") : "");
  await waitUntil("the lab's cloud is ready", readySeconds, () => {
    if (said().includes("ready\n")) return true;
    if (child.exitCode !== null) throw new Error(`the lab's cloud ended:\n${said().slice(-2000)}`);
    return false;
  });
}
