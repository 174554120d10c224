import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Provider } from "../../../engine/embedded/provider.ts";
import { closeProviders, providerFor } from "../../../engine/embedded/providers/index.ts";
import { setProgramFolder } from "../../../engine/embedded/providers/programFolder.ts";
import { Archive, Asset, type Inputs, Unknown } from "../../../engine/embedded/value.ts";
import { freePort } from "../../support/freePort.ts";
import { operationOn } from "./operation.ts";
import { type SshServer, sshServerMissing, startRelay, startSshServer } from "./sshServer.ts";

const remote = "command:remote:Command";
const copy = "command:remote:CopyToRemote";

function provider(type: string): Provider {
  const found = providerFor(type);
  assert.ok(found);
  return found;
}

describe("command:remote over a real sshd", function () {
  this.timeout(60_000);
  const missing = sshServerMissing();
  let server: SshServer;

  before(async function () {
    if (missing !== undefined) {
      console.warn(`SKIPPED: command:remote tests: ${missing}`);
      this.skip();
    }
    server = await startSshServer([
      "AcceptEnv LANG LC_* GREETING PULUMI_COMMAND_*",
      "MaxSessions 10",
    ]);
  });

  after(async () => {
    await closeProviders();
    await server?.stop();
  });

  async function checked(type: string, inputs: Inputs): Promise<Inputs> {
    return provider(type).check(
      type,
      { connection: server.connection, ...inputs },
      undefined,
      operationOn(type),
    );
  }

  async function create(inputs: Inputs, operation = operationOn(remote)) {
    return provider(remote).create(remote, await checked(remote, inputs), operation);
  }

  it("gives what the command printed, without the last newline, under an id of name and 8 hex", async () => {
    const { id, outputs } = await create({ create: "printf 'a\\n\\n'; echo oops >&2" });
    assert.match(id, /^thing[0-9a-f]{8}$/);
    assert.equal(outputs.stdout, "a\n");
    assert.equal(outputs.stderr, "oops");
    assert.equal(outputs.create, "printf 'a\\n\\n'; echo oops >&2");
  });

  it("feeds stdin byte by byte and never logs it", async () => {
    const stdin = `top-secret-${randomUUID()} ${"x".repeat(300_000)}`;
    const operation = operationOn(remote);
    const { outputs } = await create({ create: "sha256sum | cut -c1-64; wc -c", stdin }, operation);
    const { createHash } = await import("node:crypto");
    const expected = createHash("sha256").update(stdin).digest("hex");
    assert.equal(String(outputs.stdout).split("\n")[0], expected);
    assert.ok(!operation.lines.join("\n").includes("top-secret"));
  });

  it("gives an empty stdin where none is asked for", async () => {
    const { outputs } = await create({ create: "cat; echo end" });
    assert.equal(outputs.stdout, "end");
  });

  it("streams lines to the watcher as logging allows, stripped of terminal controls", async () => {
    const command = "printf '\\033[31mred\\033[0m\\rX\\n'; echo bad >&2";
    const shown: Record<string, string[]> = {};
    for (const logging of ["stdout", "stderr", "none", "stdoutAndStderr"]) {
      const operation = operationOn(remote);
      await create({ create: command, logging }, operation);
      shown[logging] = operation.lines.sort();
    }
    assert.deepEqual(shown, {
      stdout: ["redX"],
      stderr: ["bad"],
      none: [],
      stdoutAndStderr: ["bad", "redX"],
    });
  });

  it("fails with the exit status and the output, and hides the output when logging is none", async () => {
    await assert.rejects(create({ create: "echo why; exit 3" }), /status 3:\nwhy/);
    await assert.rejects(
      create({ create: "echo hush; exit 3", logging: "none" }),
      (error: Error) => {
        assert.match(error.message, /status 3/);
        assert.ok(!error.message.includes("hush"));
        return true;
      },
    );
  });

  it("never quotes the command in an error", async () => {
    await assert.rejects(create({ create: "false # password=hunter2" }), (error: Error) => {
      assert.ok(!error.message.includes("hunter2"));
      return true;
    });
  });

  it("passes the environment that the host accepts", async () => {
    const { outputs } = await create({
      create: 'echo "$GREETING"',
      environment: { GREETING: 'it\'s "me"' },
    });
    assert.equal(outputs.stdout, 'it\'s "me"');
  });

  it("runs nothing when the host does not accept a variable", async () => {
    const file = join(server.folder, "must-not-exist");
    await assert.rejects(
      create({ create: `touch ${file}`, environment: { FORBIDDEN: "1" } }),
      /does not accept FORBIDDEN.*AcceptEnv/,
    );
    assert.equal(existsSync(file), false);
  });

  it("hands the last output to update and delete, unless told not to", async () => {
    const file = join(server.folder, "deleted");
    const inputs = await checked(remote, {
      create: "echo one",
      update: 'echo "was $PULUMI_COMMAND_STDOUT"',
      delete: `echo "gone after $PULUMI_COMMAND_STDOUT" > ${file}`,
    });
    const operation = operationOn(remote);
    const { id, outputs } = await provider(remote).create(remote, inputs, operation);
    const updated = await provider(remote).update(remote, id, inputs, outputs, inputs, operation);
    assert.equal(updated.stdout, "was one");
    await provider(remote).delete(remote, id, inputs, updated, operation);
    assert.equal(readFileSync(file, "utf8"), "gone after was one\n");
    const silent = { ...inputs, addPreviousOutputInEnv: false };
    const quiet = await provider(remote).update(remote, id, inputs, outputs, silent, operation);
    assert.equal(quiet.stdout, "was ");
  });

  it("runs create again on update where there is no update command", async () => {
    const inputs = await checked(remote, { create: "echo again" });
    const outputs = await provider(remote).update(
      remote,
      "id",
      inputs,
      { stdout: "old", stderr: "" },
      inputs,
      operationOn(remote),
    );
    assert.equal(outputs.stdout, "again");
  });

  it("ends the remote processes on cancel", async () => {
    const cancel = new AbortController();
    const marker = join(server.folder, "pid");
    const operation = operationOn(remote, "thing", { signal: cancel.signal });
    // A bare `wait` would end well, were the child to go first.
    const running = create({ create: `echo $$ > ${marker}; sleep 300 & wait $!` }, operation);
    while (!existsSync(marker) || readFileSync(marker, "utf8") === "") await delay(20);
    const pid = Number(readFileSync(marker, "utf8"));
    cancel.abort();
    await assert.rejects(running, /cancelled/);
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  });

  it("says that the command may have run when the connection breaks", async () => {
    const relay = await startRelay(server.port);
    try {
      const marker = join(server.folder, "started");
      const running = create({
        connection: { ...server.connection, port: relay.port },
        create: `touch ${marker}; sleep 30`,
      });
      running.catch(() => {});
      while (!existsSync(marker)) await delay(20);
      relay.cut();
      await assert.rejects(running, /connection broke while the command ran; it may have run/);
    } finally {
      relay.stop();
    }
  });

  it("dials again when its connection broke at rest", async () => {
    const relay = await startRelay(server.port);
    try {
      const connection = { ...server.connection, port: relay.port };
      assert.equal((await create({ connection, create: "echo 1" })).outputs.stdout, "1");
      relay.cut();
      await delay(50);
      assert.equal((await create({ connection, create: "echo 2" })).outputs.stdout, "2");
      assert.equal(relay.opened(), 2);
    } finally {
      relay.stop();
    }
  });

  it("counts a command as done when it ended well while it was cancelled", async () => {
    const cancel = new AbortController();
    const operation = operationOn(remote, "thing", { signal: cancel.signal });
    const marker = join(server.folder, "trapping");
    const running = create(
      { create: `trap 'echo finished; exit 0' TERM; touch ${marker}; while :; do sleep 0.1; done` },
      operation,
    );
    while (!existsSync(marker)) await delay(20);
    cancel.abort();
    assert.equal((await running).outputs.stdout, "finished");
  });

  it("shares one connection among parallel commands", async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, () => create({ create: 'echo "$SSH_CONNECTION"; sleep 0.1' })),
    );
    const connections = new Set(results.map(({ outputs }) => outputs.stdout));
    assert.equal(connections.size, 1);
  });

  it("retries the dial up to dialErrorLimit, then says how often it tried", async () => {
    const port = await freePort();
    const operation = operationOn(remote);
    await assert.rejects(
      create(
        { connection: { ...server.connection, port, dialErrorLimit: 2 }, create: "true" },
        operation,
      ),
      /cannot connect to 127\.0\.0\.1:\d+ after 3 attempts: .*ECONNREFUSED/,
    );
    assert.equal(operation.lines.length, 2);
  });

  it("takes the expected host key and refuses another at once", async () => {
    const good = { ...server.connection, hostKey: server.hostKey };
    const { outputs } = await create({ connection: good, create: "echo ok" });
    assert.equal(outputs.stdout, "ok");
    const other = readFileSync(join(server.folder, "user.pub"), "utf8");
    await assert.rejects(
      create({ connection: { ...server.connection, hostKey: other }, create: "echo no" }),
      /shows the host key SHA256:.* expected is SHA256:/,
    );
  });

  it("goes through a bastion", async () => {
    const { outputs } = await create({
      connection: { ...server.connection, proxy: server.connection },
      create: "echo inside",
    });
    assert.equal(outputs.stdout, "inside");
  });

  it("reads encrypted keys and PKCS #8 keys", async () => {
    const { generateKeyPairSync, createPublicKey } = await import("node:crypto");
    const { sshPublicKey, sshKeyType } = await import(
      "../../../engine/embedded/providers/ssh/openSsh.ts"
    );
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const publicKey = sshPublicKey(createPublicKey(privateKey));
    assert.ok(publicKey);
    const line = `${sshKeyType(publicKey)} ${publicKey.toString("base64")}\n`;
    writeFileSync(join(server.folder, "authorized_keys"), line, { flag: "a" });
    const encrypted = privateKey.export({
      format: "pem",
      type: "pkcs8",
      cipher: "aes-256-cbc",
      passphrase: "open",
    });
    const connection = { ...server.connection, privateKey: String(encrypted) };
    const { outputs } = await create({
      connection: { ...connection, privateKeyPassword: "open" },
      create: "echo in",
    });
    assert.equal(outputs.stdout, "in");
  });

  describe("CopyToRemote", () => {
    async function copyOf(source: Asset | Archive, remotePath: string) {
      const inputs = await checked(copy, { source, remotePath });
      const operation = operationOn(copy);
      return { inputs, ...(await provider(copy).create(copy, inputs, operation)) };
    }

    it("writes text, making the folders above it", async () => {
      const target = join(server.folder, "deep/er/text");
      const { id } = await copyOf(new Asset({ text: "héllo" }), target);
      assert.match(id, /^[0-9a-f]{8}$/);
      assert.equal(readFileSync(target, "utf8"), "héllo");
    });

    it("puts a file into an existing folder, and a folder into a folder", async () => {
      const source = join(server.folder, "source");
      const target = join(server.folder, "target");
      mkdirSync(join(source, "sub"), { recursive: true });
      mkdirSync(target);
      writeFileSync(join(source, "one"), "1");
      writeFileSync(join(source, "sub/two"), Buffer.alloc(200_000, 7));
      await copyOf(new Asset({ path: join(source, "one") }), target);
      assert.equal(readFileSync(join(target, "one"), "utf8"), "1");
      await copyOf(new Archive({ path: source }), target);
      assert.equal(readFileSync(join(target, "source/sub/two")).length, 200_000);
      await copyOf(new Archive({ path: `${source}/` }), target);
      assert.equal(readFileSync(join(target, "sub/two")).length, 200_000);
    });

    it("takes relative paths from the folder of the program", async () => {
      const target = join(server.folder, "relative");
      setProgramFolder(server.folder);
      try {
        await copyOf(new Asset({ path: "host.pub" }), target);
      } finally {
        setProgramFolder(process.cwd());
      }
      assert.equal(readFileSync(target, "utf8"), server.hostKey);
    });

    it("copies again only for a new source or path", async () => {
      const target = join(server.folder, "once");
      const { inputs, id, outputs } = await copyOf(new Asset({ text: "v1" }), target);
      writeFileSync(target, "changed by hand");
      const sameSource = { ...inputs, connection: { ...server.connection, dialErrorLimit: 4 } };
      const operation = operationOn(copy);
      await provider(copy).update(copy, id, inputs, outputs, sameSource, operation);
      assert.equal(readFileSync(target, "utf8"), "changed by hand");
      const newSource = { ...inputs, source: new Asset({ text: "v2" }) };
      await provider(copy).update(copy, id, inputs, outputs, newSource, operation);
      assert.equal(readFileSync(target, "utf8"), "v2");
    });
  });
});

describe("command kinds without a host", () => {
  const connection: Inputs = { host: "198.51.100.1", privateKey: "secret-key" };
  const operation = operationOn(remote);

  it("lists everything wrong at once and quotes no secret", async () => {
    const inputs: Inputs = {
      connection: { port: 1.5, user: 7, privateKey: true, extraField: "x", password: 5 },
      create: 3,
      logging: "loud",
      colour: "red",
    };
    await assert.rejects(
      provider(remote).check(remote, inputs, undefined, operation),
      (error: Error) => {
        for (const part of [
          "connection.host is required",
          "connection.port (1.5)",
          "connection.user (7)",
          "connection.privateKey must",
          "connection.extraField is not an input",
          "create must",
          'logging ("loud") must be one of',
          "colour is not an input",
        ]) {
          assert.ok(error.message.includes(part), `${part} in ${error.message}`);
        }
        return true;
      },
    );
  });

  it("fills in the defaults of a connection and of its bastion", async () => {
    const checked = await provider(remote).check(
      remote,
      { connection: { ...connection, proxy: { host: "bastion" } } },
      undefined,
      operation,
    );
    const defaults = { dialErrorLimit: 10, perDialTimeout: 15, port: 22, user: "root" };
    assert.deepEqual(checked.connection, {
      ...connection,
      ...defaults,
      proxy: { host: "bastion", ...defaults },
    });
  });

  it("takes unknown values in a preview", async () => {
    const inputs = { connection: Unknown.value, create: Unknown.value, triggers: [Unknown.value] };
    assert.deepEqual(await provider(remote).check(remote, inputs, undefined, operation), inputs);
  });

  it("updates for any change and replaces for changed or unknown triggers", async () => {
    const diff = (from: Inputs, to: Inputs) =>
      provider(remote).diff(remote, "id", { connection, ...from }, {}, { connection, ...to });
    const one = { create: "a", triggers: [1] };
    assert.deepEqual(await diff(one, one), { changedKeys: [], replaceKeys: [] });
    assert.deepEqual(await diff(one, { ...one, create: "b" }), {
      changedKeys: ["create"],
      replaceKeys: [],
    });
    assert.deepEqual(await diff(one, { ...one, triggers: [Unknown.value] }), {
      changedKeys: ["triggers"],
      replaceKeys: ["triggers"],
    });
  });

  it("keeps the connection secret", () => {
    assert.deepEqual(provider(remote).secretOutputs(remote), ["connection"]);
  });
});

describe("command:local:Command", function () {
  this.timeout(30_000);
  const local = "command:local:Command";

  it("runs in the shell, with environment, stdin and folder", async () => {
    const operation = operationOn(local);
    const inputs: Inputs = {
      create: 'pwd; echo "$NAME"; cat',
      dir: "/",
      environment: { NAME: "quorum" },
      stdin: "fed",
    };
    const { outputs } = await provider(local).create(local, inputs, operation);
    assert.equal(outputs.stdout, "/\nquorum\nfed");
  });

  it("collects assets by rules in order", async () => {
    const folder = new URL("../../../config/", import.meta.url).pathname;
    const { outputs } = await provider(local).create(
      local,
      { create: "true", dir: folder, assetPaths: ["*.ts", "!schema.ts"] },
      operationOn(local),
    );
    assert.ok(!Object.keys(outputs.assets as Inputs).includes("schema.ts"));
  });

  it("ends the command and what it started on cancel", async () => {
    const cancel = new AbortController();
    const operation = operationOn(local, "thing", { signal: cancel.signal });
    const running = provider(local).create(
      local,
      { create: "echo up; sleep 300 & wait" },
      operation,
    );
    while (operation.lines.length === 0) await delay(10);
    cancel.abort();
    await assert.rejects(running, { name: "AbortError" });
  });
});
