import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { secretsText } from "../../components/hosts/delivery.ts";
import type { MachinePlan, MachineStep } from "../../design/machine.ts";
import { renderBundle } from "../../design/render/bundle.ts";
import { text } from "../../design/render/template.ts";
import { readTemplates } from "../../templates/read.ts";
import { run } from "../support/tools.ts";

const templates = readTemplates();

/** A directory that stands for a machine: its state, its files, and a systemctl that only notes. */
class Sandbox {
  readonly root = mkdtempSync(join(tmpdir(), "quorum-machine-"));
  readonly state = join(this.root, "state");

  constructor() {
    mkdirSync(join(this.root, "bin"));
    this.program("systemctl", `echo "$@" >>${this.path("systemctl.log")}`);
    this.program("quorum-with-lock", `echo "$1" >>${this.path("locks")}; shift; "$@"`);
  }

  path(name: string): string {
    return join(this.root, name);
  }

  program(name: string, body: string): void {
    writeFileSync(this.path(`bin/${name}`), `#!/bin/bash\n${body}\n`);
    chmodSync(this.path(`bin/${name}`), 0o755);
  }

  read(name: string): string {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), "utf8") : "";
  }

  unpack(bundle: string) {
    // What a bundle puts into /usr and /etc goes below the sandbox instead.
    const moved = bundle.replaceAll(/^(file - \S+ \d+ )\//gm, `$1${this.root}/`);
    return this.sh(text(templates, "node/unpack.sh"), moved);
  }

  apply(...args: string[]) {
    return run("bash", [this.path("usr/local/bin/quorum-apply"), ...args], { env: this.env() });
  }

  sh(script: string, input: string) {
    return run("sh", ["-c", script], { env: this.env(), input });
  }

  end(): void {
    rmSync(this.root, { recursive: true });
  }

  private env(): Record<string, string> {
    return {
      PATH: `${this.path("bin")}:${process.env.PATH}`,
      QUORUM_MACHINE_STATE: this.state,
      QUORUM_ROOTS: this.path("pki"),
    };
  }
}

/** A step whose script notes what changed, and fails while a file named "broken" is there. */
function step(sandbox: Sandbox, name: string, files: Record<string, string>): MachineStep {
  const script = sandbox.path(`steps/${name}.sh`);
  const note = `for path in $QUORUM_CHANGED; do echo "${name} \${path##*/}"; done >>${sandbox.path("log")}`;
  const fail = `[ ! -e ${sandbox.path("broken")} ] || { echo "${name} is broken" >&2; exit 1; }`;
  return {
    name,
    script,
    oneAtATime: name === "member",
    files: [
      { path: script, mode: "0755", text: `#!/bin/sh\n${fail}\n${note}\n` },
      ...Object.entries(files).map(([file, content]) => ({
        path: sandbox.path(`files/${file}`),
        mode: "0644",
        text: content,
      })),
    ],
  };
}

function machine(steps: MachineStep[]): MachinePlan {
  return { name: "m", address: "192.0.2.1", zone: "a", steps, secrets: [] };
}

describe("delivery to a machine", () => {
  let sandbox: Sandbox;
  const bundle = (...steps: MachineStep[]) => renderBundle(templates, machine(steps));
  const deliver = (...steps: MachineStep[]) => {
    const unpacked = sandbox.unpack(bundle(...steps));
    assert.equal(unpacked.status, 0, unpacked.error);
    rmSync(sandbox.path("log"), { force: true });
    return sandbox.apply();
  };

  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.end());

  it("puts every file where it belongs, whatever its text, and tells each step its own", () => {
    const odd = "end 3\nfile one 0644 1 /x\n\n  $HOME `id` \\n @A@ %s\n";
    const done = deliver(step(sandbox, "one", { a: odd }), step(sandbox, "two", { b: "b\n" }));
    assert.equal(done.status, 0, done.error);
    assert.equal(sandbox.read("files/a"), odd);
    assert.equal(statSync(sandbox.path("steps/one.sh")).mode & 0o777, 0o755);
    assert.deepEqual(sandbox.read("log").trim().split("\n").sort(), [
      "one a",
      "one one.sh",
      "two b",
      "two two.sh",
    ]);
    assert.match(sandbox.read("state/outcome"), /^[0-9a-f]{64} ok\n$/);
  });

  it("calls every step again, and names only what differs", () => {
    deliver(step(sandbox, "one", { a: "1\n", b: "1\n" }));
    deliver(step(sandbox, "one", { a: "2\n", b: "1\n" }));
    assert.equal(sandbox.read("log"), "one a\n");
    deliver(step(sandbox, "one", { a: "2\n", b: "1\n" }));
    assert.equal(sandbox.read("log"), "");
  });

  it("puts a file right that someone else has changed", () => {
    deliver(step(sandbox, "one", { a: "1\n" }));
    writeFileSync(sandbox.path("files/a"), "edited\n");
    sandbox.apply();
    assert.equal(sandbox.read("files/a"), "1\n");
  });

  it("removes what the bundle no longer has, of a step or with the whole step", () => {
    deliver(step(sandbox, "one", { a: "1\n", b: "1\n" }), step(sandbox, "two", { c: "1\n" }));
    deliver(step(sandbox, "one", { a: "1\n" }));
    assert.equal(sandbox.read("log"), "one b\n");
    for (const gone of ["files/b", "files/c", "steps/two.sh"]) {
      assert.ok(!existsSync(sandbox.path(gone)), gone);
    }
  });

  it("carries on after a failure with everything that is still owed", () => {
    deliver(step(sandbox, "one", { a: "1\n" }), step(sandbox, "two", { b: "1\n" }));
    writeFileSync(sandbox.path("broken"), "");
    const failed = deliver(step(sandbox, "one", { a: "2\n" }), step(sandbox, "two", { b: "2\n" }));
    assert.equal(failed.status, 1);
    assert.match(sandbox.read("state/outcome"), /^[0-9a-f]{64} m, step one: one is broken\n$/);
    // The step that was not reached keeps its old file: no bad setting lies ready on a machine.
    assert.equal(sandbox.read("files/b"), "1\n");
    rmSync(sandbox.path("broken"));
    assert.equal(sandbox.apply().status, 0);
    assert.deepEqual(sandbox.read("log"), "one a\ntwo b\n");
  });

  it("takes the lock for a member that changes, not for one that begins or stays", () => {
    deliver(step(sandbox, "member", { a: "1\n" }));
    assert.equal(sandbox.read("locks"), "");
    deliver(step(sandbox, "member", { a: "1\n" }));
    assert.equal(sandbox.read("locks"), "");
    deliver(step(sandbox, "member", { a: "2\n" }));
    assert.equal(sandbox.read("locks"), "roll/member\n");
  });

  it("leaves a member alone whose gate says no", () => {
    const gate = {
      path: "",
      mode: "0755",
      text: "#!/bin/sh\necho 'the others are ill' >&2\nexit 1\n",
    };
    const gated = (content: string): MachineStep => {
      const base = step(sandbox, "member", { a: content });
      return {
        ...base,
        files: [...base.files, { ...gate, path: sandbox.path("steps/member-gate.sh") }],
      };
    };
    assert.equal(deliver(gated("1\n")).status, 0);
    assert.equal(deliver(gated("2\n")).status, 1);
    assert.equal(sandbox.read("files/a"), "1\n");
    assert.match(sandbox.read("state/steps/member"), /^failed \d+ the others are ill$/m);
  });

  it("refuses a bundle that arrived incomplete, and keeps the one it has", () => {
    deliver(step(sandbox, "one", { a: "1\n" }));
    const before = readlinkSync(join(sandbox.state, "current"));
    const whole = bundle(step(sandbox, "one", { a: "2\n" }));
    const lines = whole.split("\n");
    for (const cut of [lines.slice(0, 5), lines.slice(0, -2), lines.toSpliced(20, 1)]) {
      const result = sandbox.unpack(`${cut.join("\n")}\n`);
      assert.notEqual(result.status, 0);
      assert.match(result.error, /^quorum: /m);
    }
    assert.equal(readlinkSync(join(sandbox.state, "current")), before);
  });

  it("tells whoever waits why a step failed, in one line", () => {
    writeFileSync(sandbox.path("broken"), "");
    deliver(step(sandbox, "one", {}));
    const [digest] = sandbox.read("state/outcome").split(" ");
    sandbox.program(
      "systemctl",
      `[ "$1" != start ] || bash ${sandbox.path("usr/local/bin/quorum-apply")}; [ "$1" != show ] || echo inactive`,
    );
    const failed = sandbox.sh(text(templates, "node/await.sh"), `${digest}\n`);
    assert.equal(failed.status, 1);
    assert.match(failed.error, /^quorum: m, step one: one is broken$/m);
    rmSync(sandbox.path("broken"));
    const done = sandbox.sh(text(templates, "node/await.sh"), `${digest}\n`);
    assert.equal(done.status, 0, done.error);
  });

  it("waits for the host's node to be Ready where Quorum brings the pod network", () => {
    deliver(step(sandbox, "one", {}));
    const script = text(templates, "node/await.sh")
      .replaceAll("/etc/kubernetes", sandbox.path("kubernetes"))
      .replaceAll("/etc/quorum", sandbox.path("quorum"))
      .replace("-gt 120", "-gt 2");
    const waits = () => sandbox.sh(script, `${sandbox.read("state/outcome").split(" ")[0]}\n`);
    for (const file of ["kubernetes/kubelet.conf", "quorum/machine.env"]) {
      mkdirSync(dirname(sandbox.path(file)), { recursive: true });
      writeFileSync(sandbox.path(file), 'NODE_NAME="m"\n');
    }
    sandbox.program("kubectl", "echo False");
    assert.equal(waits().status, 0, "a chart brings the pod network: nothing to wait for yet");
    writeFileSync(sandbox.path("quorum/pod-network.conflist"), "{}");
    const never = waits();
    assert.equal(never.status, 1);
    assert.match(never.error, /^quorum: node m is not Ready; see kubectl describe node m$/m);
    const asked = sandbox.path("asked");
    sandbox.program("kubectl", `[ -e ${asked} ] && echo True || touch ${asked}`);
    assert.equal(waits().status, 0);
  });

  it("writes key material for root alone, tells the steps, and prints none of it", () => {
    deliver(step(sandbox, "one", {}));
    const write = (secrets: Record<string, string>) =>
      sandbox.sh(text(templates, "node/writeSecrets.sh"), secretsText(secrets));
    const first = write({ "ca.key": "secret one\nend\nsecret x 1\n", "old.key": "gone soon" });
    assert.equal(first.status, 0, first.error);
    assert.equal(sandbox.read("pki/ca.key"), "secret one\nend\nsecret x 1\n");
    assert.equal(statSync(sandbox.path("pki/ca.key")).mode & 0o777, 0o600);
    assert.equal(statSync(sandbox.path("pki")).mode & 0o777, 0o700);
    assert.doesNotMatch(first.output + first.error, /secret one|gone soon/);
    assert.equal(write({ "ca.key": "secret one\nend\nsecret x 1" }).status, 0);
    assert.ok(!existsSync(sandbox.path("pki/old.key")));
    rmSync(sandbox.path("log"), { force: true });
    sandbox.apply();
    assert.equal(sandbox.read("log"), "one ca.key\none old.key\n");
  });

  it("refuses key material that was cut off, and changes nothing", () => {
    const whole = secretsText({ "ca.key": "one\ntwo" });
    const result = sandbox.sh(text(templates, "node/writeSecrets.sh"), whole.slice(0, -5));
    assert.notEqual(result.status, 0);
    assert.ok(!existsSync(sandbox.path("pki/ca.key")));
  });

  it("has no two steps that own one file, and no script that is not brought", () => {
    const one = step(sandbox, "one", { a: "1\n" });
    assert.throws(() => bundle(one, { ...step(sandbox, "two", {}), files: one.files }), /script/);
    const two = step(sandbox, "two", { a: "2\n" });
    assert.throws(() => bundle(one, two), /files\/a on m belongs to two steps, one and two/);
  });
});
