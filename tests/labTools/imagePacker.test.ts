import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packImage } from "../../lab/imagePacker.ts";

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

describe("image packer", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "quorum-test-"));
    writeFileSync(join(dir, "program"), "binary");
    chmodSync(join(dir, "program"), 0o755);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const image = () => ({
    name: "registry.example:5000/group/program:v1.2",
    files: { "/usr/local/bin/program": join(dir, "program") },
    entrypoint: ["/usr/local/bin/program"],
    architecture: "amd64",
  });

  /** Unpack an archive into a folder of its own. */
  function unpack(file: string): string {
    const target = mkdtempSync(join(dir, "unpacked-"));
    execFileSync("tar", ["-xf", file, "-C", target]);
    return target;
  }

  /** Content that a descriptor points to, checked against its digest and size. */
  function blob(layout: string, descriptor: Descriptor): Buffer {
    const content = readFileSync(join(layout, "blobs", ...descriptor.digest.split(":")));
    assert.equal(`sha256:${createHash("sha256").update(content).digest("hex")}`, descriptor.digest);
    assert.equal(content.length, descriptor.size);
    return content;
  }

  it("writes an OCI image layout in which every digest and size is right", async () => {
    await packImage(image(), join(dir, "image.tar"));
    const layout = unpack(join(dir, "image.tar"));
    const marker = JSON.parse(readFileSync(join(layout, "oci-layout"), "utf8"));
    assert.deepEqual(marker, { imageLayoutVersion: "1.0.0" });
    const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
    const [first] = index.manifests as Descriptor[];
    assert.ok(first !== undefined);
    assert.equal(first.annotations?.["io.containerd.image.name"], image().name);
    assert.equal(first.annotations?.["org.opencontainers.image.ref.name"], "v1.2");
    const manifest = JSON.parse(blob(layout, first).toString());
    const config = JSON.parse(blob(layout, manifest.config).toString());
    assert.deepEqual(config.config.Entrypoint, image().entrypoint);
    assert.equal(config.architecture, "amd64");
    assert.equal(manifest.layers.length, 1);
    blob(layout, manifest.layers[0]);
    assert.deepEqual(config.rootfs.diff_ids, [manifest.layers[0].digest]);
  });

  it("runs as the user that was named, by number: else the kubelet cannot know it is not root", async () => {
    const userOf = async (user: { user?: number }) => {
      await packImage({ ...image(), ...user }, join(dir, "image.tar"));
      const layout = unpack(join(dir, "image.tar"));
      const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
      const manifest = JSON.parse(blob(layout, index.manifests[0]).toString());
      return JSON.parse(blob(layout, manifest.config).toString()).config.User;
    };
    assert.equal(await userOf({ user: 65532 }), "65532:65532");
    assert.equal(await userOf({}), undefined);
  });

  it("keeps modes, and gives every file to root", async () => {
    await packImage(image(), join(dir, "image.tar"));
    const layout = unpack(join(dir, "image.tar"));
    const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
    const manifest = JSON.parse(blob(layout, index.manifests[0]).toString());
    const layer = join(layout, "blobs", ...manifest.layers[0].digest.split(":"));
    const listing = execFileSync("tar", ["--numeric-owner", "-tvf", layer]).toString();
    assert.match(listing, /^-rwxr-xr-x 0\/0 +6 .* \.\/usr\/local\/bin\/program$/m);
  });

  it("gives the same bytes for the same files, whatever their dates", async () => {
    await packImage(image(), join(dir, "one.tar"));
    utimesSync(join(dir, "program"), 1, 1);
    await packImage(image(), join(dir, "two.tar"));
    assert.ok(readFileSync(join(dir, "one.tar")).equals(readFileSync(join(dir, "two.tar"))));
  });

  it("leaves no half archive when a file is missing", async () => {
    const broken = { ...image(), files: { "/x": join(dir, "absent") } };
    await assert.rejects(packImage(broken, join(dir, "image.tar")), /absent/);
    assert.throws(() => readFileSync(join(dir, "image.tar")));
  });
});
