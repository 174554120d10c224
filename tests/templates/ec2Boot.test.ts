import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
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

const text = readFileSync(join(import.meta.dirname, "../../templates/ec2/boot.sh"), "utf8");
/** The script's functions, without the boot itself. */
const functions = text.slice(0, text.indexOf("\npersist identity\n"));

describe("the boot of a machine on EC2", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "quorum-boot-"));
    mkdirSync(join(dir, "bin"));
    writeFileSync(
      join(dir, "boot.env"),
      'MEMBER="etcd-a" DOMAIN="demo.internal" MOUNT_POINT="/nowhere" VOLUME_PARAMETER="/v" STATE_PARAMETER="/s"\n',
    );
    stub(
      "quorum-cloud",
      'case $1 in get) echo vol-1 ;; attach) echo "$DEVICE" ;; uuid) echo right ;; put) cat >>"$DIR/said" ;; esac',
    );
    stub("mountpoint", "exit 1");
    stub("blkid", "exit 2");
    stub("wipefs", "true");
    stub("mkfs.ext4", 'echo "$*" >"$DIR/made"');
    stub("sleep", "true");
    stub("timeout", 'shift; exec "$@"');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function stub(program: string, script: string): void {
    const file = join(dir, "bin", program);
    writeFileSync(file, `#!/bin/bash\n${script}\n`);
    chmodSync(file, 0o755);
  }

  /** Call functions of the script; the mount itself is left out. */
  function boot(calls: string, device = "/dev/zero"): { status: number | null; error: string } {
    const script = functions
      .replace(". /etc/quorum/boot.env", `. ${join(dir, "boot.env")}`)
      .replace("state=/var/lib/quorum", `state=${dir}/state`)
      .replace("/run/quorum", `${dir}/run`)
      // A block device is nothing that every computer has.
      .replace('[ -b "$device" ]', '[ -e "$device" ]');
    const program = `${script}\nmount_volume() { echo "$*" >"$DIR/mounted"; }\n${calls}`;
    const result = spawnSync("bash", ["-c", program], {
      encoding: "utf8",
      env: { PATH: `${dir}/bin:${process.env.PATH}`, DIR: dir, DEVICE: device },
      timeout: 10_000,
    });
    return { status: result.status, error: result.stderr };
  }
  const made = () => existsSync(join(dir, "made"));
  const mounted = () => existsSync(join(dir, "mounted"));

  it("makes the member's file system on a volume without any signature", () => {
    assert.equal(boot("volume").status, 0);
    assert.match(readFileSync(join(dir, "made"), "utf8"), /-U right \/dev\/zero/);
    assert.ok(mounted());
  });

  it("keeps the file system that is this member's", () => {
    stub("blkid", "echo right");
    assert.equal(boot("volume").status, 0);
    assert.deepEqual([made(), mounted()], [false, true]);
  });

  it("leaves another member's volume alone", () => {
    stub("blkid", "echo other");
    const { status, error } = boot("volume");
    assert.notEqual(status, 0);
    assert.match(error, /not this member's: it has other, not right/);
    assert.deepEqual([made(), mounted()], [false, false]);
  });

  it("leaves a volume alone that carries what is no file system", () => {
    stub("wipefs", "echo 0x1fe dos");
    const { status, error } = boot("volume");
    assert.notEqual(status, 0);
    assert.match(error, /left alone/);
    assert.deepEqual([made(), mounted()], [false, false]);
  });

  it("waits for a device that is not there yet", () => {
    const { status, error } = boot("volume", "/dev/not-there");
    assert.notEqual(status, 0);
    assert.match(error, /not there yet/);
    assert.equal(made(), false);
  });

  it("tries a phase until it succeeds, and says why it waits", () => {
    const { status } = boot(
      'tries=0; phase() { tries=$(cat "$DIR/n" 2>/dev/null || echo 0); echo $((tries + 1)) >"$DIR/n"; [ "$tries" -ge 3 ] || { echo "not yet" >&2; return 1; }; }; persist phase',
    );
    assert.equal(status, 0);
    assert.equal(readFileSync(join(dir, "n"), "utf8").trim(), "4");
    assert.match(readFileSync(join(dir, "said"), "utf8"), /^waiting \S+ unknown phase: not yet/);
    assert.match(readFileSync(join(dir, "state/boot"), "utf8"), /^waiting \d+ phase: not yet/);
  });
});
