/** Facts of the `hosts` platform: machines reached over SSH, etcd, API servers and the virtual address. */
import { descendants, type Graph, type GraphNode } from "../graph.ts";
import type { DomainId, ModelBuilder, Part } from "../model.ts";
import { at, labelsIn, listIn, numberIn, textIn, textsIn } from "../read.ts";
import { clusterFacts } from "./clusterFacts.ts";
import { taintsIn } from "./podFields.ts";

interface Machine {
  node: GraphNode;
  name: string;
  zone: DomainId | undefined;
  machine: DomainId;
  interface: DomainId;
  disk: DomainId;
  etcdDisk: DomainId;
  roles: string[];
}

/** Steps whose machines are members of a quorum, or all that an API path has. */
const membershipSteps = ["etcd", "control-plane", "load-balancer"];

function machineOf(node: GraphNode, builder: ModelBuilder): Machine {
  const { inputs } = node;
  const name = textIn(inputs.machine) ?? node.name;
  const zoneName = textIn(inputs.zone);
  const zone = zoneName === undefined ? undefined : builder.domain("zone", zoneName);
  const host = textIn(inputs.host);
  const within = zone === undefined ? [] : [zone];
  const below = host === undefined ? within : [builder.domain("host", host, within)];
  const machine = builder.domain("machine", name, below);
  const segment = textIn(inputs.segment);
  const segments = segment === undefined ? [] : [builder.domain("segment", segment)];
  const etcdDisk = textIn(at(inputs, "disks", "etcd"));
  return {
    node,
    name,
    zone,
    machine,
    interface: builder.domain("interface", `of ${name}`, [machine, ...segments]),
    disk: builder.domain("disk", `of ${name}`, [machine]),
    etcdDisk: builder.domain("disk", etcdDisk ?? `of ${name}`, [machine]),
    roles: textsIn(inputs.roles) ?? [],
  };
}

function standsOn(machine: Machine): DomainId[] {
  return [machine.machine, machine.interface, machine.disk];
}

function addEtcd(machines: readonly Machine[], builder: ModelBuilder): void {
  const members = machines.filter(({ roles }) => roles.includes("etcd"));
  if (members.length === 0) return;
  builder.model.quorums.push({
    kind: "etcd",
    name: "etcd",
    fixKey: "hosts.*.roles",
    members: members.map((member) => ({
      name: member.name,
      standsIn: [...standsOn(member), member.etcdDisk],
    })),
  });
}

function addWorkers(machines: readonly Machine[], builder: ModelBuilder): void {
  const workers = machines.filter(({ roles }) => roles.includes("worker"));
  for (const { node, name, zone, machine, ...rest } of workers) {
    const zoneName = textIn(node.inputs.zone) ?? "";
    if (zone === undefined) {
      builder.capacityGap(
        `the plan does not say in which zone ${name} stands`,
        `set hosts.${name}.zone`,
      );
      continue;
    }
    const cpus = numberIn(node.inputs.cpus);
    const memoryGiB = numberIn(node.inputs.memoryGiB);
    builder.model.nodes.push({
      name,
      standsIn: [machine, rest.interface, rest.disk],
      machine,
      zone,
      pool: "hosts",
      cpuMilli: cpus === undefined ? undefined : cpus * 1000,
      memoryMiB: memoryGiB === undefined ? undefined : memoryGiB * 1024,
      // The kubelet's own default: kubelet.config.k8s.io/v1beta1, maxPods.
      pods: numberIn(node.inputs.pods) ?? 110,
      labels: {
        "kubernetes.io/hostname": name,
        "topology.kubernetes.io/zone": zoneName,
        ...labelsIn(node.inputs.labels),
      },
      taints: taintsIn(node.inputs.taints),
    });
  }
}

function addApi(graph: Graph, machines: readonly Machine[], builder: ModelBuilder): void {
  const byName = new Map(machines.map((machine) => [machine.name, machine]));
  const controlPlanes = machines.filter(({ roles }) => roles.includes("control-plane"));
  const servers = new Map<string, Part>();
  for (const machine of controlPlanes) {
    servers.set(machine.name, { name: machine.name, standsIn: standsOn(machine) });
  }
  builder.model.apiServers.push(...servers.values());
  for (const { inputs, name } of graph.ofType("quorum:hosts:ApiLoadBalancer")) {
    const vip = textIn(inputs.vip) ?? name;
    const segment = textIn(inputs.segment);
    if (segment === undefined) {
      builder.gap(
        "api-path",
        `the plan does not say in which layer-2 segment ${vip} lives`,
        "give the load balancers of the API addresses in one network of the stack",
      );
    }
    const instances = (textsIn(inputs.members) ?? []).flatMap((member) => {
      const machine = byName.get(member);
      if (!machine) return [];
      const balancer = builder.domain("load-balancer", `on ${member}`, standsOn(machine));
      return [{ name: member, standsIn: [balancer] }];
    });
    const targets = (textsIn(inputs.backends) ?? []).flatMap((backend) => {
      const server = servers.get(backend);
      if (!server) return [];
      const target = builder.domain("target", `${backend} of ${vip}`, server.standsIn);
      return [{ name: backend, standsIn: [target] }];
    });
    builder.model.frontends.push({
      kind: "vip",
      name: vip,
      standsIn: segment === undefined ? [] : [builder.domain("segment", segment)],
      instances,
      targets,
      crossZone: true,
    });
  }
}

/** Steps of a machine that restart a member, and how the plan keeps them apart. */
function stepsOf(machine: Machine): Map<string, string> {
  const steps = new Map<string, string>();
  for (const step of listIn(machine.node.inputs.steps) ?? []) {
    const name = textIn(at(step, "name"));
    if (name !== undefined && membershipSteps.includes(name)) {
      steps.set(name, textIn(at(step, "oneAtATime")) ?? "no");
    }
  }
  return steps;
}

/** All that a resource waits for, directly or through others. */
function waitsFor(graph: Graph, start: readonly GraphNode[]): Set<string> {
  const seen = new Set<string>();
  const queue = start.flatMap((node) => node.dependencies);
  for (let urn = queue.pop(); urn !== undefined; urn = queue.pop()) {
    if (seen.has(urn)) continue;
    seen.add(urn);
    queue.push(...(graph.nodes.get(urn)?.dependencies ?? []));
  }
  return seen;
}

function addRollOrder(graph: Graph, machines: readonly Machine[], builder: ModelBuilder): void {
  const steps = machines.map((machine) => ({ machine, steps: stepsOf(machine) }));
  if (steps.every((one) => one.steps.size === 0)) {
    if (machines.length > 0) {
      builder.gap(
        "roll-order",
        "the plan does not say how steps on quorum members are kept apart",
        "let each machine of the plan list its steps, with oneAtATime",
      );
    }
    return;
  }
  builder.model.unorderedSteps ??= [];
  const work = new Map(machines.map((one) => [one, descendants(graph, one.node.urn)]));
  const before = new Map(machines.map((one) => [one, waitsFor(graph, work.get(one) ?? [])]));
  // All that the earlier machine does must be done, not only what looks at it.
  const follows = (earlier: Machine, later: Machine): boolean => {
    const commands = (work.get(earlier) ?? []).filter(({ type }) => type.startsWith("command:"));
    return commands.length > 0 && commands.every(({ urn }) => before.get(later)?.has(urn));
  };
  for (const step of membershipSteps) {
    const members = steps.filter((one) => one.steps.has(step) && one.steps.get(step) !== "lock");
    members.forEach((first, index) => {
      for (const second of members.slice(index + 1)) {
        const ordered =
          follows(first.machine, second.machine) || follows(second.machine, first.machine);
        if (ordered) continue;
        builder.model.unorderedSteps?.push({
          step,
          machines: [first.machine.name, second.machine.name],
        });
      }
    });
  }
}

/** Add what the components of the `hosts` platform say. */
export function hostsFacts(graph: Graph, builder: ModelBuilder): void {
  const machines = graph.ofType("quorum:hosts:Machine").map((node) => machineOf(node, builder));
  if (machines.length === 0) return;
  addEtcd(machines, builder);
  addWorkers(machines, builder);
  addApi(graph, machines, builder);
  for (const cluster of graph.ofType("quorum:hosts:Cluster")) {
    clusterFacts(cluster, builder);
  }
  addRollOrder(graph, machines, builder);
}
