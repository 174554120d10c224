import type { Machine } from "../machine.ts";

/** An instance as far as Nodes are concerned. */
export interface RunningInstance {
  id: string;
  zone: string;
}

interface NodeList {
  items: {
    metadata: { name: string };
    spec: { taints?: { key: string }[] };
  }[];
}

const startTaint = "node.cloudprovider.kubernetes.io/uninitialized";
const kubectl = ["kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--request-timeout=10s"];

/**
 * One look of the stand-in for AWS's cloud controller manager, whose image the lab cannot build. Does
 * its two duties that a cluster cannot be without: completes Nodes (zone labels, start taint off) and
 * deletes those whose instance is gone. Leaves out addresses (kubelet's own --node-ip stands), instance
 * types, shut-down taints, leader election, and its access to AWS.
 */
export async function tendNodes(
  controlPlane: Machine,
  region: string,
  instances: readonly RunningInstance[],
): Promise<void> {
  const listed = await controlPlane.exec([...kubectl, "get", "nodes", "--output=json"], {
    mayFail: true,
  });
  if (listed.exitCode !== 0) return;
  for (const { metadata, spec } of (JSON.parse(listed.stdout) as NodeList).items) {
    const node = metadata.name;
    const instance = instances.find(({ id }) => id === node);
    const act = (...args: string[]) => controlPlane.exec([...kubectl, ...args], { mayFail: true });
    if (instance === undefined) {
      await act("delete", "node", node, "--wait=false");
    } else if (spec.taints?.some(({ key }) => key === startTaint)) {
      const labels = [
        `topology.kubernetes.io/zone=${instance.zone}`,
        `topology.kubernetes.io/region=${region}`,
      ];
      await act("label", "node", node, "--overwrite", ...labels);
      await act("taint", "node", node, `${startTaint}-`);
    }
  }
}
