import type { Ec2Role } from "../design/ec2/names.ts";

/** A machine as its auto-scaling group sees it. */
export interface FleetMachine {
  /** Instance id, also the node's name. */
  id: string;
  /** Launch template and version that it was started from, e.g. "lt-0a1 version 7"; undefined: none. */
  version: string | undefined;
  /** Of auto scaling, e.g. "InService", "Pending", "Terminating:Wait". */
  lifecycle: string;
}

/** An auto-scaling group of the plan, as it stands. */
export interface FleetGroup {
  name: string;
  role: Ec2Role;
  zone: string;
  /** What its next machine will be started from. */
  version: string;
  desired: number;
  machines: FleetMachine[];
  /** Processes that somebody suspended, e.g. "Launch". */
  suspended: string[];
}

/** One thing that is not as it should be. */
export interface Finding {
  /** Whose: a machine, a member, a group. */
  about: string;
  what: string;
  /** The group that it belongs to, where that is known. */
  group?: string;
}

export interface Health {
  findings: Finding[];
  /** Name of the group whose etcd member leads. */
  leader?: string;
}

/** What a roll sees of a cluster, and the two things that it does to it. */
export interface RollWorld {
  groups(): Promise<FleetGroup[]>;
  health(groups: readonly FleetGroup[]): Promise<Health>;
  /** Moves a node's pods away. @throws Error with the reason when budgets do not allow it. */
  drain(machine: string, groups: readonly FleetGroup[]): Promise<void>;
  /** Gives a machine back; its group starts the next one. */
  terminate(machine: string): Promise<void>;
  /** What the machine of a group last said of itself; undefined when nobody knows. */
  lastWords(group: FleetGroup): Promise<string | undefined>;
}

const inService = "InService";

/** What auto scaling itself tells: machines that are missing, come or go. */
export function fleetFindings(groups: readonly FleetGroup[]): Finding[] {
  return groups.flatMap(({ name, desired, machines, suspended }) => {
    const serving = machines.filter(({ lifecycle }) => lifecycle === inService).length;
    const finding = (about: string, what: string): Finding => ({ about, what, group: name });
    const hindered = suspended.filter((process) => /^(Launch|Terminate)$/.test(process));
    return [
      ...machines
        .filter(({ lifecycle }) => lifecycle !== inService)
        .map(({ id, lifecycle }) => finding(id, `is ${lifecycle}`)),
      ...(serving < desired
        ? [finding(name, `has ${serving} of ${desired} machines in service`)]
        : []),
      ...hindered.map((process) => finding(name, `its process ${process} is suspended`)),
    ];
  });
}

/** A machine that was started from something else than its group would start from now. */
export interface OutdatedMachine {
  machine: FleetMachine;
  group: FleetGroup;
}

/** What is to be replaced, in order: etcd, control planes, workers; etcd's leader after the others. */
export function outdated(
  groups: readonly FleetGroup[],
  roles: readonly Ec2Role[],
  leader: string | undefined,
): OutdatedMachine[] {
  const last = ({ name }: FleetGroup): number => (name === leader ? 1 : 0);
  return roles.flatMap((role) =>
    groups
      .filter((group) => group.role === role)
      .toSorted((a, b) => last(a) - last(b) || (a.name < b.name ? -1 : 1))
      .flatMap((group) =>
        group.machines
          .filter(({ version }) => version !== group.version)
          .map((machine) => ({ machine, group })),
      ),
  );
}
