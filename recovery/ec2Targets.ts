import type { SSMClient } from "@aws-sdk/client-ssm";
import type { Ec2Role } from "../design/ec2/names.ts";
import type { Ec2Plan } from "../design/ec2/plan.ts";
import type { RestoreTargets } from "./restore.ts";
import { overSsm, type SsmMachineArgs } from "./ssmMachine.ts";

/** A group of machines as it stands; `rolling/awsGroups.ts` has them. */
export interface StandingGroup {
  name: string;
  role: Ec2Role;
  machines: { id: string; lifecycle: string }[];
}

/**
 * The machines in service, by what they are.
 * @throws Error when a member of etcd has no machine: all must be there, because none may be left behind.
 */
export function ec2Targets(
  plan: Ec2Plan,
  groups: readonly StandingGroup[],
  client: SSMClient,
  how: Pick<SsmMachineArgs, "pollSeconds" | "signal"> = {},
): RestoreTargets {
  const machines = (role: Ec2Role, addressOf: (group: string) => string) =>
    groups
      .filter((group) => group.role === role)
      .flatMap((group) =>
        group.machines
          .filter(({ lifecycle }) => lifecycle === "InService")
          .map(({ id }) =>
            overSsm(client, {
              name: `${group.name}/${id}`,
              instanceId: id,
              address: addressOf(group.name),
              ...how,
            }),
          ),
      );
  const members = new Map(plan.etcd.members.map(({ group, address }) => [group.name, address]));
  const etcd = machines("etcd", (group) => members.get(group) ?? "");
  const missing = [...members].filter(([name]) =>
    etcd.every((machine) => !machine.name.startsWith(`${name}/`)),
  );
  if (missing.length > 0)
    throw new Error(
      `no machine is in service in ${missing.map(([name]) => name).join(", ")}: a restore needs all members' machines`,
    );
  return {
    clusterName: plan.name,
    members: etcd,
    // Their certificates have this address besides the one that changes with the machine.
    controlPlanes: machines("control-plane", () => "127.0.0.1"),
    workers: machines("worker", () => ""),
    apiServerPort: plan.kubernetes.apiPort,
  };
}
