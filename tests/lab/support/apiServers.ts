import { withRole } from "../../../lab/faults/members.ts";
import { type KubernetesObject, ObjectClient } from "../../../lab/faults/objects.ts";
import type { Lab } from "../../../lab/machines.ts";

/** One API server, asked by itself and not behind the address that all share. */
export interface ApiServer {
  /** Of its machine. */
  name: string;
  /** What it says to an object that is not kept: "accepted", or why not. */
  answer(object: KubernetesObject): Promise<string>;
}

export function apiServers(lab: Lab, objects: ObjectClient): ApiServer[] {
  return withRole(lab, "control-plane").map(({ name, host }) => {
    const server = new ObjectClient(objects.api, `https://${host.address}:6443`);
    return {
      name,
      answer: (object) =>
        server.apply(object, { dryRun: true }).then(
          () => "accepted",
          (error: Error) => error.message,
        ),
    };
  });
}
