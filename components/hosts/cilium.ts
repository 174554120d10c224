import { Release } from "@pulumi/kubernetes/helm/v3/release.js";
import { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import type { CiliumPlan } from "../../design/cilium.ts";
import { chartArgs } from "../charts/chart.ts";

export interface CiliumArgs {
  plan: CiliumPlan;
  /** Of an administrator. */
  kubeconfig: pulumi.Input<string>;
}

/** Cilium by its chart. Nodes are NotReady until it runs. */
export class Cilium extends pulumi.ComponentResource {
  constructor(
    name: string,
    { plan, kubeconfig }: CiliumArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("quorum:hosts:Cilium", name, { version: plan.source.version }, opts);
    const provider = new Provider(
      name,
      // A cluster that is gone must not keep its chart from being forgotten.
      { kubeconfig, deleteUnreachable: true },
      { parent: this },
    );
    new Release(
      name,
      {
        name: "cilium",
        namespace: "kube-system",
        ...chartArgs(plan.source),
        values: plan.values,
        timeout: 900,
      },
      { parent: this, provider },
    );
    this.registerOutputs({});
  }
}
