import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { applyStack, destroyStack, refreshStack } from "../../../engine/embedded/apply.ts";
import type { Observer } from "../../../engine/embedded/observer.ts";
import { closeProviders } from "../../../engine/embedded/providers/index.ts";
import { Secret } from "../../../engine/embedded/value.ts";
import { loadProject } from "../../../engine/project.ts";
import { operations, programFolder } from "../support/engineRun.ts";
import { type ApiServer, apiServerPrograms, startApiServer } from "./apiServer.ts";
import { type SshServer, sshServerMissing, startSshServer } from "./sshServer.ts";

describe("a program with every family of kinds, from first up to destroy", function () {
  this.timeout(240_000);
  const missing = sshServerMissing();
  let ssh: SshServer;
  let cluster: ApiServer | undefined;
  let state: string;
  let messages: string[];
  /** Every text that the runs held as a secret. */
  const secrets = new Set<string>();
  /** Texts that stand outside secrets as well, e.g. in the copy of a Kubernetes object's inputs. */
  const plain = new Set<string>();

  before(async function () {
    if (missing !== undefined) {
      console.warn(`SKIPPED: the whole up: ${missing}`);
      this.skip();
    }
    if (apiServerPrograms() === undefined) {
      console.warn(
        "SKIPPED in the whole up: kubernetes objects: no toolchain cache (make toolchain)",
      );
    } else {
      cluster = await startApiServer();
    }
    ssh = await startSshServer();
    state = mkdtempSync(join(tmpdir(), "quorum-everything-"));
    if (cluster !== undefined) {
      writeFileSync(join(ssh.folder, "kubeconfig"), cluster.kubeconfig, { mode: 0o600 });
    }
  });

  after(async () => {
    await closeProviders();
    await cluster?.stop();
    await ssh?.stop();
    if (state !== undefined) rmSync(state, { recursive: true, force: true });
  });

  async function options(text: string) {
    messages = [];
    const observer: Observer = {
      stepStarted: () => {},
      stepDone: () => {},
      stepFailed: () => {},
      diagnostic: ({ message }) => messages.push(message),
    };
    const signal = new AbortController().signal;
    return {
      project: await loadProject(programFolder("everything")),
      stack: "test",
      env: {
        ...process.env,
        QUORUM_STATE_DIR: state,
        PULUMI_CONFIG_PASSPHRASE: "correct horse battery staple",
        FOLDER: ssh.folder,
        SSH_PORT: String(ssh.port),
        SSH_USER: userInfo().username,
        KUBE_API: cluster === undefined ? "" : join(ssh.folder, "kubeconfig"),
        TEXT: text,
      },
      parallel: 8,
      observer,
      stop: signal,
      abort: signal,
    };
  }

  async function up(text: string): Promise<string[]> {
    const { succeeded, steps, states } = await applyStack(await options(text));
    assert.ok(succeeded, messages.join("\n"));
    for (const { inputs, outputs } of states) {
      for (const secret of textsOf([inputs, outputs], true)) secrets.add(secret);
      for (const text of textsOf([inputs, outputs], false)) plain.add(text);
    }
    return operations(steps).filter((step) => !step.includes("default"));
  }

  const changes = (steps: string[]) => steps.filter((step) => !step.startsWith("same ")).sort();
  const file = (name: string) => join(ssh.folder, "out", name);

  it("makes everything", async () => {
    const steps = changes(await up("one"));
    const expected = [
      "ca",
      "ca-key",
      "certificates",
      "install",
      "leaf",
      "leaf-key",
      "leaf-request",
    ];
    expected.push("note", "password");
    if (cluster !== undefined) expected.push("reader", "settings", "token");
    assert.deepEqual(steps, expected.map((name) => `create ${name}`).sort());
    assert.equal(readFileSync(file("log"), "utf8"), "one\n");
    assert.match(
      execFileSync("openssl", ["x509", "-noout", "-text", "-in", file("leaf.crt")], {
        encoding: "utf8",
      }),
      /leaf\.example/,
    );
    execFileSync("openssl", ["pkey", "-noout", "-in", file("leaf.key")]);
  });

  it("changes nothing the second time, nor after a refresh", async () => {
    assert.deepEqual(changes(await up("one")), []);
    const { succeeded } = await refreshStack(await options("one"));
    assert.ok(succeeded, messages.join("\n"));
    assert.deepEqual(changes(await up("one")), []);
  });

  it("updates in place what can be updated", async () => {
    const expected = ["update install", "update note"];
    if (cluster !== undefined) expected.push("update settings");
    assert.deepEqual(changes(await up("two")), expected);
    assert.equal(readFileSync(file("log"), "utf8"), "one\ntwo\n");
  });

  it("keeps no key, password or kubeconfig in the clear, in state or messages", () => {
    const written = execFileSync("grep", ["-r", "", state], { encoding: "utf8", maxBuffer: 1e9 });
    const texts = `${written}\n${messages.join("\n")}`;
    assert.ok(written.includes("certPem"));
    assert.ok([...secrets].some((secret) => secret.includes("PRIVATE KEY")));
    if (cluster !== undefined) {
      assert.ok(secrets.has(cluster.kubeconfig));
      assert.ok(!texts.includes("quorum-test-admin"));
    }
    for (const secret of [...secrets].filter((text) => !plain.has(text))) {
      const lines = JSON.stringify(secret).match(/[^\\]{20,}/g) ?? [];
      for (const line of lines.filter((part) => !part.includes("-----"))) {
        assert.ok(!texts.includes(line), `in the clear: ${line}`);
      }
    }
    assert.ok(!texts.includes("PRIVATE KEY"));
  });

  it("destroys everything", async () => {
    const { succeeded } = await destroyStack(await options("two"));
    assert.ok(succeeded, messages.join("\n"));
    assert.equal(existsSync(file("log")), false);
    if (cluster !== undefined) {
      const { items } = (await cluster.call("GET", "/api/v1/namespaces/default/secrets")) as {
        items: unknown[];
      };
      assert.deepEqual(items, []);
    }
  });
});

/** Long texts below secret wrappers, or those outside them. */
function textsOf(value: unknown, secret: boolean, within = false): string[] {
  if (value instanceof Secret) return textsOf(value.value, secret, true);
  if (typeof value === "string") return within === secret && value.length >= 20 ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((part) => textsOf(part, secret, within));
}
