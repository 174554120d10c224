import { enumerate } from "../claim.ts";
import { descendants, type Graph, type GraphNode } from "../graph.ts";
import { textIn, textsIn } from "../read.ts";
import type { Finding, Update } from "../transition.ts";

/** Facts of a machine of which a change makes it another machine. */
const identity = ["machine", "zone", "address", "host", "disks", "member"];

interface Carrier {
  node: GraphNode;
  name: string;
  groups: string[];
}

/** Components that carry a member of etcd or an API server. */
function carriers(graph: Graph): Carrier[] {
  const machines = graph.ofType("quorum:hosts:Machine").map((node) => ({
    node,
    name: textIn(node.inputs.machine) ?? node.name,
    groups: (textsIn(node.inputs.roles) ?? []).filter((role) =>
      ["etcd", "control-plane"].includes(role),
    ),
  }));
  const etcd = graph.ofType("quorum:ec2:EtcdMember").map((node) => ({
    node,
    name: textIn(node.inputs.member) ?? node.name,
    groups: ["etcd"],
  }));
  const servers = graph.ofType("quorum:ec2:ControlPlane").map((node) => ({
    node,
    name: textIn(node.inputs.name) ?? node.name,
    groups: ["control-plane"],
  }));
  return [...machines, ...etcd, ...servers].filter(({ groups }) => groups.length > 0);
}

/** Whether the update takes away what the member had: itself, its place, or its disk and address. */
function disturbed(carrier: Carrier, group: string, update: Update): boolean {
  const after = update.graph.nodes.get(carrier.node.urn);
  if (!after) return true;
  const roles = textsIn(after.inputs.roles);
  if (roles && !roles.includes(group)) return true;
  const moved = identity.some(
    (key) => JSON.stringify(after.inputs[key]) !== JSON.stringify(carrier.node.inputs[key]),
  );
  if (moved) return true;
  const below = new Set(descendants(update.before, carrier.node.urn).map(({ urn }) => urn));
  return update.graph.changes.some(
    ({ urn, operation, before }) =>
      below.has(urn) &&
      (operation === "replace" || operation === "delete") &&
      // A command runs again on the same machine; its order is the claim roll-order's business.
      before?.type.startsWith("command:") !== true,
  );
}

/** Two members of one quorum at once: the rest may be no majority. */
export function memberLoss(update: Update): Finding[] {
  const all = carriers(update.before);
  return ["etcd", "control-plane"].flatMap((group): Finding[] => {
    const members = all.filter(({ groups }) => groups.includes(group));
    const taken = members.filter((carrier) => disturbed(carrier, group, update));
    if (taken.length < 2) return [];
    const names = taken.map(({ name }) => name);
    const what = group === "etcd" ? "etcd members" : "control planes";
    return [
      {
        rule: "members",
        subject: group,
        sentence: `this update replaces or removes ${enumerate(names)}: ${taken.length} of ${members.length} ${what} at once`,
        fix: `change one of them, apply, wait until it is healthy, then the next`,
      },
    ];
  });
}
