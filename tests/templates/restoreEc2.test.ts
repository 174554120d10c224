import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../support/tools.ts";

const scripts = join(import.meta.dirname, "../../templates/restore");
const content = "a snapshot";
const sha256 = createHash("sha256").update(content).digest("hex");

describe("scripts of a restore on EC2", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "quorum-restore-"));
    mkdirSync(join(dir, "bin"));
    mkdirSync(join(dir, "restore"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const program = (name: string, text: string) => {
    writeFileSync(
      join(dir, "bin", name),
      `#!/bin/bash\necho "${name} $*" >>"${dir}/log"\n${text}\n`,
    );
    chmodSync(join(dir, "bin", name), 0o755);
  };
  const runs = (script: string, env: Record<string, string> = {}) => {
    const text = readFileSync(join(scripts, script), "utf8").replaceAll("/var/lib/quorum", dir);
    return run("bash", ["-c", text], { env: { ...env, PATH: `${dir}/bin:${process.env.PATH}` } });
  };
  const log = () => (existsSync(join(dir, "log")) ? readFileSync(join(dir, "log"), "utf8") : "");
  const snapshot = () => join(dir, "restore/snapshot.db");

  it("fetch the snapshot once: what is there whole is not fetched again", () => {
    program("quorum-cloud", `printf %s "${content}" >"$5"`);
    const env = { BUCKET: "demo-etcd", KEY: "snapshots/one.db", SHA256: sha256 };
    assert.equal(runs("fetchSnapshot.sh", env).status, 0);
    assert.equal(readFileSync(snapshot(), "utf8"), content);
    assert.equal(runs("fetchSnapshot.sh", env).status, 0);
    const fetched = `quorum-cloud fetch demo-etcd snapshots/one.db ${sha256} ${snapshot()}\n`;
    assert.equal(log(), fetched);
    writeFileSync(snapshot(), "torn");
    assert.equal(runs("fetchSnapshot.sh", env).status, 0);
    assert.equal(readFileSync(snapshot(), "utf8"), content);
  });

  it("fail when it cannot be fetched", () => {
    program("quorum-cloud", "echo 'fetch: object snapshots/one.db: status 403' >&2; exit 1");
    const { status, error } = runs("fetchSnapshot.sh", { BUCKET: "b", KEY: "k", SHA256: sha256 });
    assert.equal(status, 1);
    assert.match(error, /status 403/);
  });

  it("stop the boot before etcd, or it would start etcd again in the middle", () => {
    program("systemctl", "");
    assert.equal(runs("stopMember.sh").status, 0);
    const stops = log().match(/^systemctl stop .*/gm) ?? [];
    assert.deepEqual(stops.slice(0, 2), [
      "systemctl stop quorum-boot.service",
      "systemctl stop quorum-apply.service",
    ]);
    assert.match(stops[2] ?? "", /etcd\.service/);
  });

  it("let the boot go on at the end, where there is one", () => {
    const env = { TOKEN: "demo-restored-1", SHA256: sha256 };
    program("systemctl", "");
    assert.equal(runs("finishMember.sh", env).status, 0);
    assert.match(log(), /systemctl start --no-block quorum-boot\.service/);
    rmSync(join(dir, "log"));
    program("systemctl", '[ "$1" != is-enabled ]');
    assert.equal(runs("finishMember.sh", env).status, 0, "a host has none");
    assert.doesNotMatch(log(), /start/);
  });
});
