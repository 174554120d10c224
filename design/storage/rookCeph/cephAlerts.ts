import { rookNamespace } from "./namespace.ts";

interface Alert {
  alert: string;
  expr: string;
  for: string;
  severity: "warning" | "critical";
  summary: string;
}

/** What a person must know of, worst first. Metrics: Ceph manager, module "prometheus". */
const alerts: Alert[] = [
  {
    alert: "CephMonDownQuorumAtRisk",
    expr: "sum(ceph_mon_quorum_status) <= floor(count(ceph_mon_quorum_status) / 2) + 1",
    for: "30s",
    severity: "critical",
    summary: "One more monitor lost stops all storage.",
  },
  {
    alert: "CephPGsInactive",
    expr: "sum(ceph_pg_total) - sum(ceph_pg_active) > 0",
    for: "5m",
    severity: "critical",
    summary: "Some data cannot be read or written.",
  },
  {
    alert: "CephHealthError",
    expr: "ceph_health_status == 2",
    for: "5m",
    severity: "critical",
    summary: "Ceph says HEALTH_ERR.",
  },
  {
    alert: "CephOSDDown",
    expr: "ceph_osd_up == 0",
    for: "5m",
    severity: "warning",
    summary: "A disk is down: its copies are missing until it returns or they are made anew.",
  },
  {
    alert: "CephOSDNearFull",
    expr: "ceph_osd_stat_bytes_used / ceph_osd_stat_bytes > 0.75",
    for: "5m",
    severity: "warning",
    summary: "A disk is three quarters full: the loss of a zone may fill the others.",
  },
];

/** Alerts for the Prometheus Operator. */
export const cephAlerts = {
  apiVersion: "monitoring.coreos.com/v1" as const,
  kind: "PrometheusRule" as const,
  metadata: {
    name: "quorum-ceph",
    namespace: rookNamespace,
    labels: { prometheus: "rook-prometheus" },
  },
  spec: {
    groups: [
      {
        name: "ceph",
        rules: alerts.map(({ severity, summary, ...rule }) => ({
          ...rule,
          labels: { severity },
          annotations: { summary },
        })),
      },
    ],
  },
};

/** A dashboard that Grafana's sidecar finds by its label. */
export const cephDashboard = {
  apiVersion: "v1" as const,
  kind: "ConfigMap" as const,
  metadata: {
    name: "quorum-ceph-dashboard",
    namespace: rookNamespace,
    labels: { grafana_dashboard: "1" },
  },
  data: { "ceph.json": JSON.stringify(dashboard()) },
};

function dashboard() {
  const panels: [string, string, string][] = [
    ["Health (0 ok, 1 warning, 2 error)", "ceph_health_status", "short"],
    ["Monitors in quorum", "sum(ceph_mon_quorum_status)", "short"],
    ["Disks up", "sum(ceph_osd_up)", "short"],
    ["Used", "sum(ceph_osd_stat_bytes_used) / sum(ceph_osd_stat_bytes)", "percentunit"],
    ["Placement groups not active", "sum(ceph_pg_total) - sum(ceph_pg_active)", "short"],
    ["Objects degraded", "sum(ceph_num_objects_degraded)", "short"],
  ];
  return {
    title: "Ceph",
    uid: "quorum-ceph",
    schemaVersion: 39,
    time: { from: "now-6h", to: "now" },
    panels: panels.map(([title, expr, unit], index) => ({
      id: index + 1,
      type: "timeseries",
      title,
      gridPos: { x: (index % 2) * 12, y: Math.floor(index / 2) * 8, w: 12, h: 8 },
      fieldConfig: { defaults: { unit }, overrides: [] },
      targets: [{ expr, refId: "A" }],
    })),
  };
}
