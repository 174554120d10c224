import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { loadBalancerPlan } from "../../../design/loadBalancerPlan.ts";
import {
  apiHealthAgentStep,
  haproxyCfg,
  keepalivedConf,
  loadBalancerStep,
} from "../../../design/render/loadBalancer.ts";
import { readTemplates } from "../../../templates/read.ts";
import { hostsConfig } from "../../support/fixtures.ts";
import { assertGolden, stepText } from "../../support/golden.ts";
import { needs, run } from "../../support/tools.ts";

const templates = readTemplates();
const plan = loadBalancerPlan(hostsConfig());
const [first, second] = plan.balancers;
assert.ok(first && second);

describe("load balancer", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "quorum-lb-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("is rendered as reviewed", () => {
    assertGolden("lb/balancer-a.txt", stepText(loadBalancerStep(templates, plan, first)));
    const server = { name: "control-a", address: "192.0.2.21" };
    assertGolden("lb/control-a.txt", stepText(apiHealthAgentStep(templates, plan, server)));
  });

  it("has a configuration that HAProxy takes, with every apiserver in it", function () {
    needs(this, "haproxy");
    const authority = join(folder, "ca.crt");
    const made = run("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-keyout", "/dev/null", "-out", authority, "-subj", "/CN=test", "-days", "1"],
    ]);
    assert.equal(made.status, 0, made.error);
    const text = haproxyCfg(templates, plan).replaceAll("/etc/haproxy/ca.crt", authority);
    const file = join(folder, "haproxy.cfg");
    writeFileSync(file, text);
    const { status, error } = run("haproxy", ["-c", "-f", file]);
    assert.equal(status, 0, error);
    for (const { address } of plan.apiServers) assert.match(text, new RegExp(` ${address}:6443\n`));
  });

  it("has a configuration that keepalived takes", function () {
    needs(this, "keepalived");
    const name = Object.keys(networkInterfaces()).find((one) => one !== "lo");
    if (name === undefined || process.getuid?.() !== 0) {
      console.error("      NOT CHECKED: keepalived needs root and an interface besides loopback");
      return this.skip();
    }
    writeFileSync(join(folder, "interface.conf"), `$INTERFACE=${name}\n`);
    for (const file of ["haproxy", "api"]) writeFileSync(join(folder, file), "0\n");
    const file = join(folder, "keepalived.conf");
    const text = keepalivedConf(templates, plan, first)
      .replaceAll("/etc/keepalived", folder)
      .replaceAll("/run/quorum/lb", folder);
    writeFileSync(file, text);
    const { status, error } = run("keepalived", ["-t", "-f", file]);
    assert.equal(status, 0, error);
  });

  it("prefers the first balancer, but not one that reaches no apiserver", () => {
    const priority = (balancer: typeof first) =>
      Number(/priority (\d+)/.exec(keepalivedConf(templates, plan, balancer))?.[1]);
    assert.ok(priority(first) > priority(second));
    assert.ok(priority(first) - 20 < priority(second));
  });

  it("never lets a balancer refuse to give the address up", () => {
    const text = keepalivedConf(templates, plan, first);
    assert.doesNotMatch(text, /nopreempt/);
    assert.match(text, /state BACKUP/);
  });

  it("takes adverts of its peers only, and only from the same segment", () => {
    const text = keepalivedConf(templates, plan, second);
    assert.match(text, /unicast_peer \{\n {4}192\.0\.2\.31 min_ttl 255\n {2}\}/);
    assert.match(text, /unicast_src_ip 192\.0\.2\.32/);
    assert.match(text, /vrrp_check_unicast_src/);
  });

  it("does not eject apiservers for an election of etcd", () => {
    assert.match(
      haproxyCfg(templates, plan),
      /uri "\/readyz\?exclude=etcd&exclude=etcd-readiness"/,
    );
  });

  it("tells each control plane's agent of the others, not of itself", () => {
    const server = { name: "control-b", address: "192.0.2.22" };
    const step = apiHealthAgentStep(templates, plan, server);
    const env = step.files.find(({ path }) => path.endsWith("agent.env"))?.text ?? "";
    assert.match(env, /OTHERS="192\.0\.2\.21 192\.0\.2\.23"/);
  });
});
