import type { Machine } from "../machine.ts";
import type { Lab } from "../machines.ts";
import { raiseNoSpaceAlarm } from "../prober.ts";
import { cutPowerOf, fillDisk, stallFsync, wipeDisk } from "./diskFaults.ts";
import type { Fault, FaultCluster, FaultKind, Injected } from "./fault.ts";
import { cutOff, freezeMachine, freezeProgram, killProgram, powerOff, powerOn } from "./kinds.ts";
import {
  activeLoadBalancer,
  etcdAccess,
  etcdctl,
  etcdLeader,
  withRole,
  zonesOf,
} from "./members.ts";

const cuts: readonly FaultKind[] = [
  "cut both ways",
  "cut off from sending",
  "cut off from receiving",
];
const programKinds: readonly FaultKind[] = ["kill", "freeze", ...cuts];

/** TCP port of the Kubernetes API on control planes, and of etcd's clients. */
const apiPort = 6443;
const etcdClientPort = 2379;

type Inject = (cluster: FaultCluster) => Promise<Injected> | Injected;

const defaults = {
  during: "answers",
  proofSeconds: 15,
  holdSeconds: 20,
  recoverSeconds: 300,
} as const;

function fault(target: string, kind: FaultKind, inject: Inject, other: Partial<Fault> = {}): Fault {
  const name = `${target}-${kind}`.replaceAll(" ", "-");
  return { ...defaults, name, kind, inject: async (cluster) => inject(cluster), ...other };
}

/** One program of a machine, in every way: `cut` narrows a cut to what belongs to the program. */
function onProgram(
  target: string,
  kind: FaultKind,
  program: string,
  find: (lab: Lab) => Machine | Promise<Machine>,
  cut: { protocol?: string; port?: number } = {},
): Fault {
  return fault(target, kind, async (cluster) => {
    const machine = await find(cluster.lab);
    if (kind === "kill") return killProgram(machine, program);
    if (kind === "freeze") return freezeProgram(machine, program);
    return cutOff(cluster, [machine], kind, cut);
  });
}

/** Whole machines, in every way. */
function onMachines(
  target: string,
  kind: FaultKind,
  find: (lab: Lab) => Machine[] | Promise<Machine[]>,
): Fault {
  return fault(target, kind, async (cluster) => {
    const machines = await find(cluster.lab);
    if (kind === "kill") return powerOff(cluster, machines);
    if (kind === "freeze") return freezeMachine(machines);
    return cutOff(cluster, machines, kind);
  });
}

function etcdFaults(lab: Lab): Fault[] {
  return programKinds.flatMap((kind) => [
    onProgram("etcd-leader", kind, "etcd", etcdLeader),
    ...withRole(lab, "etcd").map(({ name }) =>
      onProgram(name, kind, "etcd", () => lab.machine(name)),
    ),
  ]);
}

function apiFaults(lab: Lab): Fault[] {
  const servers = withRole(lab, "control-plane");
  const each = programKinds.flatMap((kind) =>
    servers.map(({ name }) =>
      onProgram(`apiserver-${name}`, kind, "kube-apiserver", () => lab.machine(name), {
        protocol: "tcp",
        port: apiPort,
      }),
    ),
  );
  const fromOneMember = cuts.flatMap((kind) =>
    servers.flatMap((server) =>
      withRole(lab, "etcd").map((member) =>
        fault(`apiserver-${server.name}-from-${member.name}`, kind, (cluster) =>
          cutOff(cluster, [server], kind, {
            peers: [member.host.address],
            protocol: "tcp",
            port: etcdClientPort,
          }),
        ),
      ),
    ),
  );
  return [...each, ...fromOneMember];
}

function machineFaults(lab: Lab): Fault[] {
  return programKinds.flatMap((kind) => [
    ...withRole(lab, "control-plane").map(({ name }) =>
      onMachines(`machine-${name}`, kind, () => [lab.machine(name)]),
    ),
    ...zonesOf(lab).map((zone) => onMachines(`zone-${zone}`, kind, () => lab.inZone(zone))),
  ]);
}

function loadBalancerFaults(): Fault[] {
  const programs = ["haproxy", "keepalived"].flatMap((program) =>
    (["kill", "freeze"] as const).map((kind) =>
      onProgram(`active-${program}`, kind, program, activeLoadBalancer),
    ),
  );
  const machine = programKinds.map((kind) =>
    onMachines("active-load-balancer", kind, async (lab) => [await activeLoadBalancer(lab)]),
  );
  // Only the active one announces itself: what is received, the other receives.
  const vrrp = cuts.map((kind) =>
    fault("vrrp-link", kind, async (cluster) => {
      const active = await activeLoadBalancer(cluster.lab);
      const others = withRole(cluster.lab, "load-balancer").filter(
        ({ name }) => name !== active.name,
      );
      const targets = kind === "cut off from receiving" ? others : [active];
      return cutOff(cluster, targets, kind, { protocol: "vrrp" });
    }),
  );
  return [...programs, ...machine, ...vrrp];
}

function diskFaults(lab: Lab): Fault[] {
  const members = withRole(lab, "etcd").map(({ name }) => name);
  const onEach = (
    suffix: string,
    kind: FaultKind,
    inject: (cluster: FaultCluster, machine: Machine) => Promise<Injected>,
    other: Partial<Fault> = {},
  ) =>
    members.map((name) => ({
      ...fault(name, kind, (cluster) => inject(cluster, cluster.lab.machine(name)), other),
      name: `${name}-${suffix}`,
    }));
  return [
    ...onEach("disk-full", "disk", fillDisk, { proofSeconds: 90 }),
    ...onEach("fsync-stalled", "disk", (_, machine) => stallFsync(machine)),
    ...onEach("disk-wiped", "disk", wipeDisk, { proofSeconds: 90 }),
    ...onEach("power-cut", "power cut", (cluster, machine) => cutPowerOf(cluster, [machine])),
    {
      ...fault("etcd-leader", "disk", async ({ lab: at }) => stallFsync(await etcdLeader(at))),
      name: "etcd-leader-fsync-stalled",
    },
  ];
}

/** All members' power at once: nothing answers, and nothing that was acknowledged may be gone. */
export const powerCutOfAllMembers: Fault = {
  ...fault("etcd-all", "power cut", (cluster) =>
    cutPowerOf(cluster, withRole(cluster.lab, "etcd")),
  ),
  holdSeconds: 45,
};

const noSpaceAlarm: Fault = {
  ...fault("etcd", "alarm", async (cluster) => {
    const [machine] = withRole(cluster.lab, "etcd");
    if (machine === undefined) throw new Error("there is no etcd machine");
    await raiseNoSpaceAlarm(cluster.prober, etcdAccess(cluster.lab, machine));
    return {
      target: machine.name,
      proof: async () => {
        const { stdout } = await etcdctl(machine, ["alarm", "list"]);
        return stdout.includes("NOSPACE") ? "etcd lists the alarm NOSPACE" : undefined;
      },
      heal: () => undefined, // the maintenance timer on the machines lifts it
    };
  }),
  name: "etcd-nospace-alarm",
  during: "heals",
  holdSeconds: 6,
  answersWithinSeconds: 180,
};

/** Quorum is gone until one of the two comes back. */
export function twoMembersLost(holdSeconds: number): Fault {
  const lost = (cluster: FaultCluster) => withRole(cluster.lab, "etcd").slice(0, 2);
  return {
    ...fault("etcd-two-members", "kill", async (cluster) => {
      const off = await powerOff(cluster, lost(cluster));
      return { ...off, heal: () => powerOn(cluster, lost(cluster).slice(0, 1)) };
    }),
    name: "etcd-two-members-lost",
    during: "stops",
    holdSeconds,
    answersWithinSeconds: 60,
  };
}

/** Saboteur of the runner: a fault that does nothing has no proof, so its run must be void. */
export const faultThatDoesNothing: Fault = fault("nobody", "nothing", () => ({
  target: "nobody",
  proof: () => undefined,
  heal: () => undefined,
}));

/** Every fault that this lab's cluster must survive. */
export function catalogue(lab: Lab): Fault[] {
  return [
    ...etcdFaults(lab),
    ...apiFaults(lab),
    ...machineFaults(lab),
    ...loadBalancerFaults(),
    ...diskFaults(lab),
    powerCutOfAllMembers,
    noSpaceAlarm,
    twoMembersLost(600),
  ];
}

/** Names of the quick series: each kind of fault once, targets by seed. */
const quickPatterns: readonly RegExp[] = [
  /^etcd-leader-kill$/,
  /^etcd-leader-freeze$/,
  /^etcd-leader-cut-both-ways$/,
  /^etcd-\w+-cut-off-from-receiving$/,
  /^apiserver-[\w-]+-kill$/,
  /^apiserver-[\w-]+-freeze$/,
  /^apiserver-(?!.*-from-etcd)[\w-]+-cut-both-ways$/,
  /^apiserver-[\w-]+-from-etcd-\w+-cut-both-ways$/,
  /^machine-[\w-]+-kill$/,
  /^machine-[\w-]+-cut-off-from-sending$/,
  /^active-haproxy-kill$/,
  /^active-haproxy-freeze$/,
  /^active-load-balancer-kill$/,
  /^vrrp-link-cut-both-ways$/,
  /^zone-\w+-kill$/,
  /^etcd-\w-disk-full$/,
  /^etcd-\w-fsync-stalled$/,
  /^etcd-\w-disk-wiped$/,
  /^etcd-all-power-cut$/,
  /^etcd-nospace-alarm$/,
];

const quickTwoMembersSeconds = 20;

/** One fault of each kind, for a series of minutes. The same seed chooses the same targets. */
export function quickSelection(lab: Lab, seed: number): Fault[] {
  const all = catalogue(lab);
  const chosen = quickPatterns.map((pattern, index) => {
    const matching = all.filter(({ name }) => pattern.test(name));
    const found = matching[(seed * 7 + index) % matching.length];
    if (found === undefined) throw new Error(`no fault of the catalogue matches ${pattern}`);
    return found;
  });
  return [...chosen, twoMembersLost(quickTwoMembersSeconds)];
}
