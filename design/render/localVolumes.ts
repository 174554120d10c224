import type { LocalVolumesConfig } from "../../config/schema.ts";
import type { MachineStep } from "../machine.ts";
import { script, stepScript } from "./pki.ts";
import { shellVariables, type Templates } from "./template.ts";

/**
 * Step "local-volumes" of a worker: the directories of its volumes. Nothing takes them back: they
 * hold data.
 */
export function localVolumesStep(templates: Templates, volumes: LocalVolumesConfig): MachineStep {
  return {
    name: "local-volumes",
    script: stepScript("local-volumes"),
    oneAtATime: false,
    files: [
      script(templates, "volumes/localVolumes.sh", stepScript("local-volumes")),
      {
        path: "/etc/quorum/local-volumes.env",
        mode: "0644",
        text: shellVariables({ VOLUMES_DIR: volumes.directory, VOLUMES: volumes.perHost }),
      },
    ],
  };
}
