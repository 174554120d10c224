import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createSealer } from "../../engine/embedded/passphrase.ts";
import { disabledDefaultProviders, loadProject, loadStackConfig } from "../../engine/project.ts";

const noSealer = () => Promise.reject(new Error("no secret was to be opened"));

describe("project and stack files", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "quorum-test-"));
    await writeFile(
      path.join(folder, "Pulumi.yaml"),
      [
        "name: demo",
        "main: index.ts",
        "runtime: { name: nodejs, options: { typescript: false, nodeargs: --trace-warnings } }",
        "config:",
        "  size: { type: integer, default: 3 }",
        "  name: { type: string }",
        "  aws:region: eu-central-1",
        "",
      ].join("\n"),
    );
  });
  afterEach(() => rm(folder, { recursive: true }));

  const stackFile = (content: string) => writeFile(path.join(folder, "Pulumi.dev.yaml"), content);

  it("reads what the engine needs from Pulumi.yaml", async () => {
    const project = await loadProject(folder);
    assert.equal(project.name, "demo");
    assert.equal(project.main, "index.ts");
    assert.equal(project.typescript, false);
    assert.deepEqual(project.nodeArguments, ["--trace-warnings"]);
  });

  it("merges defaults and stack values under full keys, structures as JSON", async () => {
    await stackFile("config:\n  demo:name: x\n  demo:config:old: 1\n  shape: { sides: 4 }\n");
    const config = await loadStackConfig(await loadProject(folder), "dev", noSealer);
    assert.deepEqual(config.values, {
      "demo:size": "3",
      "demo:name": "x",
      "demo:old": "1",
      "demo:shape": '{"sides":4}',
      "aws:region": "eu-central-1",
    });
    assert.deepEqual(config.secretKeys, []);
  });

  it("a missing value, a missing stack and a missing project are named", async () => {
    const project = await loadProject(folder);
    await assert.rejects(loadStackConfig(project, "dev", noSealer), /no stack named "dev"/);
    await stackFile("config: {}\n");
    await assert.rejects(loadStackConfig(project, "dev", noSealer), /missing.*\n.*demo:name/);
    await assert.rejects(loadProject(tmpdir()), /no Pulumi project here/);
  });

  it("opens secure values, inside structures too, and says that their keys are secret", async () => {
    const { saltText, sealer } = await createSealer("pass");
    await stackFile(
      JSON.stringify({
        encryptionsalt: saltText,
        config: {
          "demo:name": { secure: sealer.seal("hidden") },
          "demo:shape": { list: [{ secure: sealer.seal("deep") }, "plain"] },
        },
      }),
    );
    const project = await loadProject(folder);
    const config = await loadStackConfig(project, "dev", async (salt) => {
      assert.equal(salt, saltText);
      return sealer;
    });
    assert.equal(config.values["demo:name"], "hidden");
    assert.equal(config.values["demo:shape"], '{"list":["deep","plain"]}');
    assert.deepEqual(config.secretKeys, ["demo:name", "demo:shape"]);
  });

  it("reads pulumi:disable-default-providers", async () => {
    await stackFile("config:\n  demo:name: x\n  pulumi:disable-default-providers: [aws]\n");
    const config = await loadStackConfig(await loadProject(folder), "dev", noSealer);
    assert.deepEqual([...disabledDefaultProviders(config)], ["aws"]);
  });
});
