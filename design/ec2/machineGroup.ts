import type { Architecture } from "../../config/aws.ts";
import type { MachinePlan } from "../machine.ts";
import type { Ec2Role } from "./names.ts";

/** What all machines of an auto-scaling group have in common. */
export interface MachineGroupPlan {
  /** Name of the group and of its launch template; machines must know it beforehand. */
  name: string;
  role: Ec2Role;
  /** Last part of the parameter in which the machine says how it is. */
  place: string;
  architecture: Architecture;
  instanceType: string;
  /** Root volume. */
  volumeGiB: number;
  files: MachinePlan;
  /** etcd only. */
  member?: { name: string; mountPoint: string };
}

/**
 * Time that a machine has to leave in order, before its group terminates it all the same: a control
 * plane's balancer and server take four minutes, a worker's pods three.
 */
export const terminationHeartbeatSeconds = 600;
