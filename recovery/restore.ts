import { type Templates, text } from "../design/render/template.ts";
import type { RemoteMachine, RunOptions } from "./remoteMachine.ts";
import type { Snapshot } from "./snapshotSource.ts";

/** The machines that a restore works on. */
export interface RestoreTargets {
  clusterName: string;
  members: readonly RemoteMachine[];
  controlPlanes: readonly RemoteMachine[];
  /** Nodes that are no control planes. */
  workers: readonly RemoteMachine[];
  /** Port of kube-apiserver. */
  apiServerPort: number;
}

export interface RestoreOptions {
  targets: RestoreTargets;
  templates: Templates;
  snapshot: Snapshot;
  /** Now; part of the new cluster token. */
  now: Date;
  /** Asked before the first change, with what will happen; false leaves everything as it is. */
  confirm(lines: string[]): Promise<boolean>;
  /** Told what is being done. */
  say(line: string): void;
}

export interface RestoreResult {
  restored: boolean;
  /** Revision of the snapshot, and of etcd after the restore. */
  revisions?: { snapshot: string; now: string };
  /** "READY of ALL" nodes. */
  nodes?: string;
}

/**
 * Puts a whole cluster back to a snapshot. Interrupted at any point, the same call carries on:
 * every member remembers the token under which it was restored.
 * @throws Error "<machine>: <reason>" when a machine cannot do its part.
 */
export async function restore(options: RestoreOptions): Promise<RestoreResult> {
  const { targets, templates, snapshot, say } = options;
  const { members, controlPlanes, workers } = targets;
  const [first] = members;
  const [front] = controlPlanes;
  if (!first || !front) throw new Error("a restore needs etcd members and control planes");
  const on = (machines: readonly RemoteMachine[], script: string, run: RunOptions = {}) =>
    everywhere(machines, (machine) => machine.run(text(templates, `restore/${script}.sh`), run));

  const { token, resumed } = tokenOf(await on(members, "look"), options);
  const job = { env: { TOKEN: token, SHA256: snapshot.sha256, BUMP: bumpOf(token) } };

  say(`sending the snapshot to ${names(members)}`);
  await everywhere(members, (member) => snapshot.deliver(member, templates));
  const [revision = "?"] = await on([first], "inspectSnapshot");

  const question = describe(options, revision, resumed);
  if (!(await options.confirm(question))) return { restored: false };

  say(`stopping the API on ${names(controlPlanes)}`);
  await on(controlPlanes, "stopControlPlane");
  say(`stopping etcd on ${names(members)}`);
  await on(members, "stopMember");
  say(`restoring ${names(members)} as cluster ${token}`);
  await on(members, "restoreMember", job);
  say("starting etcd, and removing locks and leaderships of before");
  await on(members, "startMember");
  const [now = "?"] = await on([first], "settleCluster");
  say(`starting the API on ${names(controlPlanes)}`);
  await everywhere(controlPlanes, (machine) =>
    machine.run(text(templates, "restore/startControlPlane.sh"), {
      env: { ADDRESS: machine.address, PORT: targets.apiServerPort },
    }),
  );
  await on(workers, "restartKubelet");
  say("reading Secrets, waiting for nodes");
  const [nodes = "?"] = await on([front], "verify");
  await on(members, "finishMember", job);
  return { restored: true, revisions: { snapshot: revision, now }, nodes };
}

/** An unfinished restore of the same snapshot goes on under its token; anything else is a new one. */
function tokenOf(
  notes: readonly string[],
  { targets, snapshot, now }: RestoreOptions,
): { token: string; resumed: boolean } {
  for (const note of notes) {
    const [token, sha256, phase] = note.split(" ");
    if (token && sha256 === snapshot.sha256 && phase !== "done") return { token, resumed: true };
  }
  const seconds = Math.floor(now.getTime() / 1000);
  return { token: `${targets.clusterName}-restored-${seconds}`, resumed: false };
}

/**
 * How far revisions jump. A constant would let a second restore of an old snapshot end below what
 * clients have seen since the first; etcd does not write two thousand times a second for long.
 */
function bumpOf(token: string): number {
  return Number(token.slice(token.lastIndexOf("-") + 1)) * 2000;
}

function describe(
  { targets, snapshot }: RestoreOptions,
  revision: string,
  resumed: boolean,
): string[] {
  return [
    `Cluster ${targets.clusterName} goes back to ${snapshot.origin} (revision ${revision}).`,
    "Everything that was written since then is lost. The API is away for some minutes; pods keep running.",
    `The members' present data stay beside the restored as member.before-restore.`,
    ...(resumed ? ["This carries on a restore of the same snapshot that was interrupted."] : []),
  ];
}

function names(machines: readonly RemoteMachine[]): string {
  return machines.map(({ name }) => name).join(", ");
}

/** Waits for every machine, also when one fails, and then tells of all that failed. */
async function everywhere<T>(
  machines: readonly RemoteMachine[],
  act: (machine: RemoteMachine) => Promise<T>,
): Promise<T[]> {
  const results = await Promise.allSettled(machines.map(act));
  const reasons = results.flatMap((result) =>
    result.status === "rejected" ? [(result.reason as Error).message] : [],
  );
  if (reasons.length > 0) throw new Error(reasons.join("\n"));
  return results.map((result) => (result as PromiseFulfilledResult<T>).value);
}
