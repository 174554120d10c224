import type { KubernetesPlan, NodePlan } from "../kubernetesPlan.ts";
import type { MachineStep } from "../machine.ts";
import { joinFile, kubeadmDir, patchFiles } from "./kubeadm.ts";
import { kubernetesNodeLibrary } from "./node.ts";
import { libraryDir, script, stepScript, unit } from "./pki.ts";
import { shellVariables, type Templates } from "./template.ts";

/** Step "worker": joins with the token of the hour; later brings changed settings. */
export function workerStep(
  templates: Templates,
  plan: KubernetesPlan,
  node: NodePlan,
): MachineStep {
  return {
    name: "worker",
    script: stepScript("worker"),
    oneAtATime: false,
    files: [
      script(templates, "workers/worker.sh", stepScript("worker")),
      script(templates, "workers/workerGate.sh", `${libraryDir}/steps/worker-gate.sh`),
      script(templates, "workers/workerUndo.sh", `${libraryDir}/steps/worker-undo.sh`),
      script(templates, "workers/joinToken.sh", "/usr/local/bin/quorum-join-token"),
      ...kubernetesNodeLibrary(templates),
      unit(templates, "kubeadm/kubelet.service"),
      {
        path: `${kubeadmDir}/worker.env`,
        mode: "0644",
        text: shellVariables({ KUBERNETES_VERSION: plan.versions.kubernetes }),
      },
      joinFile(plan, node),
      ...patchFiles(plan, node),
    ],
  };
}
