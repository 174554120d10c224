import { clusterTimings } from "../clusterTimings.ts";
import type { KubernetesPlan } from "../kubernetesPlan.ts";
import type { MachineStep } from "../machine.ts";
import { libraryDir, script, stepScript, unit } from "./pki.ts";
import { fill, shellVariables, type Templates, text } from "./template.ts";

/** What cluster DNS asks of each node that runs it. */
export const dnsRequests = { cpuMilli: 100, memoryMiB: 70 } as const;

const manifestsDir = "/etc/quorum/manifests";

/**
 * Step "cluster-services" of a control plane: cluster DNS, the hosts' right to fetch the join token,
 * the token's rotation, the approval of serving certificates, the release of leaving nodes.
 */
export function clusterServicesStep(templates: Templates, plan: KubernetesPlan): MachineStep {
  return {
    name: "cluster-services",
    script: stepScript("cluster-services"),
    oneAtATime: false,
    files: [
      script(templates, "manifests/clusterServices.sh", stepScript("cluster-services")),
      script(
        templates,
        "manifests/clusterServicesUndo.sh",
        `${libraryDir}/steps/cluster-services-undo.sh`,
      ),
      {
        path: `${manifestsDir}/coredns.yaml`,
        mode: "0644",
        text: fill(templates, "manifests/coredns.yaml", {
          DNS_ADDRESS: plan.network.dnsAddress,
          REPLICAS: plan.nodeZones.length,
          IMAGE: `registry.k8s.io/coredns/coredns:v${plan.versions.coredns}`,
          CPU_MILLI: dnsRequests.cpuMilli,
          MEMORY_MIB: dnsRequests.memoryMiB,
        }),
      },
      {
        path: `${manifestsDir}/hostAccess.yaml`,
        mode: "0644",
        text: text(templates, "manifests/hostAccess.yaml"),
      },
      {
        path: "/etc/quorum/token.env",
        mode: "0644",
        text: shellVariables({
          TOKEN_LIFETIME_HOURS: clusterTimings.tokenLifetimeHours,
          TOKEN_ROTATION_MINUTES: clusterTimings.tokenRotationMinutes,
        }),
      },
      script(templates, "workers/rotateToken.sh", `${libraryDir}/rotateToken.sh`),
      unit(templates, "workers/quorum-token.service"),
      unit(templates, "workers/quorum-token.timer", {
        ROTATION_MINUTES: clusterTimings.tokenRotationMinutes,
      }),
      script(templates, "workers/approveServing.sh", `${libraryDir}/approveServing.sh`),
      unit(templates, "workers/quorum-approve-serving.service"),
      script(templates, "workers/releaseNodes.sh", `${libraryDir}/releaseNodes.sh`),
      unit(templates, "workers/quorum-release-nodes.service"),
    ],
  };
}
