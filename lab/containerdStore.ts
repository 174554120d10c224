import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, waitUntil } from "./process.ts";
import type { Toolchain } from "./toolchain.ts";

const namespace = "k8s.io"; // where kubelet's containers and images live

/**
 * Import image archives into a containerd folder, unpacked, with a containerd of its own: a machine
 * that starts with this folder as /var/lib/containerd has the images at once.
 * `pinned` images are never collected.
 */
export async function buildContainerdStore(
  toolchain: Toolchain,
  archives: readonly string[],
  pinned: readonly string[],
  dir: string,
): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), "quorum-containerd-"));
  const socket = join(state, "containerd.sock");
  mkdirSync(dir, { recursive: true });
  const config = join(state, "config.toml");
  writeFileSync(config, 'version = 3\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n');
  const places = ["--root", dir, "--state", join(state, "run"), "--address", socket];
  const daemon = spawn(
    toolchain.get("containerd") ?? "containerd",
    ["--config", config, ...places],
    {
      stdio: "ignore",
    },
  );
  const ended = once(daemon, "exit");
  const ctr = (...args: string[]) =>
    run(toolchain.get("ctr") ?? "ctr", ["--address", socket, "--namespace", namespace, ...args]);
  try {
    await waitUntil("containerd answers", 30, () => existsSync(socket));
    for (const archive of archives) await ctr("images", "import", archive);
    for (const name of pinned) {
      await ctr("images", "label", name, "io.cri-containerd.pinned=pinned");
    }
  } finally {
    daemon.kill("SIGTERM");
    await ended;
    rmSync(state, { recursive: true, force: true });
  }
}
