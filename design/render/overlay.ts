import type { MachineFile, MachineStep } from "../machine.ts";
import type { PodNetworkPlan } from "../podNetwork.ts";
import { libraryDir } from "./pki.ts";
import { podNetworkStep } from "./podNetwork.ts";
import { shellVariables, type Templates, text } from "./template.ts";

/** Nodes to which packets must be smaller, because a VPN lies between. */
export interface FarNodes {
  ranges: readonly string[];
  /** Largest packet of a pod on the way to them. */
  mtuBytes: number;
}

/** Step "pod-network" of nodes in different networks: an overlay instead of plain routes. */
export function overlayStep(
  templates: Templates,
  plan: PodNetworkPlan,
  far: FarNodes | undefined,
): MachineStep {
  const step = podNetworkStep(templates, plan);
  const route: MachineFile = {
    path: `${libraryDir}/podRoute.sh`,
    mode: "0644",
    text: text(templates, "ec2/podRoute.sh"),
  };
  return {
    ...step,
    files: [...step.files, route, ...(far === undefined ? [] : farFiles(templates, far))],
  };
}

function farFiles(templates: Templates, { ranges, mtuBytes }: FarNodes): MachineFile[] {
  return [
    {
      path: "/etc/quorum/far-nodes.env",
      mode: "0644",
      text: shellVariables({ FAR_RANGES: ranges.join(" "), FAR_MTU: mtuBytes }),
    },
    {
      path: `${libraryDir}/farNodes.sh`,
      mode: "0644",
      text: text(templates, "ec2/farNodes.sh"),
    },
  ];
}
