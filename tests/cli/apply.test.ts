import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.join(import.meta.dirname, "..", "..");

/** A program of its own: a key, and two etcd members in zones that the environment names. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
class Machine extends pulumi.ComponentResource {
  constructor(name, inputs, opts) { super("quorum:hosts:Machine", name, inputs, opts); }
}
class Cluster extends pulumi.ComponentResource {
  constructor(name, inputs) { super("quorum:hosts:Cluster", name, inputs); }
}
const zones = (process.env.ZONES ?? "").split(",").filter(Boolean);
if (zones.length > 0) {
  const parent = new Cluster("test", { name: "test", zones: ["a", "b", "c"], needsEgress: false });
  zones.forEach((zone, index) => new Machine("etcd-" + (index + 1), {
    machine: "etcd-" + (index + 1), zone, address: "192.0.2." + (index + 1), roles: ["etcd"],
  }, { parent }));
}
const { KEY, PROTECT } = process.env;
if (KEY) new tls.PrivateKey("ca", { algorithm: "ECDSA", ecdsaCurve: "P256" }, { protect: !!PROTECT });
`;

describe("up and destroy on the command line", function () {
  this.timeout(120_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "quorum-test-"));
    cpSync(path.join(root, "tests/engine/programs/keys/Pulumi.yaml"), `${folder}/Pulumi.yaml`);
    writeFileSync(path.join(folder, "Pulumi.test.yaml"), "config: {}\n");
    writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }\n');
    writeFileSync(path.join(folder, "index.ts"), program);
    symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function quorum(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const common = ["--engine", "embedded", "--stack", "test", "-C", folder];
    const state = {
      QUORUM_STATE_DIR: path.join(folder, "state"),
      PULUMI_CONFIG_PASSPHRASE: "test",
    };
    const result = spawnSync(path.join(root, "bin", "quorum"), [...args, ...common], {
      encoding: "utf8",
      input: "",
      env: { ...process.env, ...state, NO_COLOR: "1", ...env },
    });
    return { ...result, said: result.stdout + result.stderr };
  }
  const stateExists = () => existsSync(path.join(folder, "state", "keys", "test.json"));

  it("up refuses what breaks a mandatory policy or a required claim, and changes nothing", () => {
    const refused = quorum(["up", "--yes"], { KEY: "1", ZONES: "a,a,b" });
    assert.equal(refused.status, 1, refused.said);
    assert.match(refused.stderr, /refused, nothing was changed:\n/);
    assert.match(refused.stderr, /policy: \[mandatory\] odd-quorum: etcd-1 and etcd-2 .*zone a/);
    assert.match(
      refused.stderr,
      /proof: etcd-quorum is refuted: losing zone a takes etcd-1 and etcd-2/,
    );
    assert.ok(!stateExists(), "nothing was created");
  });

  it("up lets a named claim pass, says so, and goes on", () => {
    const refused = quorum(["up", "--yes"], { KEY: "1", ZONES: "a,b,c" });
    const claims = [...refused.stderr.matchAll(/^ {2}proof: (\S+) is/gm)].map(([, claim]) => claim);
    assert.ok(claims.length > 0 && !claims.includes("etcd-quorum"), refused.said);
    const allow = claims.flatMap((claim) => ["--allow", `proof:${claim}`]);
    const passed = quorum(["up", "--yes", ...allow], { KEY: "1", ZONES: "a,b,c" });
    assert.equal(passed.status, 0, passed.said);
    assert.match(passed.said, new RegExp(`allowed \\(--allow proof:${claims[0]}\\)`));
    assert.ok(stateExists());
  });

  it("up refuses to move two members at once, but blocks no repair", () => {
    const args = ["up", "--yes", "--allow", "proof", "shrink"];
    const refused = quorum(args, { KEY: "1", ZONES: "b,a,c" });
    assert.equal(refused.status, 1, refused.said);
    assert.match(refused.stderr, /members: .*etcd-1 and etcd-2: 2 of 3 etcd members at once/);
    const repair = quorum(["up", "--yes", "--lost", "etcd-3"], { KEY: "1", ZONES: "b,a,c" });
    assert.equal(repair.status, 0, repair.said);
    assert.match(repair.said, /etcd-quorum is refuted/);
  });

  it("up refuses to delete a key that everything trusts", () => {
    const args = ["up", "--yes", "--allow", "proof", "shrink"];
    const refused = quorum(args, { ZONES: "b,a,c" });
    assert.equal(refused.status, 1, refused.said);
    assert.match(refused.stderr, /data: .*deletes tls:index\/privateKey:PrivateKey ca/);
  });

  it("destroy refuses the same, unless it is allowed", () => {
    const refused = quorum(["destroy", "--yes"]);
    assert.equal(refused.status, 1, refused.said);
    assert.match(
      refused.stderr,
      /nothing was changed:\n {2}data: .*PrivateKey ca .*--allow data:ca/,
    );
    const passed = quorum(["destroy", "--yes", "--allow", "data:ca"]);
    assert.equal(passed.status, 0, passed.said);
    assert.match(passed.said, /allowed \(--allow data:ca\)/);
  });

  it("destroy never takes what is protected; without its protection it is allowed by name", () => {
    const made = quorum(["up", "--yes"], { KEY: "1", PROTECT: "1" });
    assert.equal(made.status, 0, made.said);
    const refused = quorum(["destroy", "--yes", "--allow", "data"]);
    assert.equal(refused.status, 1, refused.said);
    assert.match(refused.said, /"ca" .* would be deleted, but it is protected/);
    assert.equal(quorum(["up", "--yes"], { KEY: "1" }).status, 0);
    const passed = quorum(["destroy", "--yes", "--allow", "data"]);
    assert.equal(passed.status, 0, passed.said);
  });
});
