import { existsSync } from "node:fs";
import { machineCgroups, processesIn } from "../../../lab/cgroups.ts";
import { filterTableName } from "../../../lab/cuts.ts";
import { mountsUnder } from "../../../lab/mounts.ts";
import { bridgeName, linkName, namespaceName } from "../../../lab/network.ts";
import { labDir } from "../../../lab/paths.ts";
import { run } from "../../../lab/process.ts";

/** Everything on this computer that a lab with these machines has put there and that is still there. */
export async function tracesOf(lab: string, machines: readonly string[]): Promise<string[]> {
  const links = [bridgeName(lab), ...machines.map((machine) => linkName(lab, machine))];
  const groups = machines.flatMap((machine) => machineCgroups(lab, machine));
  const namespaces = machines.map((machine) => `/run/netns/${namespaceName(lab, machine)}`);
  const nspawn = ["propagate", "unix-export"].flatMap((kind) =>
    machines.map((machine) => `/run/systemd/nspawn/${kind}/${namespaceName(lab, machine)}`),
  );
  // The folder itself and what is in it: another lab's name may begin with this one's.
  const inside = `${labDir(lab)}/`;
  const images = await run("losetup", ["--list", "--noheadings", "--output", "BACK-FILE"]);
  const tables = await run("nft", ["list", "tables"], { mayFail: true });
  const processes = await run("ps", ["-eo", "pid,args"]);
  const mentions = processes.stdout.split("\n").filter((line) => line.includes(inside));
  return [
    ...links.filter((link) => existsSync(`/sys/class/net/${link}`)),
    ...[...groups, ...namespaces, ...nspawn, labDir(lab)].filter((path) => existsSync(path)),
    ...processesIn(groups).map((pid) => `process ${pid}`),
    ...mentions.map((line) => `process ${line.trim().slice(0, 100)}`),
    ...mountsUnder(labDir(lab)),
    ...images.stdout.split("\n").filter((line) => line.startsWith(inside)),
    ...tables.stdout.split("\n").filter((line) => line.endsWith(` ${filterTableName(lab)}`)),
  ];
}
