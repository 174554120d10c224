import type { EtcdPlan } from "../etcdPlan.ts";
import type { KubernetesPlan, NodePlan } from "../kubernetesPlan.ts";
import type { MachineStep } from "../machine.ts";
import {
  apiServerDir,
  apiServerSans,
  initFile,
  joinFile,
  kubeadmDir,
  patchFiles,
} from "./kubeadm.ts";
import { kubernetesNodeLibrary } from "./node.ts";
import { libraryDir, script, stepScript, unit } from "./pki.ts";
import { shellVariables, type Templates, text } from "./template.ts";

/**
 * Step "control-plane": initialises the cluster or joins it under a lock in etcd; later brings
 * changed settings to this member while the others serve.
 */
export function controlPlaneStep(
  templates: Templates,
  plan: KubernetesPlan,
  etcd: EtcdPlan,
  node: NodePlan,
): MachineStep {
  const others = plan.controlPlanes.filter(({ name }) => name !== node.name);
  const copy = (path: string, template: string) => ({
    path,
    mode: "0644",
    text: text(templates, template),
  });
  return {
    name: "control-plane",
    script: stepScript("control-plane"),
    oneAtATime: true,
    files: [
      script(templates, "kubeadm/controlPlane.sh", stepScript("control-plane")),
      script(templates, "kubeadm/controlPlaneGate.sh", `${libraryDir}/steps/control-plane-gate.sh`),
      script(templates, "kubeadm/controlPlaneUndo.sh", `${libraryDir}/steps/control-plane-undo.sh`),
      script(
        templates,
        "kubeadm/bootstrapControlPlane.sh",
        `${libraryDir}/bootstrapControlPlane.sh`,
      ),
      script(templates, "kubeadm/renewCertificates.sh", `${libraryDir}/renew.d/kubeadm.sh`),
      ...kubernetesNodeLibrary(templates),
      unit(templates, "kubeadm/kubelet.service"),
      {
        path: `${kubeadmDir}/control-plane.env`,
        mode: "0644",
        text: shellVariables({
          KUBERNETES_VERSION: plan.versions.kubernetes,
          API_SANS: apiServerSans(plan).join(" "),
          OTHER_CONTROL_PLANES: others.map(({ address }) => address).join(" "),
        }),
      },
      initFile(plan, etcd, node),
      joinFile(plan, node),
      ...patchFiles(plan, node),
      copy(`${apiServerDir}/audit-policy.yaml`, "kubeadm/auditPolicy.yaml"),
      copy(`${apiServerDir}/authentication.yaml`, "kubeadm/authentication.yaml"),
      copy(`${kubeadmDir}/encryption.yaml`, "kubeadm/encryption.yaml"),
    ],
  };
}
