import type { V1Node } from "@kubernetes/client-node";
import { zoneKey } from "../../design/workloads/labels.ts";
import { enumerate } from "../../proof/claim.ts";
import { requestsIn, spreadIn, taintsIn, tolerationsIn } from "../../proof/facts/podFields.ts";
import type { Workload as ProofWorkload } from "../../proof/model.ts";
import { type Misfit, type Placement, Placer, type Slot } from "../../proof/placement.ts";
import { quantityIn } from "../../proof/read.ts";
import type { Finding, Loss } from "../finding.ts";
import { isReady, type Workload } from "../workload.ts";
import type { Patient, Verdicts } from "./rule.ts";
import { effectiveSpec } from "./spread.ts";
import { isOnMachine, volumeZones } from "./volumes.ts";

/** Whether the pods of each zone and of each node find a place on the others. The proof's placement. */
export function capacity(patient: Patient): Verdicts {
  const floor = new Floor(patient);
  const zones = patient.places.zones.length > 1 ? patient.places.zones : [];
  const ofZones = zones.map((zone) => ({ zone, misfits: floor.without("zone", zone) }));
  const ofNodes = floor.nodeNames.map((node) => ({ node, misfits: floor.without("node", node) }));
  const fullNodes = ofNodes.filter(({ misfits }) => misfits.some(isRoom));
  return {
    findings: [
      ...ofZones
        .filter(({ misfits }) => misfits.some(isRoom))
        .map(({ zone, misfits }) => full(`zone ${zone}`, "zone", misfits, floor)),
      ...(fullNodes.length === 0
        ? []
        : [
            full(
              `${fullNodes.length === 1 ? "node" : "each of the nodes"} ${enumerate(fullNodes.map(({ node }) => node))}`,
              "node",
              fullNodes.flatMap(({ misfits }) => misfits),
              floor,
            ),
          ]),
      ...particular([
        ...ofZones.map((one) => ({ ...one, loss: "zone" as const })),
        ...ofNodes.map(({ misfits }) => ({ misfits, loss: "node" as const })),
      ]),
    ],
  };
}

/** What keeps a pod out is the sum of the others, not a rule of its own. */
function isRoom(misfit: Misfit): boolean {
  return reasonOf(misfit) === "room";
}

type Reason = Misfit["kind"] | "tied";

function reasonOf({ kind, workload }: Misfit): Reason {
  if (kind !== "spread" || !workload.spreadHonorsTaints) return kind;
  return workload.volumes === "zonal" ? "tied" : "room";
}

function full(what: string, loss: Loss, misfits: readonly Misfit[], floor: Floor): Finding {
  const names = [...new Set(misfits.filter(isRoom).map(({ workload }) => workload.name))];
  return {
    rule: "capacity",
    subject: what.replace(/^./, (letter) => letter.toUpperCase()),
    losses: [loss],
    certainty: floor.grows ? "luck" : "now",
    because:
      `without it the others have no room for all pods of ${enumerate(names)}` +
      (floor.grows ? ", unless the autoscaler finds machines in time" : ""),
    fix: "add machines, or lower requests or replicas",
  };
}

/** Rules of a workload's own that leave its pods no place: one finding for each. */
function particular(
  scenarios: readonly { misfits: readonly Misfit[]; loss: "zone" | "node" }[],
): Finding[] {
  const findings = new Map<string, Finding>();
  for (const { misfits, loss } of scenarios) {
    for (const misfit of misfits) {
      if (isRoom(misfit)) continue;
      const subject = misfit.workload.name;
      const reason = reasonOf(misfit);
      const key = `${subject} ${reason}`;
      const losses = [...new Set([...(findings.get(key)?.losses ?? []), loss])];
      findings.set(key, {
        rule: "capacity",
        subject,
        losses,
        certainty: "now",
        ...reasons[reason],
      });
    }
  }
  return [...findings.values()];
}

const reasons: Record<Reason, { because: string; fix: string }> = {
  spread: {
    because: "lost replicas stay Pending: the lost zone still counts for its spread",
    fix: "set nodeTaintsPolicy: Honor in its topologySpreadConstraint",
  },
  selector: {
    because: "no machine is left on which it may run",
    fix: "give the machines that it selects a place in every zone",
  },
  zone: {
    because: "no machine is left in the zone that its volume cannot leave",
    fix: "run two machines in each zone, or store it on a class that replicates over zones",
  },
  tied: {
    because: "its volume keeps it in a zone into which its spread lets no more of it",
    fix: "spread its volumes over zones: new claims for those that stand together",
  },
  room: { because: "there is no room", fix: "add machines" },
};

/** Machines with what stands on them now. */
class Floor {
  readonly nodeNames: string[];
  /** Something adds machines when pods find no place. */
  readonly grows: boolean;
  readonly #placer: Placer;
  readonly #atRest: Placement;
  readonly #zoneNames: string[];

  constructor(patient: Patient) {
    const { cluster, places, serving, workloads } = patient;
    const usable = cluster.nodes.filter(({ spec }) => spec?.unschedulable !== true);
    this.nodeNames = usable.map(({ metadata }) => metadata?.name ?? "");
    this.#zoneNames = this.nodeNames.map((node) => places.zone(node));
    this.grows = workloads.some(
      ({ name, pods }) =>
        /(^|-)(cluster-autoscaler|karpenter)($|-)/.test(name) && pods.some(isReady),
    );
    const numbers = [...new Set(this.#zoneNames)];
    const others = spentByOthers(patient);
    const slots = usable.map((node, index): Slot => {
      const spent = others.get(this.nodeNames[index] ?? "") ?? nothing;
      return slotOf(node, numbers.indexOf(this.#zoneNames[index] ?? ""), spent);
    });
    this.#placer = new Placer(
      slots,
      serving.map((workload) => proofWorkload(workload, patient)),
    );
    this.#atRest = this.#placer.empty();
    serving.forEach((workload, index) => {
      for (const { spec } of workload.pods) {
        const slot = this.nodeNames.indexOf(spec?.nodeName ?? "");
        if (slot >= 0) this.#placer.put(this.#atRest, index, slot);
      }
    });
  }

  /** What finds no place when a zone or a node is lost. */
  without(kind: "zone" | "node", name: string): Misfit[] {
    const names = kind === "zone" ? this.#zoneNames : this.nodeNames;
    const lost = names.flatMap((one, slot) => (one === name ? [slot] : []));
    const dead = new Set(lost);
    const { left, evicted } = this.#placer.without(this.#atRest, lost);
    const situation = this.#placer.situation((slot) => !dead.has(slot));
    const misfits: Misfit[] = [];
    for (const index of this.#placer.order) {
      const zones = evicted.get(index);
      const workload = this.#placer.workloads[index];
      if (zones === undefined || workload === undefined || workload.volumes === "machine") continue;
      const tied = workload.volumes === "zonal";
      // Pods whose volumes stay in a lost zone wait for it; rule "volumes" judges that.
      if (tied && kind === "zone") continue;
      const wanted = zones.map((zone) => (tied ? zone : undefined));
      const misfit = this.#placer.add(left, index, wanted, situation);
      if (misfit !== undefined) misfits.push(misfit);
    }
    return misfits;
  }
}

interface Spent {
  cpuMilli: number;
  memoryMiB: number;
  pods: number;
}

const nothing: Spent = { cpuMilli: 0, memoryMiB: 0, pods: 0 };

/** What daemons, static pods, jobs and pods without a controller take of each node. */
function spentByOthers({ cluster, serving }: Patient): Map<string, Spent> {
  const moving = new Set(serving.flatMap(({ pods }) => pods));
  const spent = new Map<string, Spent>();
  for (const pod of cluster.pods) {
    const node = pod.spec?.nodeName;
    if (node === undefined || moving.has(pod)) continue;
    const { cpuMilli = 0, memoryMiB = 0 } = requestsIn(pod.spec);
    const before = spent.get(node) ?? nothing;
    spent.set(node, {
      cpuMilli: before.cpuMilli + cpuMilli,
      memoryMiB: before.memoryMiB + memoryMiB,
      pods: before.pods + 1,
    });
  }
  return spent;
}

function slotOf({ metadata, spec, status }: V1Node, zone: number, spent: Spent): Slot {
  const { cpu, memory, pods } = status?.allocatable ?? {};
  return {
    zone,
    cpuMilli: (quantityIn(cpu) ?? 0) * 1000 - spent.cpuMilli,
    memoryMiB: (quantityIn(memory) ?? 0) / 2 ** 20 - spent.memoryMiB,
    pods: (quantityIn(pods) ?? 0) - spent.pods,
    labels: metadata?.labels ?? {},
    taints: taintsIn(spec?.taints),
  };
}

function proofWorkload(workload: Workload, { cluster, places }: Patient): ProofWorkload {
  const { spec, labels, pods } = workload;
  const spread = spreadIn(effectiveSpec(spec, labels));
  // Anti-affinity leaves a replica Pending while its zone is lost: it was asked to. The others serve.
  const isAsked = !(spec.topologySpreadConstraints ?? []).some(
    ({ topologyKey }) => topologyKey === zoneKey,
  );
  const onMachine = pods.some((pod) => isOnMachine(pod, cluster));
  const zonal = pods.some((pod) => volumeZones(pod, cluster, places).length > 0);
  return {
    kind: workload.kind === "StatefulSet" ? "StatefulSet" : "Deployment",
    name: workload.subject,
    namespace: workload.namespace,
    isDns: false,
    replicas: workload.replicas,
    ...requestsIn(spec),
    requestsSaidIn: "resources.requests of each container",
    ...spread,
    spreadHonorsTaints: spread.spreadHonorsTaints || isAsked,
    labels,
    nodeSelector: spec.nodeSelector ?? {},
    toleratedTaints: tolerationsIn(spec.tolerations),
    volumes: onMachine ? "machine" : zonal ? "zonal" : "none",
    outageAccepted: workload.waived,
  };
}
