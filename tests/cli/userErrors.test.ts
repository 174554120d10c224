import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { apiClient } from "../../engine/embedded/providers/kubernetes/apiClient.ts";

const root = resolve(import.meta.dirname, "../..");

describe("what a user got wrong", function () {
  this.timeout(120_000);
  let project: string;
  before(() => {
    project = mkdtempSync(join(tmpdir(), "quorum-wrong-"));
    for (const file of ["Pulumi.yaml", "package.json", "Pulumi.hybrid.yaml"])
      cpSync(join(root, file), join(project, file));
    for (const file of ["index.ts", "node_modules"])
      symlinkSync(join(root, file), join(project, file));
  });
  after(() => rmSync(project, { recursive: true }));

  function written(name: string, content: string): string {
    const file = join(project, name);
    writeFileSync(file, content);
    return file;
  }

  function fails(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(
      join(root, "bin/quorum"),
      [...args, "-C", project],
      {
        encoding: "utf8",
        input: "",
        env: {
          ...process.env,
          QUORUM_STATE_DIR: join(project, "state"),
          PULUMI_CONFIG_PASSPHRASE: "test",
          AWS_EC2_METADATA_DISABLED: "true",
          AWS_ACCESS_KEY_ID: "",
          AWS_PROFILE: "",
          HOME: project,
        },
      },
    );
    const noVerdict = args[0] === "proof" || args[0] === "policy";
    assert.equal(status, noVerdict ? 3 : 1, stdout + stderr);
    assert.doesNotMatch(stdout + stderr, /ENOENT|EISDIR|^\s+at .*\.ts:\d+/m);
    return stdout + stderr;
  }

  it("in a kubeconfig is said without a line of it: it holds keys", async () => {
    const content = "users:\n- user:\n    token: hidden-token\n   client-key-data: hidden-key\n";
    const said = fails("doctor", "-s", "prod", "--kubeconfig", written("kubeconfig", content));
    assert.match(said, /the kubeconfig cannot be read as YAML: see its line 4/);
    assert.doesNotMatch(said, /hidden/);
    await assert.rejects(apiClient({ kubeconfig: content }), (error: Error) => {
      assert.doesNotMatch(error.stack ?? "", /hidden/);
      assert.equal(error.cause, undefined);
      return true;
    });
    assert.match(
      fails("doctor", "-s", "prod", "--kubeconfig", join(project, "none")),
      /does not exist/,
    );
  });

  it("in the name of a stack is said by every command, and no state is made for it", () => {
    for (const command of [["restore"], ["roll"], ["refresh"], ["destroy", "--yes"]])
      assert.match(fails(...command, "-s", "wrong"), /there is no stack named "wrong"/);
    for (const command of [["preview"], ["up", "--yes"], ["refresh"], ["destroy", "--yes"]])
      assert.match(fails(...command, "-s", "../../x"), /"..\/..\/x" is no name of a stack/);
    assert.ok(!existsSync(join(project, "state")));
  });

  it("in the name of a stack whose outputs are asked for is no stack without outputs", () => {
    assert.match(fails("stack", "output", "-s", "wrong"), /nothing was applied to stack wrong yet/);
  });

  it("in a stack file is said with its name", () => {
    written("Pulumi.broken.yaml", "config:\n  quorum:name: [x\n");
    written("Pulumi.list.yaml", "- quorum:name\n");
    written("Pulumi.text.yaml", "config: quorum\n");
    written("Pulumi.other.yaml", "config: { quorum:platform: eksx }\n");
    assert.match(fails("preview", "-s", "broken"), /Pulumi\.broken\.yaml: /);
    assert.match(fails("restore", "-s", "broken"), /Pulumi\.broken\.yaml: /);
    assert.match(fails("preview", "-s", "list"), /Pulumi\.list\.yaml: not a map/);
    assert.match(fails("preview", "-s", "text"), /Pulumi\.text\.yaml: `config` is not a map/);
    assert.match(fails("roll", "-s", "other"), /Pulumi\.other\.yaml has 1 problem:/);
  });

  it("in a saved preview never counts as a rule that is kept", () => {
    const empty = written("empty.json", "{}");
    const partial = written("partial.json", '{"steps":[],"changeSummary":{"same":3}}');
    for (const command of ["policy", "proof", "diagram"]) {
      assert.match(fails(command, "-s", "prod", "--preview", empty), /is no preview: save one/);
      assert.match(fails(command, "-s", "prod", "--preview", partial), /leaves out 3 unchanged/);
    }
    assert.match(fails("preview", "-s", "prod", "--from", empty), /is no preview: save one/);
  });

  it("with credentials is said with the way to them", () => {
    assert.match(fails("roll", "-s", "hybrid", "--dry-run"), /no AWS credentials.*aws sso login/);
  });
});

describe("quorum doctor --role", () => {
  it("needs no stack; everything else does", () => {
    const doctor = (...args: string[]) =>
      spawnSync(join(root, "bin/quorum"), ["doctor", ...args], { encoding: "utf8" });
    assert.match(doctor("--role").stdout, /kind: ClusterRole/);
    assert.match(doctor().stderr, /required option '-s, --stack <stack>' not specified/);
  });
});
