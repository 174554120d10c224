import { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import { getParameterOutput } from "@pulumi/aws/ssm/getParameter.js";
import * as pulumi from "@pulumi/pulumi";
import type { WorkersConfig } from "../../config/schema.ts";
import { joinDifferences } from "../../design/joinFacts.ts";
import { planWorkers, type WorkersPlan } from "../../design/workers.ts";
import { readTemplates } from "../../templates/read.ts";
import type { JoinOutputs } from "../ec2/stack.ts";
import { Machine, type MachineArgs } from "../hosts/machine.ts";
import { readPrivateKey } from "../hosts/privateKey.ts";

/** What a stack of platform "workers" tells. */
export interface WorkersOutputs {
  platform: "workers";
  clusterName: string;
  /** Nodes by zone: what is lost with it. */
  failureDomains: Record<string, string[]>;
}

/**
 * Registers workers on hosts elsewhere, which join the cluster of another stack.
 * @throws pulumi.RunError when that stack is of another cluster than the one asked for.
 */
export function workersStack(config: WorkersConfig): WorkersOutputs {
  const templates = readTemplates();
  const plan = planWorkers(config, templates);
  const { certificateAuthority, tokenParameter } = clusterOf(config, plan);
  const { region, accountId } = config.attachTo;
  const provider = new AwsProvider(`${plan.clusterName}-aws`, {
    region: region as NonNullable<ConstructorParameters<typeof AwsProvider>[1]>["region"],
    allowedAccountIds: [accountId],
  });
  const token = getParameterOutput({ name: tokenParameter, withDecryption: true }, { provider });
  new Workers(`${plan.clusterName}-workers`, plan, {
    templates,
    ssh: config.ssh,
    privateKey: readPrivateKey(config.ssh.privateKeyFile),
    roots: { "kubernetes-ca.crt": certificateAuthority },
    joinToken: pulumi.secret(token.value),
  });
  return {
    platform: "workers",
    clusterName: plan.clusterName,
    failureDomains: Object.fromEntries(
      plan.zones.map((zone) => [
        zone,
        plan.machines.filter((one) => one.zone === zone).map(({ name }) => name),
      ]),
    ),
  };
}

/** What the other stack says; unknown in a preview that cannot ask it. */
function clusterOf({ attachTo }: WorkersConfig, { facts }: WorkersPlan) {
  const reference = new pulumi.StackReference(attachTo.stack);
  const join = reference.requireOutput("join").apply((said: JoinOutputs) => {
    const differences = joinDifferences(facts, said);
    if (differences.length === 0) return said;
    throw new pulumi.RunError(
      [`${attachTo.stack} is another cluster than this stack file says:`, ...differences].join(
        "\n  ",
      ),
    );
  });
  const authority = reference.requireOutput("certificateAuthority");
  return {
    tokenParameter: join.apply(({ tokenParameter }) => tokenParameter),
    certificateAuthority: pulumi.all([authority, join]).apply(([pem]): string => pem),
  };
}

/** Workers of a cluster that another stack runs. Survive the loss of the way there, and work on. */
class Workers extends pulumi.ComponentResource {
  constructor(name: string, plan: WorkersPlan, args: Omit<MachineArgs, "plan">) {
    super("quorum:workers:Workers", name, { cluster: plan.clusterName, zones: plan.zones });
    const machines = plan.machines.map(
      (machine) => new Machine(machine.name, { ...args, plan: machine }, { parent: this }),
    );
    // Every host is looked at before the first is changed.
    const preflights = machines.map(({ preflight }) => preflight);
    for (const machine of machines) machine.deliver(preflights, []);
    this.registerOutputs({});
  }
}
