import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { Inputs } from "../../../engine/embedded/value.ts";
import { freePort } from "../../support/freePort.ts";

const sshd = "/usr/sbin/sshd";
const startSeconds = 15;

/** A real sshd on a loopback port, with keys and files of its own. */
export interface SshServer {
  port: number;
  folder: string;
  privateKey: string;
  hostKey: string;
  /** Connection inputs as a program would give them. */
  connection: Inputs;
  stop(): Promise<void>;
}

/** Why no server can be started here, or undefined. */
export function sshServerMissing(): string | undefined {
  try {
    execFileSync(sshd, ["-t", "-f", "/dev/null", "-h", "/dev/null"], { stdio: "pipe" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return `${sshd} is missing: apt-get install openssh-server`;
    }
  }
  return undefined;
}

export async function startSshServer(extraConfig: readonly string[] = []): Promise<SshServer> {
  const folder = mkdtempSync(join(tmpdir(), "quorum-sshd-"));
  // sshd run by root insists on this folder, which its service otherwise makes.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const keygen = (name: string) =>
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, name)]);
  keygen("host");
  keygen("user");
  const port = await freePort();
  const config = [
    "ListenAddress 127.0.0.1",
    `Port ${port}`,
    `HostKey ${join(folder, "host")}`,
    `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "Subsystem sftp internal-sftp",
    ...extraConfig,
  ];
  writeFileSync(join(folder, "sshd_config"), `${config.join("\n")}\n`);
  writeFileSync(join(folder, "authorized_keys"), readFileSync(join(folder, "user.pub")));
  const server = spawn(sshd, ["-D", "-e", "-f", join(folder, "sshd_config")], {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let log = "";
  server.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  await waitForPort(port, () => log);
  const killGroup = () => {
    try {
      if (server.pid !== undefined) process.kill(-server.pid, "SIGKILL");
    } catch {
      // Gone already.
    }
  };
  return {
    port,
    folder,
    privateKey: readFileSync(join(folder, "user"), "utf8"),
    hostKey: readFileSync(join(folder, "host.pub"), "utf8"),
    connection: {
      host: "127.0.0.1",
      port,
      user: userInfo().username,
      privateKey: readFileSync(join(folder, "user"), "utf8"),
      dialErrorLimit: 3,
      perDialTimeout: 10,
    },
    stop: async () => {
      killGroup();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A TCP relay in front of a port, which can be cut as a failing network would. */
export interface Relay {
  port: number;
  /** Connections that were ever opened through it. */
  opened(): number;
  cut(): void;
  stop(): void;
}

export async function startRelay(targetPort: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let opened = 0;
  const relay = createServer((near) => {
    opened++;
    const far = connect({ host: "127.0.0.1", port: targetPort });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {}).on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    port: (relay.address() as AddressInfo).port,
    opened: () => opened,
    cut,
    stop: () => {
      cut();
      relay.close();
    },
  };
}

async function waitForPort(port: number, log: () => string): Promise<void> {
  const deadline = Date.now() + startSeconds * 1000;
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port });
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    if (Date.now() > deadline) throw new Error(`sshd does not listen on ${port}:\n${log()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
