import assert from "node:assert/strict";
import { eksVersions } from "../../config/versions.ts";
import { planAddons } from "../../design/addons.ts";
import { eksConfig, type Raw } from "../support/fixtures.ts";

describe("add-ons", () => {
  it("are these, first those without which no node becomes ready", () => {
    assert.deepEqual(
      planAddons(eksConfig()).map(({ name, beforeNodes }) => [name, beforeNodes]),
      [
        ["vpc-cni", true],
        ["kube-proxy", true],
        ["eks-pod-identity-agent", true],
        ["eks-node-monitoring-agent", false],
        ["coredns", false],
        ["aws-ebs-csi-driver", false],
        ["metrics-server", false],
      ],
    );
  });

  it("have the builds of the cluster's version", () => {
    for (const version of Object.keys(eksVersions))
      for (const { name, version: build } of planAddons(
        eksConfig((raw) => (raw.kubernetes.version = version)),
      ))
        assert.equal(build, eksVersions[version]?.[name]);
  });

  it("run DNS, metrics and the volume controller in every zone, and know what they need", () => {
    const byName: Raw = Object.fromEntries(
      planAddons(eksConfig()).map(({ name, configuration }) => [name, configuration]),
    );
    for (const [own, count] of [
      [byName.coredns, "replicaCount"],
      [byName["metrics-server"], "replicas"],
      [byName["aws-ebs-csi-driver"].controller, "replicaCount"],
    ] as const) {
      assert.equal(own[count], 3);
      assert.match(own.resources.requests.cpu, /^\d+m$/);
      assert.deepEqual(
        own.topologySpreadConstraints.map((one: Raw) => [
          one.topologyKey,
          one.whenUnsatisfiable,
          one.nodeTaintsPolicy,
        ]),
        [
          ["topology.kubernetes.io/zone", "DoNotSchedule", "Honor"],
          ["kubernetes.io/hostname", "ScheduleAnyway", undefined],
        ],
      );
    }
    for (const name of ["coredns", "metrics-server"])
      assert.deepEqual(byName[name].podDisruptionBudget, { enabled: true, maxUnavailable: 1 });
  });

  it("leave the default class to the stack, which shows it in a preview", () => {
    const driver = planAddons(eksConfig()).find(({ name }) => name === "aws-ebs-csi-driver");
    assert.deepEqual(driver?.configuration.defaultStorageClass, { enabled: false });
  });

  it("count pods by prefixes, as the pod limits do", () => {
    const cni = planAddons(eksConfig()).find(({ name }) => name === "vpc-cni");
    assert.deepEqual(cni?.configuration.env, {
      ENABLE_PREFIX_DELEGATION: "true",
      WARM_PREFIX_TARGET: "1",
    });
  });

  it("leave out the EBS driver where no volume is asked for", () => {
    const names = planAddons(eksConfig((raw) => (raw.storage = []))).map(({ name }) => name);
    assert.ok(!names.includes("aws-ebs-csi-driver"));
  });
});
