import assert from "node:assert/strict";
import { parse } from "yaml";
import { etcdPlan } from "../../../design/etcdPlan.ts";
import { etcdStep, etcdYaml } from "../../../design/render/etcd.ts";
import { etcdClientStep, etcdSnapshotsStep } from "../../../design/render/etcdClient.ts";
import { pkiStep } from "../../../design/render/pki.ts";
import { readTemplates } from "../../../templates/read.ts";
import { hostsConfig } from "../../support/fixtures.ts";
import { assertGolden, stepText } from "../../support/golden.ts";

const templates = readTemplates();
const plan = etcdPlan(hostsConfig());
const member = (name: string) => {
  const found = plan.members.find((one) => one.name === name);
  assert.ok(found);
  return found;
};

describe("etcd on a machine", () => {
  it("is rendered as reviewed", () => {
    assertGolden("etcd/etcd-a.txt", stepText(etcdStep(templates, plan, member("etcd-a"))));
    const address = "192.0.2.21";
    const client = etcdClientStep(templates, plan, address, "control-plane");
    assertGolden("etcd/control-a.txt", stepText(client));
    assertGolden("etcd/snapshots.txt", stepText(etcdSnapshotsStep(templates, plan)));
    const roles = ["etcd"] as const;
    const pki = pkiStep(templates, { name: "etcd-a", address: "192.0.2.11", roles }, 0);
    assertGolden("etcd/pki.txt", stepText(pki));
  });

  it("demands certificates of clients and of peers, on every port that it opens", () => {
    const yaml = parse(etcdYaml(plan, member("etcd-b")));
    assert.equal(yaml["client-transport-security"]["client-cert-auth"], true);
    assert.equal(yaml["peer-transport-security"]["client-cert-auth"], true);
    assert.notEqual(
      yaml["client-transport-security"]["trusted-ca-file"],
      yaml["peer-transport-security"]["trusted-ca-file"],
    );
    const urls = Object.entries(yaml).filter(([key]) => key.endsWith("-urls"));
    assert.equal(urls.length, 6);
    for (const [key, value] of urls) {
      for (const url of String(value).split(",")) assert.match(url, /^https:\/\//, key);
    }
  });

  it("keeps HTTP handlers apart from gRPC, and checks for corruption", () => {
    const yaml = parse(etcdYaml(plan, member("etcd-a")));
    const portsOf = (key: string) =>
      String(yaml[key])
        .split(",")
        .map((url) => new URL(url).port);
    const listened = ["client", "client-http", "metrics", "peer"].flatMap((kind) => [
      ...new Set(portsOf(`listen-${kind}-urls`)),
    ]);
    assert.equal(new Set(listened).size, 4);
    assert.equal(yaml["feature-gates"], "InitialCorruptCheck=true,CompactHashCheck=true");
    assert.equal(yaml["strict-reconfig-check"], true);
  });

  it("takes the quota in bytes, and leaves how the cluster begins to the start decision", () => {
    const small = etcdPlan(hostsConfig((raw) => (raw.etcd = { quotaGiB: 2 })));
    const yaml = parse(etcdYaml(small, member("etcd-a")));
    assert.equal(yaml["quota-backend-bytes"], 2147483648);
    assert.equal(yaml["initial-cluster"], undefined);
    assert.equal(yaml["initial-cluster-state"], undefined);
  });

  it("holds no secret, and scripts are the only executables", () => {
    const step = etcdStep(templates, plan, member("etcd-a"));
    for (const { path, mode, text } of step.files) {
      assert.doesNotMatch(text, /PRIVATE KEY/, path);
      const script = path.endsWith(".sh") || path.startsWith("/usr/local/bin/");
      assert.equal(mode, script ? "0755" : "0644", path);
    }
    assert.ok(step.files.some(({ path }) => path === step.script));
  });

  it("does not change on one member when another's machine changes its labels", () => {
    const other = etcdPlan(hostsConfig((raw) => (raw.hosts["etcd-b"].labels = { a: "b" })));
    assert.deepEqual(other, plan);
  });
});
