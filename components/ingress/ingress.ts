import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import * as pulumi from "@pulumi/pulumi";
import type { IngressPlan } from "../../design/ingress/ingress.ts";
import type { Network } from "../aws/network.ts";
import { installChart } from "../charts/chart.ts";
import { goesWith } from "../layer/goesWith.ts";
import { IngressBalancer } from "./balancer.ts";

export interface IngressArgs {
  plan: IngressPlan;
  cluster: pulumi.Resource;
  network: Network;
  targetSecurityGroupId: pulumi.Input<string>;
  /** Nodes, and what gives the controller its role. */
  after: pulumi.Resource[];
}

/**
 * The way in for users: a balancer of the stack, a Service in front of the pods that a selector names,
 * and the controller that keeps the balancer's targets.
 */
export class Ingress extends pulumi.ComponentResource {
  constructor(name: string, args: IngressArgs, opts?: pulumi.ComponentResourceOptions) {
    const { plan, network } = args;
    const { internal, targetType, listeners } = plan.balancer;
    super("quorum:ingress:Ingress", name, { internal, targetType, listeners }, opts);
    const balancer = new IngressBalancer(
      name,
      { plan: plan.balancer, network, targetSecurityGroupId: args.targetSecurityGroupId },
      { parent: this },
    );
    const child = { parent: this, transformations: [goesWith(args.cluster)] };
    const vpcId = network.vpcId;
    const controller = installChart(
      `${name}-controller`,
      plan.controller,
      { ...child, dependsOn: args.after },
      { vpcId },
    );
    const namespace = new Namespace(`${name}-namespace`, plan.namespace, child);
    const service = new Service(`${name}-service`, plan.service, {
      ...child,
      dependsOn: namespace,
    });
    for (const [listener, binding] of Object.entries(plan.bindings))
      new CustomResource(
        `${name}-${listener}`,
        {
          ...binding,
          spec: {
            ...binding.spec,
            vpcID: vpcId,
            targetGroupARN: balancer.targetGroupArn(listener),
          },
        },
        { ...child, dependsOn: [controller, service] },
      );
    this.registerOutputs({});
  }
}
