import assert from "node:assert/strict";
import { eksVersions } from "../../config/versions.ts";
import { planAddons } from "../../design/addons.ts";
import { eksConfig } from "../support/fixtures.ts";

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

  it("run DNS in every zone and let one server at a time be drained", () => {
    const dns = planAddons(eksConfig()).find(({ name }) => name === "coredns");
    assert.equal(dns?.configuration.replicaCount, 3);
    assert.deepEqual(dns?.configuration.podDisruptionBudget, { enabled: true, maxUnavailable: 1 });
    assert.match(
      JSON.stringify(dns?.configuration.topologySpreadConstraints),
      /topology\.kubernetes\.io\/zone/,
    );
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
