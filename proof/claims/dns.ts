import type { Check, Claim } from "../claim.ts";
import { proven, unknownBecause } from "../claim.ts";
import { serving } from "./workloads.ts";

export const dns: Claim = {
  id: "dns",
  title: "cluster DNS keeps a server",
  prepare(model): Check | { notApplicable: string } {
    const servers = model.workloads.filter(({ isDns }) => isDns);
    if (servers.length === 0)
      return () =>
        unknownBecause(
          "the plan names no DNS servers",
          "put the cluster's DNS into the plan (add-on coredns, or a Deployment labelled k8s-app: kube-dns)",
        );
    return (survivors) => {
      for (const workload of servers) {
        const outcome = serving(workload, model, survivors);
        if (outcome.verdict !== "proven") return outcome;
      }
      return proven;
    };
  },
};
