import { setTimeout as pause } from "node:timers/promises";
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { SSMClient } from "@aws-sdk/client-ssm";
import { type Ec2Role, ec2Roles } from "../design/ec2/names.ts";
import { planEc2 } from "../design/ec2/plan.ts";
import { awsWorld } from "../rolling/awsWorld.ts";
import { roll as rollCluster } from "../rolling/roll.ts";
import { readTemplates } from "../templates/read.ts";
import { ec2ConfigOf } from "./stackConfig.ts";

export interface RollCommand {
  stack: string;
  role?: "etcd" | "control-plane" | "workers";
  dryRun?: true;
  /** Minutes. */
  timeout: number;
  cwd: string;
}

/** Seconds that a node's pods have to find another place; longer than most budgets need. */
const drainSeconds = 600;
const pollSeconds = 10;

/** `quorum roll`: brings the machines to their launch templates' versions, one at a time. */
export async function roll(options: RollCommand): Promise<void> {
  const config = ec2ConfigOf(options.stack, options.cwd, "roll");
  const templates = readTemplates();
  const plan = planEc2(config, templates);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("stopped; the same command carries on")));
  const { region } = config;
  const started = Date.now();
  const { replaced } = await rollCluster({
    world: awsWorld({
      clients: {
        autoScaling: new AutoScalingClient({ region }),
        balancers: new ElasticLoadBalancingV2Client({ region }),
        ssm: new SSMClient({ region }),
      },
      plan,
      templates,
      drainSeconds,
      signal: stop.signal,
    }),
    roles: rolesOf(options.role),
    dryRun: options.dryRun === true,
    clock: {
      now: () => Date.now() / 1000,
      sleep: (seconds) => pause(seconds * 1000, undefined, { signal: stop.signal }),
    },
    machineSeconds: options.timeout * 60,
    pollSeconds,
    say: (line) =>
      console.log(`${String(Math.round((Date.now() - started) / 1000)).padStart(5)} s  ${line}`),
  });
  const count = `${replaced.length} ${replaced.length === 1 ? "machine" : "machines"}`;
  console.log(options.dryRun ? `${count} to replace; nothing was touched.` : `${count} replaced.`);
}

function rolesOf(role: RollCommand["role"]): readonly Ec2Role[] {
  if (role === undefined) return ec2Roles;
  return [role === "workers" ? "worker" : role];
}
