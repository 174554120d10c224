import type { Check, Claim, Outcome } from "../claim.ts";
import { enumerate, proven, refuted, unknownBecause } from "../claim.ts";
import type { ApiFrontend, ManagedControlPlane, Part } from "../model.ts";
import type { Survivors } from "../survivors.ts";
import { promise } from "./etcdQuorum.ts";

function managedPath(managed: ManagedControlPlane, survivors: Survivors): Outcome {
  if (managed.endpointZones.length === 0) {
    return unknownBecause(
      "the plan does not say in which zones the endpoint of the API stands",
      "give the cluster subnets whose availabilityZone is in the plan",
    );
  }
  if (managed.endpointZones.every((zone) => survivors.isLost(zone))) {
    const names = managed.endpointZones.map((zone) => survivors.name(zone));
    return refuted(
      [`the endpoint in ${enumerate(names)}`],
      "no way to the API from the other zones",
      "give the cluster a subnet in every zone",
    );
  }
  return promise(managed, survivors);
}

function balancerFix({ instances }: ApiFrontend, survivors: Survivors): string {
  if (instances.length < 2) return "use two load balancers in two zones";
  return survivors.failures > 1
    ? "add a third load balancer in a third zone"
    : "put the load balancers into different zones and machines";
}

/** Why no client reaches an API server through this front end; undefined when one does. */
function blocked(frontend: ApiFrontend, survivors: Survivors): Outcome | undefined {
  if (!survivors.alive(frontend)) {
    return refuted(
      [frontend.name],
      "no address of the API answers",
      "a virtual address lives in one layer-2 segment: put a second address in another segment before it",
    );
  }
  if (survivors.aliveOf(frontend.instances).length === 0) {
    return refuted(
      frontend.instances.map(({ name }) => name),
      "no load balancer left for the API",
      balancerFix(frontend, survivors),
    );
  }
  if (survivors.aliveOf(frontend.targets).length === 0) {
    return refuted(
      frontend.targets.map(({ name }) => name),
      "no API server left behind the load balancer",
      survivors.failures > 1 && frontend.targets.length > 1
        ? "use five control planes in five zones"
        : "use three control planes in three zones",
    );
  }
  return frontend.crossZone ? undefined : blockedByZone(frontend, survivors);
}

/** Without cross-zone balancing, each load balancer needs an API server in its own zone. */
function blockedByZone(frontend: ApiFrontend, survivors: Survivors): Outcome | undefined {
  const zonesOf = (parts: readonly Part[]): Set<number> =>
    new Set(survivors.aliveOf(parts).flatMap((part) => survivors.zoneOf(part) ?? []));
  const balanced = zonesOf(frontend.instances);
  const served = zonesOf(frontend.targets);
  const idle = [...balanced].filter((zone) => !served.has(zone));
  if (idle.length === 0) return undefined;
  return refuted(
    survivors.lostOf(frontend.targets).map(({ name }) => name),
    `the load balancer in ${enumerate(idle.map((zone) => survivors.name(zone)))} has no API server to go to`,
    "let the load balancer reach the API servers of every zone (crossZone)",
  );
}

export const apiPath: Claim = {
  id: "api-path",
  title: "every surviving zone reaches an API server",
  prepare(model): Check | { notApplicable: string } {
    const { managed, frontends, apiServers } = model;
    if (managed) return (survivors) => managedPath(managed, survivors);
    if (apiServers.length === 0) {
      return () =>
        unknownBecause(
          "the plan names no API servers",
          "give the stack control planes (hosts with the role control-plane)",
        );
    }
    if (frontends.length === 0) {
      return () =>
        unknownBecause(
          "the plan names no address that clients use for the API",
          "put a load balancer with an address for the API into the plan",
        );
    }
    return (survivors) => {
      let first: Outcome | undefined;
      for (const frontend of frontends) {
        const reason = blocked(frontend, survivors);
        if (!reason) return proven;
        first ??= reason;
      }
      return first ?? proven;
    };
  },
};
