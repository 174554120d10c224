import type { MachineStep } from "../machine.ts";
import type { PodNetworkPlan } from "../podNetwork.ts";
import { libraryDir, script, stepScript, unit } from "./pki.ts";
import { fill, type Templates, text } from "./template.ts";

/**
 * Step "pod-network" of the routed network: the plugin "ptp" (a pair of interfaces for each pod, so
 * that every packet passes the host's tables and no bridge filter is needed), and a route to each
 * other node's range.
 */
export function podNetworkStep(templates: Templates, plan: PodNetworkPlan): MachineStep {
  return {
    name: "pod-network",
    script: stepScript("pod-network"),
    oneAtATime: false,
    files: [
      script(templates, "podNetwork/podNetwork.sh", stepScript("pod-network")),
      script(templates, "podNetwork/podNetworkUndo.sh", `${libraryDir}/steps/pod-network-undo.sh`),
      script(templates, "podNetwork/routes.sh", `${libraryDir}/podRoutes.sh`),
      unit(templates, "podNetwork/quorum-pod-routes.service"),
      unit(templates, "podNetwork/quorum-pod-network.service"),
      {
        path: "/etc/quorum/pod-network.nft",
        mode: "0644",
        text: fill(templates, "podNetwork/podNetwork.nft", { POD_CIDR: plan.podCidr }),
      },
      {
        // Completed on the machine with the range that the cluster gives it.
        path: "/etc/quorum/pod-network.conflist",
        mode: "0644",
        text: text(templates, "podNetwork/podNetwork.conflist"),
      },
    ],
  };
}
