import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { AnyAuthMethod, Client, ConnectConfig } from "ssh2";
import type { Inputs } from "../../value.ts";
import type { InputSpecs } from "../inputSpec.ts";
import { readablePrivateKey, sshFingerprint, sshKeyType } from "./openSsh.ts";

const keepaliveSeconds = 10;
const keepaliveLimit = 3;
const firstRetryMilliseconds = 100;
const longestRetryMilliseconds = 5000;

/** How to reach a host; names, meaning and defaults are those of `command:remote` connections. */
export interface Endpoint {
  host: string;
  port: number;
  user: string;
  password?: string;
  privateKey?: string;
  privateKeyPassword?: string;
  agentSocketPath?: string;
  /** Failed dials that are forgiven; -1 for any number. */
  dialErrorLimit: number;
  /** Seconds for one dial; 0 for no limit. */
  perDialTimeout: number;
  /** Expected host key, as a line of known_hosts without the host. Absent: any key is taken. */
  hostKey?: string;
}

/** An endpoint, and the bastion in front of it where there is one. */
export interface Connection extends Endpoint {
  proxy?: Endpoint;
}

const endpointSpecs: InputSpecs = {
  agentSocketPath: { kind: "string" },
  dialErrorLimit: { kind: "integer", min: -1, default: 10 },
  host: { kind: "string", required: true },
  hostKey: { kind: "string" },
  password: { kind: "string", secret: true },
  perDialTimeout: { kind: "integer", min: 0, default: 15 },
  port: { kind: "integer", min: 1, default: 22 },
  privateKey: { kind: "string", secret: true },
  privateKeyPassword: { kind: "string", secret: true },
  user: { kind: "string", default: "root" },
};

export const connectionSpecs: InputSpecs = {
  ...endpointSpecs,
  proxy: { kind: "object", fields: endpointSpecs, secret: true },
};

/** A connection out of checked inputs. */
export function connectionOf(inputs: Inputs): Connection {
  return inputs as unknown as Connection;
}

/** What dialling needs from the operation behind it. */
export interface DialContext {
  signal: AbortSignal;
  log(line: string): void;
}

/**
 * Opens an SSH connection, through the bastion if there is one, and tries again while dials fail.
 * @throws When the limit of failed dials is reached, on cancel, and at once for a wrong host key or
 * an unreadable private key.
 */
export async function dial(connection: Connection, context: DialContext): Promise<Client> {
  const { proxy } = connection;
  if (proxy === undefined) {
    return dialWithRetries(connection, context, "", () => openSocket(connection, context.signal));
  }
  const bastion = await dialWithRetries(proxy, context, "bastion ", () =>
    openSocket(proxy, context.signal),
  );
  try {
    const client = await dialWithRetries(connection, context, "", () =>
      forward(bastion, connection),
    );
    client.once("close", () => bastion.end());
    bastion.once("close", () => client.destroy());
    return client;
  } catch (error) {
    bastion.end();
    throw error;
  }
}

async function dialWithRetries(
  endpoint: Endpoint,
  context: DialContext,
  what: string,
  openTransport: () => Promise<Duplex>,
): Promise<Client> {
  const hostKey = expectedHostKey(endpoint);
  const config = { ...connectConfig(endpoint), ...hostKeyAlgorithms(hostKey) };
  const target = `${what}${endpoint.host}:${endpoint.port}`;
  let pauseMilliseconds = firstRetryMilliseconds;
  for (let failures = 1; ; failures++) {
    context.signal.throwIfAborted();
    try {
      return await handshake(config, hostKey, await openTransport(), context.signal);
    } catch (error) {
      context.signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof HostKeyError) throw error;
      if (endpoint.dialErrorLimit >= 0 && failures > endpoint.dialErrorLimit) {
        throw new Error(`cannot connect to ${target} after ${failures} attempts: ${reason}`, {
          cause: error,
        });
      }
      const limit = endpoint.dialErrorLimit < 0 ? "any number" : endpoint.dialErrorLimit;
      context.log(`dial ${target}: ${reason}; retry ${failures} of ${limit}`);
    }
    await delay(pauseMilliseconds, undefined, { signal: context.signal });
    pauseMilliseconds = Math.min(pauseMilliseconds * 1.5, longestRetryMilliseconds);
  }
}

/** The host showed another key than the connection asks for. */
class HostKeyError extends Error {}

function connectConfig(endpoint: Endpoint): ConnectConfig {
  const methods: AnyAuthMethod[] = [];
  const username = endpoint.user;
  if (endpoint.privateKey !== undefined) {
    const { key, passphrase } = readablePrivateKey(
      endpoint.privateKey,
      endpoint.privateKeyPassword,
    );
    const method = { type: "publickey" as const, username, key };
    methods.push(passphrase === undefined ? method : { ...method, passphrase });
  }
  const { password } = endpoint;
  if (password !== undefined) {
    methods.push({ type: "password", username, password });
    methods.push({
      type: "keyboard-interactive",
      username,
      prompt: (_name, _instructions, _language, prompts, finish) =>
        finish(prompts.map(() => password)),
    });
  }
  const agent = endpoint.agentSocketPath ?? process.env.SSH_AUTH_SOCK;
  if (agent !== undefined && agent !== "") methods.push({ type: "agent", username, agent });
  if (methods.length === 0) methods.push({ type: "none", username });
  return {
    host: endpoint.host,
    username,
    authHandler: methods,
    readyTimeout: endpoint.perDialTimeout * 1000,
    keepaliveInterval: keepaliveSeconds * 1000,
    keepaliveCountMax: keepaliveLimit,
  };
}

/** Limits the handshake to keys of the expected key's type, so that the host shows that one. */
function hostKeyAlgorithms(expected: Buffer | undefined): ConnectConfig {
  if (expected === undefined) return {};
  const type = sshKeyType(expected);
  const names = type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type];
  // The list is typed by the names the library knows; a key of another type fails its handshake.
  return { algorithms: { serverHostKey: names as never[] } };
}

function expectedHostKey(endpoint: Endpoint): Buffer | undefined {
  if (endpoint.hostKey === undefined) return undefined;
  const expected = Buffer.from(endpoint.hostKey.trim().split(/\s+/)[1] ?? "", "base64");
  if (expected.length > 4) return expected;
  throw new Error(`hostKey of ${endpoint.host} is not a public key such as "ssh-ed25519 AAAA…"`);
}

async function handshake(
  config: ConnectConfig,
  hostKey: Buffer | undefined,
  transport: Duplex,
  signal: AbortSignal,
): Promise<Client> {
  const { default: ssh2 } = await import("ssh2");
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      signal.removeEventListener("abort", abort);
      client.destroy();
      transport.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const abort = () => fail(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    client.once("ready", () => {
      signal.removeEventListener("abort", abort);
      client.off("error", fail);
      // From here on whoever uses the connection learns of its end by "close".
      client.on("error", () => {});
      resolve(client);
    });
    client.once("error", fail);
    client.once("close", () => fail(new Error("the connection was closed during the handshake")));
    const hostVerifier = (shown: Buffer) => {
      if (hostKey === undefined || shown.equals(hostKey)) return true;
      const [is, expected] = [sshFingerprint(shown), sshFingerprint(hostKey)];
      fail(new HostKeyError(`${config.host} shows the host key ${is}, expected is ${expected}`));
      return false;
    };
    try {
      client.connect({ ...config, hostVerifier, sock: transport as Socket });
    } catch (error) {
      fail(error);
    }
  });
}

function openSocket(endpoint: Endpoint, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
    const fail = (error: unknown) => {
      socket.destroy();
      signal.removeEventListener("abort", abort);
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const abort = () => fail(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (endpoint.perDialTimeout > 0) {
      socket.setTimeout(endpoint.perDialTimeout * 1000, () =>
        fail(new Error(`no answer within ${endpoint.perDialTimeout} s`)),
      );
    }
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.off("error", fail);
      signal.removeEventListener("abort", abort);
      resolve(socket);
    });
  });
}

function forward(bastion: Client, endpoint: Endpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    bastion.forwardOut("127.0.0.1", 0, endpoint.host, endpoint.port, (error, channel) => {
      if (error) reject(error);
      else resolve(channel);
    });
  });
}
