import type { KubernetesPlan } from "../kubernetesPlan.ts";
import type { MachineStep } from "../machine.ts";
import { libraryDir, script, stepScript, unit } from "./pki.ts";
import { fill, type Templates, text } from "./template.ts";

/** Path of the runc binary: the download and the lab both put it there. */
export const runcPath = "/usr/local/bin/runc";

/** Step "containerd": the container runtime, and images that were brought rather than pulled. */
export function containerdStep(templates: Templates, plan: KubernetesPlan): MachineStep {
  return {
    name: "containerd",
    script: stepScript("containerd"),
    oneAtATime: false,
    files: [
      script(templates, "containerd/containerd.sh", stepScript("containerd")),
      script(templates, "containerd/containerdUndo.sh", `${libraryDir}/steps/containerd-undo.sh`),
      unit(templates, "containerd/containerd.service"),
      { path: "/etc/crictl.yaml", mode: "0644", text: text(templates, "containerd/crictl.yaml") },
      {
        // Completed on the machine with what only the machine knows.
        path: "/etc/quorum/containerd.toml",
        mode: "0644",
        text: fill(templates, "containerd/config.toml", {
          PAUSE_IMAGE: `registry.k8s.io/pause:${plan.versions.pause}`,
          RUNC: runcPath,
        }),
      },
    ],
  };
}
