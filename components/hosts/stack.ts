import type { HostsConfig } from "../../config/schema.ts";
import { planCilium } from "../../design/cilium.ts";
import { planWorkloadRules } from "../../design/guard/workloadRules.ts";
import { planHosts } from "../../design/hosts.ts";
import { planLocalVolumes } from "../../design/storage/localVolumes.ts";
import { planHostsCeph } from "../../design/storage/rookCeph/rookCeph.ts";
import { readTemplates } from "../../templates/read.ts";
import { HostsCluster } from "./cluster.ts";
import { readPrivateKey } from "./privateKey.ts";

/**
 * Registers everything of a stack of platform "hosts".
 * @throws pulumi.RunError when the SSH key cannot be read; a preview does without it.
 */
export async function hostsStack(config: HostsConfig): Promise<HostsCluster> {
  const templates = readTemplates();
  const plan = planHosts(config, templates);
  const cluster = new HostsCluster(config.name, {
    plan,
    templates,
    ssh: config.ssh,
    privateKey: readPrivateKey(config.ssh.privateKeyFile),
  });
  if (config.podNetwork === "cilium") {
    const { Cilium } = await import("./cilium.ts");
    const { kubeconfig } = cluster;
    new Cilium(`${config.name}-cilium`, {
      plan: planCilium(plan.kubernetes, config.charts),
      kubeconfig,
    });
  }
  const rules = planWorkloadRules(config);
  if (rules !== undefined) {
    const { Provider } = await import("@pulumi/kubernetes/provider.js");
    const { workloadRules } = await import("../guard/workloadRules.ts");
    const { name, deletionProtection: protect } = config;
    const { kubeconfig } = cluster;
    const provider = new Provider(`${name}-rules`, { kubeconfig });
    workloadRules({ name, plan: rules, protect, cluster, provider });
  }
  const localVolumes = planLocalVolumes(config);
  if (localVolumes !== undefined) {
    const { LocalVolumes } = await import("../storage/local/localVolumes.ts");
    const { kubeconfig } = cluster;
    new LocalVolumes(`${config.name}-local-volumes`, { plan: localVolumes, kubeconfig });
  }
  const [ceph] = config.storage;
  if (ceph !== undefined) {
    const { Provider } = await import("@pulumi/kubernetes/provider.js");
    const { RookCeph } = await import("../storage/rookCeph/rookCeph.ts");
    const { kubeconfig } = cluster;
    const provider = new Provider(`${config.name}-storage`, { kubeconfig });
    const plan = planHostsCeph(ceph, config);
    new RookCeph(`${config.name}-rook-ceph`, { plan, after: [cluster] }, { provider });
  }
  return cluster;
}
