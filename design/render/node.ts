import type { KubernetesPlan } from "../kubernetesPlan.ts";
import type { MachineFile, MachineStep } from "../machine.ts";
import { ports } from "../ports.ts";
import { libraryDir, script, stepScript } from "./pki.ts";
import { fill, shellVariables, type Templates, text } from "./template.ts";

export interface NodeSubject {
  name: string;
  address: string;
  /** Runs pods, so routes for them. */
  isKubernetesNode: boolean;
}

/** Step "node": first on every machine; says what the machine is, and leads the API's name. */
export function nodeStep(
  templates: Templates,
  plan: KubernetesPlan,
  subject: NodeSubject,
): MachineStep {
  return {
    name: "node",
    script: stepScript("node"),
    oneAtATime: false,
    files: [
      script(templates, "node/node.sh", stepScript("node")),
      script(templates, "node/apiName.sh", "/usr/local/bin/quorum-api-name"),
      {
        path: "/etc/quorum/machine.env",
        mode: "0644",
        text: shellVariables({
          NODE_NAME: subject.name,
          ADDRESS: subject.address,
          API_NAME: plan.apiName,
          API_VIP: plan.apiVip,
          API_PORT: plan.apiPort,
          API_SERVER_PORT: ports.apiServer,
        }),
      },
      ...(subject.isKubernetesNode
        ? [...kernelFiles(templates), hostKubeconfig(templates, plan)]
        : []),
    ],
  };
}

function hostKubeconfig(templates: Templates, plan: KubernetesPlan): MachineFile {
  return {
    path: "/etc/quorum/host.kubeconfig",
    mode: "0644",
    text: fill(templates, "node/host.kubeconfig", {
      API_NAME: plan.apiName,
      API_PORT: plan.apiPort,
    }),
  };
}

function kernelFiles(templates: Templates): MachineFile[] {
  const file = (path: string, template: string): MachineFile => ({
    path,
    mode: "0644",
    text: text(templates, template),
  });
  return [
    file("/etc/sysctl.d/90-quorum.conf", "node/sysctl.conf"),
    file("/etc/modules-load.d/quorum.conf", "node/modules.conf"),
  ];
}

/** What the steps "control-plane" and "worker" share. */
export function kubernetesNodeLibrary(templates: Templates): MachineFile[] {
  return ["kubernetesNode", "resetKubeadm"].map((name) =>
    script(templates, `kubeadm/${name}.sh`, `${libraryDir}/${name}.sh`),
  );
}
