import { readFileSync } from "node:fs";
import type { Lab } from "../machines.ts";
import { sleep, waitUntil } from "../process.ts";
import { withRole } from "./members.ts";
import { processesNamed } from "./processes.ts";

const manifest = "/etc/kubernetes/manifests/kube-controller-manager.yaml";
const graceFlag = "--node-monitor-grace-period=";

/** Command lines of the controller managers that run, by machine. */
export function controllerManagerFlags(lab: Lab): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const machine of withRole(lab, "control-plane")) {
    const [process] = processesNamed(machine, "kube-controller-manager");
    if (process === undefined) continue;
    found.set(machine.name, readFileSync(`/proc/${process.pid}/cmdline`, "utf8").split("\0"));
  }
  return found;
}

/**
 * Saboteur: make every controller manager give up a silent node after another time. Returns what puts
 * the old manifests back. Each time all of them restart.
 */
export async function setNodeGrace(lab: Lab, seconds: number): Promise<() => Promise<void>> {
  const machines = withRole(lab, "control-plane");
  const originals = new Map<string, string>();
  for (const machine of machines)
    originals.set(machine.name, (await machine.exec(["cat", manifest])).stdout);
  const writeAll = async (change: (text: string) => string) => {
    for (const machine of machines) {
      const input = change(originals.get(machine.name) ?? "");
      // In one step, and from outside the folder: kubelet takes every file in it for a manifest.
      const script = `umask 077; cat >"$1.new" && mv "$1.new" "$2"`;
      const files = ["/etc/kubernetes/kube-controller-manager.yaml", manifest];
      await machine.exec(["sh", "-c", script, "sh", ...files], { input });
    }
  };
  const grace = new RegExp(`${graceFlag}\\S+`);
  await writeAll((text) => text.replace(grace, `${graceFlag}${seconds}s`));
  await waitUntil("all controller managers run with the other grace", 180, () =>
    allHave(lab, `${graceFlag}${seconds}s`),
  );
  // The lead of those that ended runs out, then one of the new ones counts from nothing.
  await sleep(30_000);
  return async () => {
    await writeAll((text) => text);
    const before = grace.exec([...originals.values()][0] ?? "")?.[0] ?? "";
    await waitUntil("all controller managers run as before", 180, () => allHave(lab, before));
  };
}

function allHave(lab: Lab, flag: string): boolean {
  const flags = [...controllerManagerFlags(lab).values()];
  return (
    flags.length === withRole(lab, "control-plane").length &&
    flags.every((one) => one.includes(flag))
  );
}
