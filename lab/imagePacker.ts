import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "./process.ts";

/** A container image of one layer. */
export interface PackedImage {
  /** Full name with tag, e.g. "registry.k8s.io/pause:3.10.2". */
  name: string;
  /** Source file by absolute path inside the image; modes are kept. */
  files: Record<string, string>;
  entrypoint: string[];
  architecture: string;
  /** Number of the user it runs as. Default: root. */
  user?: number;
}

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Write an image as an OCI image layout in a tar file, which `ctr images import` and every other
 * tool of the field read. The same files give the same bytes: no clock, no owner, no order of the disk.
 */
export async function packImage(image: PackedImage, tarFile: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "quorum-image-"));
  try {
    const layout = join(work, "layout");
    mkdirSync(join(layout, "blobs", "sha256"), { recursive: true });
    const layer = await packLayer(image, work);
    const layerBlob = adopt(layout, layer);
    const config = putJson(layout, imageConfig(image, layerBlob.digest));
    const manifest = putJson(layout, {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...layerBlob }],
    });
    writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    writeFileSync(join(layout, "index.json"), JSON.stringify(index(image, manifest)));
    await tar(layout, tarFile);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Blob {
  digest: string;
  size: number;
}

function imageConfig(image: PackedImage, layerDigest: string): object {
  return {
    architecture: image.architecture,
    os: "linux",
    config: {
      Env: [searchPath],
      Entrypoint: image.entrypoint,
      WorkingDir: "/",
      ...(image.user === undefined ? {} : { User: `${image.user}:${image.user}` }),
    },
    // The layer is not compressed, so its digest is also that of its contents.
    rootfs: { type: "layers", diff_ids: [layerDigest] },
  };
}

function index(image: PackedImage, manifest: Blob): object {
  return {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        ...manifest,
        platform: { architecture: image.architecture, os: "linux" },
        annotations: {
          "io.containerd.image.name": image.name,
          "org.opencontainers.image.ref.name": image.name.slice(image.name.lastIndexOf(":") + 1),
        },
      },
    ],
  };
}

async function packLayer(image: PackedImage, work: string): Promise<string> {
  const root = join(work, "root");
  for (const dir of ["tmp", "etc", "var"]) mkdirSync(join(root, dir), { recursive: true });
  for (const [path, source] of Object.entries(image.files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(source, join(root, path), { dereference: true });
  }
  const layer = join(work, "layer.tar");
  await tar(root, layer);
  return layer;
}

function tar(dir: string, file: string): Promise<unknown> {
  const reproducible = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  return run("tar", [...reproducible, "--mode=u+rw,go-w,a+rX", "-C", dir, "-cf", file, "."]);
}

function adopt(layout: string, file: string): Blob {
  const content = readFileSync(file);
  const blob = describe(content);
  renameSync(file, join(layout, "blobs", "sha256", blob.digest.slice("sha256:".length)));
  return blob;
}

function putJson(layout: string, value: object): Blob {
  const content = Buffer.from(JSON.stringify(value));
  const blob = describe(content);
  writeFileSync(join(layout, "blobs", "sha256", blob.digest.slice("sha256:".length)), content);
  return blob;
}

function describe(content: Buffer): Blob {
  const digest = createHash("sha256").update(content).digest("hex");
  return { digest: `sha256:${digest}`, size: content.length };
}
