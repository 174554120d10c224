import { Command } from "@pulumi/command/local/command.js";
import { Provider as CommandProvider } from "@pulumi/command/provider.js";
import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterAccessPlan } from "../../design/ec2/clusterAccess.ts";
import { type Templates, text } from "../../design/render/template.ts";
import { ClientCertificate } from "../hosts/clientCertificate.ts";
import { adminKubeconfig } from "../kubeconfig.ts";

export interface ClusterAccessArgs {
  cluster: string;
  plan: ClusterAccessPlan;
  templates: Templates;
  /** PEM of the Kubernetes CA, secret. */
  authority: { certificate: pulumi.Input<string>; key: pulumi.Input<string> };
  /** All machines and what they stand on. */
  after: pulumi.Resource;
}

/**
 * The way to the API for what the stack puts on the cluster: a client certificate of its own, and a wait
 * until the API answers, which is minutes after the machines were asked for. Nothing of it is an output.
 */
export class ClusterAccess extends pulumi.ComponentResource {
  readonly provider: KubernetesProvider;

  constructor(name: string, args: ClusterAccessArgs, opts?: pulumi.ComponentResourceOptions) {
    const { cluster, plan, authority } = args;
    super("quorum:ec2:ClusterAccess", name, { server: plan.server }, opts);
    const child = { parent: this };
    const operator = new ClientCertificate(
      `${name}-operator`,
      {
        commonName: "quorum:operator",
        organization: "kubeadm:cluster-admins",
        lifetimeDays: plan.certificateDays,
        renewalDays: plan.renewalDays,
        authority,
      },
      child,
    );
    const answers = new Command(
      `${name}-api-answers`,
      {
        create: text(args.templates, "ec2/awaitApi.sh"),
        interpreter: ["/bin/sh", "-c"],
        environment: {
          API_SERVER: plan.server,
          API_NAME: plan.serverName,
          CA_CERTIFICATE: pulumi.unsecret(pulumi.output(authority.certificate)),
          WAIT_SECONDS: `${plan.waitSeconds}`,
        },
      },
      {
        ...child,
        provider: new CommandProvider(`${name}-command`, {}, child),
        dependsOn: args.after,
      },
    );
    const kubeconfig = pulumi
      .all([authority.certificate, operator.certificate, operator.key])
      .apply(([ca, certificate, key]) => adminKubeconfig(cluster, plan, { ca, certificate, key }));
    this.provider = new KubernetesProvider(
      `${name}-kubernetes`,
      { kubeconfig: pulumi.secret(kubeconfig) },
      { ...child, dependsOn: answers },
    );
    this.registerOutputs({});
  }
}
