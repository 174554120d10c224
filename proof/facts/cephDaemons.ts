/**
 * Pods that Rook's operator starts for Ceph's custom resources, which the plan does not contain: what the
 * objects say, by the operator's rules. Source: Rook, pkg/operator/ceph (cluster/mon, cluster/mgr, file/mds,
 * object, cluster/nodedaemon).
 */
import type { Graph } from "../graph.ts";
import { keepsTerms } from "../labelRule.ts";
import { type DomainId, type ModelBuilder, podMachines } from "../model.ts";
import { at, entriesIn, listIn, numberIn } from "../read.ts";
import {
  type CephKind,
  type CephObject,
  cephClusterChart,
  cephObjects,
  chartValue,
  monitorsIn,
} from "./cephObjects.ts";
import { addOsds } from "./cephOsds.ts";
import { addPods, logCollector, placeOf, resourcesOf, saidIn } from "./cephPods.ts";
import { releases } from "./charts.ts";
import { inZone, requestsOf } from "./podFields.ts";

/** Monitors by the zone that each is pinned to; undefined where they are not. */
function monitorsByZone(spec: unknown): Map<string | undefined, number> {
  const { count, zones } = monitorsIn(spec);
  const found = new Map<string | undefined, number>();
  for (let index = 0; index < count; index += 1) {
    const zone = zones.length === 0 ? undefined : zones[index % zones.length];
    found.set(zone, (found.get(zone) ?? 0) + 1);
  }
  return found;
}

function addMonitors(cluster: CephObject, builder: ModelBuilder): void {
  const { namespace, spec } = cluster;
  const place = placeOf(at(spec, "placement", "all"), at(spec, "placement", "mon"));
  const isApart = at(spec, "mon", "allowMultiplePerNode") !== true;
  const onVolumes =
    at(spec, "mon", "volumeClaimTemplate") !== undefined ||
    entriesIn(at(spec, "mon", "zones")).some((zone) => at(zone, "volumeClaimTemplate"));
  const keys = ["mon", ...logCollector(cluster)];
  for (const [zone, replicas] of monitorsByZone(spec)) {
    addPods(
      {
        name: zone === undefined ? "rook-ceph-mon" : `rook-ceph-mon in ${zone}`,
        app: "rook-ceph-mon",
        namespace,
        replicas,
        containers: keys.map((key) => resourcesOf(cluster, key)),
        requestsSaidIn: saidIn(cluster, keys),
        place: { ...inZone(place, zone), machineSpread: isApart ? "hard" : place.machineSpread },
        // Without a volume the store is on the machine, and the monitor waits for it.
        volumes: onVolumes ? "zonal" : "machine",
        isStorage: true,
      },
      builder,
    );
  }
}

/** Two or more keep apart: by zone where the monitors have zones, else by machine. */
function addManagers(cluster: CephObject, builder: ModelBuilder): void {
  const { name, namespace, spec } = cluster;
  const replicas = numberIn(at(spec, "mgr", "count"));
  if (replicas === undefined) {
    builder.capacityGap(
      `the plan does not say how many managers Ceph ${name} has`,
      `set spec.mgr.count of CephCluster ${name} (2 keep one when a zone is lost)`,
    );
    return;
  }
  const place = placeOf(at(spec, "placement", "all"), at(spec, "placement", "mgr"));
  const isApart = replicas > 1 && at(spec, "mgr", "allowMultiplePerNode") !== true;
  const byZone = entriesIn(at(spec, "mon", "zones")).length > 0;
  const keys = ["mgr", ...(replicas > 1 ? ["mgr-sidecar"] : []), ...logCollector(cluster)];
  addPods(
    {
      name: "rook-ceph-mgr",
      app: "rook-ceph-mgr",
      namespace,
      replicas,
      containers: keys.map((key) => resourcesOf(cluster, key)),
      requestsSaidIn: saidIn(cluster, keys),
      place: {
        ...place,
        ...(isApart && (byZone ? { zoneSpread: "hard", zoneSkew: 1 } : { machineSpread: "hard" })),
      },
      volumes: "none",
      isStorage: false,
    },
    builder,
  );
}

/** Daemons whose number, requests and place stand in a part of one object. */
interface Service {
  kind: CephKind;
  /** Part of the spec. */
  part: string;
  app: string;
  /** Key of the part that says how many, and pods for each. */
  count: string;
  podsPerCount: number;
}

const services: Service[] = [
  // "Always create double the number of metadata servers to have standby mdses available": file/mds.
  {
    kind: "CephFilesystem",
    part: "metadataServer",
    app: "rook-ceph-mds",
    count: "activeCount",
    podsPerCount: 2,
  },
  {
    kind: "CephObjectStore",
    part: "gateway",
    app: "rook-ceph-rgw",
    count: "instances",
    podsPerCount: 1,
  },
];

function addService(
  { kind, part, app, count, podsPerCount }: Service,
  object: CephObject,
  cluster: CephObject | undefined,
  builder: ModelBuilder,
): void {
  const own = at(object.spec, part);
  // Gateways of another cluster: none is started here.
  if ((listIn(at(own, "externalRgwEndpoints"))?.length ?? 0) > 0) return;
  const number = numberIn(at(own, count));
  if (number === undefined) {
    builder.capacityGap(
      `the plan does not say how many daemons ${kind} ${object.name} has`,
      `set spec.${part}.${count} of ${kind} ${object.name}`,
    );
    return;
  }
  const opsLog = at(own, "opsLogSidecar");
  const collectors = logCollector(cluster);
  const key = `spec.${part}.resources of ${kind} ${object.name}`;
  addPods(
    {
      name: `${app}-${object.name}`,
      app,
      namespace: object.namespace,
      replicas: number * podsPerCount,
      containers: [
        at(own, "resources"),
        ...(opsLog === undefined ? [] : [at(opsLog, "resources")]),
        ...collectors.map((one) => resourcesOf(cluster, one)),
      ],
      requestsSaidIn:
        cluster === undefined || collectors.length === 0
          ? key
          : `${key}, and ${saidIn(cluster, collectors)}`,
      place: placeOf(undefined, at(own, "placement")),
      volumes: "none",
      isStorage: false,
    },
    builder,
  );
}

/** On each machine with a daemon of Ceph, which may be any that a placement admits. */
function addToEachMachine(
  cluster: CephObject,
  placements: readonly unknown[],
  builder: ModelBuilder,
): void {
  const { name, namespace, spec } = cluster;
  const admitted = placements.map((placement) => placeOf(undefined, placement).nodeAffinity);
  const machines = new Set<DomainId>();
  for (const { machine, labels } of podMachines(builder.model))
    if (admitted.some((terms) => keepsTerms(terms, labels))) machines.add(machine);
  const isOn = {
    crashcollector: at(spec, "crashCollector", "disable") !== true,
    exporter: at(spec, "monitoring", "metricsDisabled") !== true,
  };
  for (const [key, on] of Object.entries(isOn)) {
    if (!on) continue;
    builder.model.daemons.push({
      name: `${namespace}/rook-ceph-${key} of ${name}`,
      machines,
      ...requestsOf([resourcesOf(cluster, key)]),
      requestsSaidIn: saidIn(cluster, [key]),
    });
  }
}

/** The chart has a cluster, a file system and an object store of its own where its values name none. */
function addChartGaps(graph: Graph, builder: ModelBuilder): void {
  for (const { name, inputs } of releases(graph, cephClusterChart)) {
    for (const kind of ["CephCluster", ...services.map((one) => one.kind)] as CephKind[]) {
      const key = chartValue[kind];
      if (at(inputs, "values", key) !== undefined) continue;
      builder.capacityGap(
        `the values of chart ${name} leave ${key} to the chart's default`,
        `set ${key} in the values of chart ${name}${kind === "CephCluster" ? "" : ", [] for none"}`,
      );
    }
  }
}

/** Add what Ceph's daemons ask for. */
export function cephDaemonFacts(graph: Graph, builder: ModelBuilder): void {
  // A cluster elsewhere, which this one only uses, has no daemons here.
  const clusters = cephObjects(graph, "CephCluster").filter(
    ({ spec }) => at(spec, "external", "enable") !== true,
  );
  const placements = new Map(
    clusters.map(({ namespace, spec }) => [namespace, [at(spec, "placement", "all")]]),
  );
  for (const service of services) {
    for (const object of cephObjects(graph, service.kind)) {
      const cluster = clusters.find(({ namespace }) => namespace === object.namespace);
      addService(service, object, cluster, builder);
      placements.get(object.namespace)?.push(at(object.spec, service.part, "placement"));
    }
  }
  for (const cluster of clusters) {
    addMonitors(cluster, builder);
    addManagers(cluster, builder);
    addOsds(cluster, builder);
    addToEachMachine(cluster, placements.get(cluster.namespace) ?? [], builder);
  }
  addChartGaps(graph, builder);
}
