import type { V1PersistentVolume, V1Pod } from "@kubernetes/client-node";
import { hostKey, zoneKey } from "../../design/workloads/labels.ts";
import { majority } from "../../proof/claims/etcdQuorum.ts";
import { scopeOfProvisioner } from "../../proof/facts/storageClasses.ts";
import type { Cluster } from "../cluster.ts";
import type { Finding } from "../finding.ts";
import type { Places, Workload } from "../workload.ts";
import type { Patient, Verdicts } from "./rule.ts";

/** Keys by which volumes say in which zone they are: the common one, and drivers' own. */
const zoneKeys = [
  zoneKey,
  "topology.ebs.csi.aws.com/zone",
  "failure-domain.beta.kubernetes.io/zone",
];

/** Claims of a pod, by name. */
function claimsOf({ metadata, spec }: V1Pod): string[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (ephemeral !== undefined) return [`${metadata?.name}-${name}`];
    return persistentVolumeClaim === undefined ? [] : [persistentVolumeClaim.claimName];
  });
}

class Volumes {
  readonly #volumeOf = new Map<string, V1PersistentVolume>();
  readonly #shareable = new Set<string>();

  constructor({ claims, volumes }: Cluster) {
    const byName = new Map(volumes.map((one) => [one.metadata?.name ?? "", one]));
    for (const { metadata, spec } of claims) {
      const key = `${metadata?.namespace}/${metadata?.name}`;
      const volume = byName.get(spec?.volumeName ?? "");
      if (volume !== undefined) this.#volumeOf.set(key, volume);
      const modes = spec?.accessModes ?? [];
      if (modes.includes("ReadWriteMany") || modes.includes("ReadOnlyMany"))
        this.#shareable.add(key);
    }
  }

  of(pod: V1Pod): V1PersistentVolume[] {
    return claimsOf(pod).flatMap(
      (claim) => this.#volumeOf.get(`${pod.metadata?.namespace}/${claim}`) ?? [],
    );
  }

  /** Claims that only one node can use at a time. */
  exclusive(pod: V1Pod): string[] {
    return claimsOf(pod).filter(
      (claim) => !this.#shareable.has(`${pod.metadata?.namespace}/${claim}`),
    );
  }
}

const indices = new WeakMap<Cluster, Volumes>();

function volumesIn(cluster: Cluster): Volumes {
  const known = indices.get(cluster) ?? new Volumes(cluster);
  indices.set(cluster, known);
  return known;
}

/** Values that a volume's node affinity asks of a label. */
function asked({ spec }: V1PersistentVolume, keys: readonly string[]): string[] {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return terms.flatMap(({ matchExpressions }) =>
    (matchExpressions ?? []).flatMap(({ key, operator, values }) =>
      keys.includes(key) && operator === "In" ? (values ?? []) : [],
    ),
  );
}

/** Zones out of which the volumes of a pod cannot go; empty when they can go anywhere. */
export function volumeZones(pod: V1Pod, cluster: Cluster, places?: Places): string[] {
  return volumesIn(cluster)
    .of(pod)
    .flatMap((volume) => {
      const nodes = asked(volume, [hostKey]);
      return [
        ...asked(volume, zoneKeys),
        ...(places === undefined ? [] : nodes.map((node) => places.zone(node))),
      ];
    });
}

/** Whether a volume is on one machine. */
export function isOnMachine(pod: V1Pod, cluster: Cluster): boolean {
  return volumesIn(cluster)
    .of(pod)
    .some(
      (volume) =>
        asked(volume, [hostKey]).length > 0 ||
        volume.spec?.local !== undefined ||
        volume.spec?.hostPath !== undefined,
    );
}

/** Data that cannot follow its pod, where most of it is in one place; and claims that tie replicas together. */
export function volumes(patient: Patient): Verdicts {
  const findings: Finding[] = [];
  const unknown: string[] = [];
  for (const workload of patient.serving) {
    if (workload.replicas < 2) continue;
    const shared = sharedClaim(workload, patient);
    const stuck = mostInOneZone(workload, patient);
    if (shared !== undefined) findings.push(shared);
    else if (stuck !== undefined) findings.push(stuck);
    const strange = strangeClass(workload, patient.cluster);
    if (strange !== undefined) unknown.push(strange);
  }
  return { findings, unknown: [...new Set(unknown)] };
}

function sharedClaim(workload: Workload, { cluster }: Patient): Finding | undefined {
  const seen = new Set<string>();
  for (const pod of workload.pods) {
    for (const claim of volumesIn(cluster).exclusive(pod)) {
      if (!seen.has(claim)) {
        seen.add(claim);
        continue;
      }
      return {
        rule: "shared-volume",
        subject: workload.subject,
        losses: ["zone", "node", "drain"],
        certainty: "now",
        because: `its replicas share claim ${claim}, which one node at a time can use`,
        fix: "use a StatefulSet with a claim for each replica, or a ReadWriteMany class",
      };
    }
  }
  return undefined;
}

/** The others must be a majority without the volumes of any one zone. Same rule as the proof's. */
function mostInOneZone(workload: Workload, { cluster, places }: Patient): Finding | undefined {
  if (places.zones.length < 2) return undefined;
  const counts = new Map<string, number>();
  for (const pod of workload.pods)
    for (const zone of new Set(volumeZones(pod, cluster, places)))
      counts.set(zone, (counts.get(zone) ?? 0) + 1);
  const [worst] = [...counts].toSorted((a, b) => b[1] - a[1]);
  if (worst === undefined) return undefined;
  const [zone, stuck] = worst;
  const { replicas } = workload;
  if (replicas - stuck >= majority(replicas)) return undefined;
  return {
    rule: "volumes",
    subject: workload.subject,
    losses: ["zone"],
    certainty: "now",
    because: `${stuck} of its ${replicas} volumes cannot leave zone ${zone}`,
    fix:
      replicas < 3
        ? "run three replicas in three zones, or store it on a class that replicates over zones"
        : "spread its volumes over zones: a hard spread, and new claims for those that stand together",
  };
}

/** A volume that says nothing of its place, of a class that nobody here knows. */
function strangeClass(workload: Workload, cluster: Cluster): string | undefined {
  const provisioners = new Map(
    cluster.storageClasses.map(({ metadata, provisioner }) => [metadata?.name ?? "", provisioner]),
  );
  for (const pod of workload.pods) {
    for (const volume of volumesIn(cluster).of(pod)) {
      if (volume.spec?.nodeAffinity !== undefined) continue;
      const name = volume.spec?.storageClassName ?? "";
      const provisioner = provisioners.get(name) ?? volume.spec?.csi?.driver;
      if (scopeOfProvisioner(provisioner) === "unknown")
        return `where volumes of class "${name}" (${provisioner ?? "no provisioner"}) can be used`;
    }
  }
  return undefined;
}
