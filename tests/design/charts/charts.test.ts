import assert from "node:assert/strict";
import { stringify } from "yaml";
import { clusterAutoscaler, eksVersions } from "../../../config/versions.ts";
import { planAutoscaler } from "../../../design/charts/clusterAutoscaler.ts";
import { planLoadBalancerController } from "../../../design/charts/loadBalancerController.ts";
import { planMetricsServer } from "../../../design/charts/metricsServer.ts";
import { planEbs } from "../../../design/storage/ebs/ebs.ts";
import { planPortworx } from "../../../design/storage/portworx/portworx.ts";
import { planRookCeph } from "../../../design/storage/rookCeph/rookCeph.ts";
import { ec2Config, eksConfig } from "../../support/fixtures.ts";
import { assertGolden } from "../../support/golden.ts";

const text = (chart: unknown) => stringify(chart, { aliasDuplicateObjects: false });

describe("charts", () => {
  const config = eksConfig();
  const common = { pool: "general", replicas: 3, deleteData: false, diskGiB: 500 };
  const options = { fileSystem: false, objectStore: false, alerts: false };
  const kvdb = { mode: "internal" } as const;
  const rook = planRookCeph(
    { backend: "rook-ceph", disksPerZone: 1, ...options, ...common },
    config,
  );
  const portworx = planPortworx({ backend: "portworx", licensed: true, kvdb, ...common }, config);

  for (const chart of [
    planAutoscaler(config).chart,
    rook.operator,
    rook.drivers,
    portworx.operator,
  ])
    it(`get the values that were reviewed: ${chart.release}`, () =>
      assertGolden(`charts/${chart.release}.yaml`, text(chart)));

  const onEc2 = ec2Config();
  const ebs = planEbs({ backend: "ebs", replicas: 1, deleteData: false }, onEc2);
  for (const [platform, chart] of [
    ["eks", planLoadBalancerController(config).controller],
    ["ec2", planLoadBalancerController(onEc2).controller],
    ["ec2", planAutoscaler(onEc2).chart],
    ["ec2", planMetricsServer(onEc2)],
    ["ec2", ebs.driver?.nodes],
  ] as const)
    it(`get the values that were reviewed on ${platform}: ${chart?.release}`, () =>
      assertGolden(`charts/${platform}/${chart?.release}.yaml`, text(chart)));

  it("have an autoscaler for each version of Kubernetes on offer, of the same minor", () => {
    assert.deepEqual(Object.keys(clusterAutoscaler), Object.keys(eksVersions));
    for (const [minor, tag] of Object.entries(clusterAutoscaler))
      assert.ok(tag.startsWith(`v${minor}.`));
  });
});
